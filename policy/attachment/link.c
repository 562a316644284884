/* link.c - see link.h. */
#include "policy/attachment/link.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <unistr.h>

#include "policy/account/audit.h"
#include "policy/attachment/quota.h"
#include "policy/base/day.h"
#include "policy/base/random.h"
#include "policy/base/utf8.h"

static const char *origin_name(enum pl_link_origin origin)
{
	return origin == PL_LINK_OF_UPLOAD ? "upload" : "mail";
}

/* -- how much may be stored -- */

static int64_t quota_of(struct pl_stmt *row, const char *column, long policy_megabytes)
{
	return pl_quota_holds(pl_col_is_null(row, column) ? PL_QUOTA_INHERITED
							  : pl_col_int(row, column),
			      policy_megabytes);
}

int pl_link_room(const struct pl_work *work, const struct pl_policy *policy,
		 const struct pl_account *account, struct pl_link_room *room_r)
{
	struct pl_stmt *row = pl_query(work->store, PL_SQL_LINK_STORED,
				       PL_PARAMS(PL_INT("member_id", account->member.id)));
	const int ret = pl_step(row, work->err);

	if (ret < 0)
		return -1;
	if (ret == 0)
		return pl_error_set(work->err, PL_ERR_CONFLICT, "no such member: %s@%s",
				    account->member.address.local, account->member.address.domain);
	room_r->member_bytes = pl_col_int(row, "member_bytes");
	room_r->domain_bytes = pl_col_int(row, "domain_bytes");
	room_r->member_quota = quota_of(row, "member_quota", policy->attachment_member_quota);
	room_r->domain_quota = quota_of(row, "domain_quota", policy->attachment_domain_quota);
	return pl_row_end(row, work->err) < 0 ? -1 : 0;
}

static int64_t left_of(int64_t quota, int64_t bytes)
{
	if (quota < 0)
		return INT64_MAX;
	return bytes < quota ? quota - bytes : 0;
}

int64_t pl_link_left(const struct pl_link_room *room)
{
	const int64_t member = left_of(room->member_quota, room->member_bytes);
	const int64_t domain = left_of(room->domain_quota, room->domain_bytes);

	return member < domain ? member : domain;
}

/* 1 there is room for so many bytes, 0 there is not, -1. */
static int has_room(const struct pl_work *work, const struct pl_policy *policy,
		    const struct pl_account *account, int64_t bytes)
{
	struct pl_link_room room;

	if (pl_link_room(work, policy, account, &room) < 0)
		return -1;
	if (bytes <= pl_link_left(&room))
		return 1;
	pl_error_set(work->err, PL_ERR_CONFLICT,
		     "%lld bytes more would exceed the quota of %s%s%s for large attachments",
		     (long long)bytes,
		     left_of(room.member_quota, room.member_bytes) < bytes
			     ? account->member.address.local
			     : "the domain",
		     left_of(room.member_quota, room.member_bytes) < bytes ? "@" : " ",
		     account->member.address.domain);
	return 0;
}

int pl_link_is_on(const struct pl_account *account, const struct pl_policy *policy, int64_t now)
{
	struct pl_layers layers;

	pl_account_layers(account, policy, now, &layers);
	return !pl_account_is_outside(account, policy) &&
	       pl_resolve(&layers, PL_SETTING_LARGE_ATTACHMENTS).value == PL_ON;
}

/* -- adding -- */

/* No path, and nothing that a header field or a page shows otherwise than it is. */
static void clean_name(const char *name, char name_r[PL_LINK_FILE_NAME_MAX + 1])
{
	const uint8_t *at, *next;
	char kept[PL_LINK_FILE_NAME_MAX + 1];
	size_t used = 0;
	ucs4_t character;

	pl_utf8_copy(pl_is_utf8(name) ? name : "", kept, sizeof(kept));
	for (at = (const uint8_t *)kept; (next = u8_next(&character, at)) != NULL; at = next) {
		if (!pl_is_of_name(character) ||
		    (character < 0x80 && strchr("/\\:*?\"<>|", (int)character) != NULL)) {
			name_r[used++] = '_';
			continue;
		}
		memcpy(name_r + used, at, (size_t)(next - at));
		used += (size_t)(next - at);
	}
	name_r[used] = '\0';
	if (strspn(name_r, ". ") == used)
		snprintf(name_r, PL_LINK_FILE_NAME_MAX + 1, "attachment");
}

static int is_type(const char *type)
{
	static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789!#$&-^_.+";
	const size_t first = strspn(type, token);

	return first > 0 && type[first] == '/' && strlen(type) <= PL_LINK_TYPE_MAX &&
	       type[first + 1] != '\0' &&
	       strspn(type + first + 1, token) == strlen(type + first + 1);
}

static int add_file(const struct pl_work *work, int64_t link_id,
		    const struct pl_new_file_link *file)
{
	char name[PL_LINK_FILE_NAME_MAX + 1];
	int64_t id;

	clean_name(file->name == NULL ? "" : file->name, name);
	return pl_insert(work->store, PL_SQL_LINK_FILE_INSERT,
			 PL_PARAMS(PL_INT("link_id", link_id), PL_TEXT("blob", file->blob),
				   PL_TEXT("name", name),
				   PL_TEXT("type", file->type != NULL && is_type(file->type)
							   ? file->type
							   : "application/octet-stream"),
				   PL_INT("size", file->size),
				   PL_INT("scanned", file->is_scanned != 0)),
			 &id, work->err);
}

static int add(const struct pl_work *work, const struct pl_policy *policy, int64_t member_id,
	       const struct pl_new_link *link, const struct pl_secret *token)
{
	unsigned char digest[PL_MAC_BYTES];
	char subject[PL_LINK_SUBJECT_MAX + 1];
	int64_t id;

	pl_utf8_copy(link->subject != NULL && pl_is_utf8(link->subject) ? link->subject : "",
		     subject, sizeof(subject));
	if (pl_token_digest(token, digest, work->err) < 0 ||
	    pl_insert(work->store, PL_SQL_LINK_INSERT,
		      PL_PARAMS(PL_INT("member_id", member_id),
				PL_BLOB("digest", digest, sizeof(digest)),
				PL_TEXT("origin", origin_name(link->origin)),
				PL_TEXT("subject", subject), PL_INT("now", work->now),
				PL_INT("expires_at",
				       work->now + policy->attachment_days * PL_DAY_SECONDS),
				PL_INT("downloads_most", policy->attachment_downloads)),
		      &id, work->err) < 0)
		return -1;
	for (size_t i = 0; i < link->count; i++) {
		if (add_file(work, id, &link->files[i]) < 0)
			return -1;
	}
	return 1;
}

int pl_link_add(const struct pl_work *work, const struct pl_policy *policy,
		const struct pl_account *account, const struct pl_new_link *link,
		struct pl_secret *token_r)
{
	int64_t bytes = 0;
	int ret;

	pl_secret_wipe(token_r);
	if (link->count == 0 || link->count > PL_LINK_FILES_MOST)
		return pl_error_set(work->err, PL_ERR_INVALID, "a link has 1 to %d files",
				    PL_LINK_FILES_MOST);
	for (size_t i = 0; i < link->count; i++)
		bytes += link->files[i].size;
	ret = has_room(work, policy, account, bytes);
	if (ret != 1)
		return ret;
	if (link->token != NULL)
		*token_r = *link->token;
	else if (pl_random_token("", token_r, work->err) < 0)
		return -1;
	ret = add(work, policy, account->member.id, link, token_r);
	if (ret != 1)
		pl_secret_wipe(token_r);
	return ret;
}

char *pl_link_url(const struct pl_policy *policy, const struct pl_secret *token,
		  char url_r[PL_LINK_URL])
{
	url_r[0] = '\0';
	if (policy->attachment_url[0] != '\0')
		snprintf(url_r, PL_LINK_URL, "%s/l/%.64s", policy->attachment_url,
			 (const char *)token->data);
	return url_r;
}

/* -- reading -- */

static void read_link(struct pl_stmt *row, struct pl_link *link_r)
{
	const char *origin = pl_col_text(row, "origin");

	memset(link_r, 0, sizeof(*link_r));
	link_r->origin = origin != NULL && strcmp(origin, "upload") == 0 ? PL_LINK_OF_UPLOAD
									 : PL_LINK_OF_MAIL;
	link_r->id = pl_col_int(row, "id");
	link_r->member_id = pl_col_int(row, "member_id");
	pl_col_copy(row, "local", link_r->owner.local, sizeof(link_r->owner.local));
	pl_col_copy(row, "domain", link_r->owner.domain, sizeof(link_r->owner.domain));
	pl_col_copy(row, "subject", link_r->subject, sizeof(link_r->subject));
	link_r->made_at = pl_col_int(row, "made_at");
	link_r->expires_at = pl_col_int(row, "expires_at");
	link_r->withdrawn_at = pl_col_int(row, "withdrawn_at");
	link_r->downloads_most = pl_col_int(row, "downloads_most");
	link_r->is_extended = pl_col_int(row, "extended") != 0;
	link_r->has_password = pl_col_int(row, "has_password") != 0;
}

static int get_link(struct pl_stmt *row, struct pl_link *link_r, struct pl_error *err)
{
	const int ret = pl_step(row, err);

	if (ret != 1)
		return ret;
	read_link(row, link_r);
	return pl_row_end(row, err);
}

static int read_links(const struct pl_work *work, struct pl_stmt *rows,
		      int (*each)(const struct pl_link *link, void *context), void *context)
{
	struct pl_link link;
	int ret;

	while ((ret = pl_step(rows, work->err)) == 1) {
		read_link(rows, &link);
		ret = pl_row_ok(rows, work->err);
		if (ret < 0 || each(&link, context) != 0) {
			pl_reset(rows);
			return ret < 0 ? -1 : 0;
		}
	}
	return ret;
}

int pl_link_list(const struct pl_work *work, const char *domain,
		 int (*each)(const struct pl_link *link, void *context), void *context)
{
	return read_links(work,
			  domain == NULL ? pl_query(work->store, PL_SQL_LINK_LIST, NULL)
					 : pl_query(work->store, PL_SQL_LINK_LIST_DOMAIN,
						    PL_PARAMS(PL_TEXT("domain", domain))),
			  each, context);
}

int pl_link_list_member(const struct pl_work *work, int64_t member_id, int64_t before, int64_t most,
			int (*each)(const struct pl_link *link, void *context), void *context)
{
	return read_links(work,
			  pl_query(work->store, PL_SQL_LINK_LIST_MEMBER,
				   PL_PARAMS(PL_INT("member_id", member_id),
					     PL_INT("before", before == 0 ? INT64_MAX : before),
					     PL_INT("portion", most))),
			  each, context);
}

int pl_link_find(const struct pl_work *work, const struct pl_secret *token, struct pl_link *link_r)
{
	unsigned char digest[PL_MAC_BYTES];

	if (pl_token_digest(token, digest, work->err) < 0)
		return -1;
	return get_link(pl_query(work->store, PL_SQL_LINK_BY_DIGEST,
				 PL_PARAMS(PL_BLOB("digest", digest, sizeof(digest)))),
			link_r, work->err);
}

int pl_link_get(const struct pl_work *work, int64_t id, struct pl_link *link_r)
{
	return get_link(pl_query(work->store, PL_SQL_LINK_GET, PL_PARAMS(PL_INT("id", id))), link_r,
			work->err);
}

int pl_link_files(const struct pl_work *work, int64_t link_id,
		  int (*each)(const struct pl_link_file *file, void *context), void *context)
{
	struct pl_stmt *rows =
		pl_query(work->store, PL_SQL_LINK_FILES, PL_PARAMS(PL_INT("link_id", link_id)));
	struct pl_link_file file;
	int ret;

	while ((ret = pl_step(rows, work->err)) == 1) {
		memset(&file, 0, sizeof(file));
		file.id = pl_col_int(rows, "id");
		pl_col_copy(rows, "blob", file.blob, sizeof(file.blob));
		pl_col_copy(rows, "name", file.name, sizeof(file.name));
		pl_col_copy(rows, "type", file.type, sizeof(file.type));
		file.size = pl_col_int(rows, "size");
		file.downloads = pl_col_int(rows, "downloads");
		file.is_scanned = pl_col_int(rows, "scanned") != 0;
		if (pl_row_ok(rows, work->err) < 0) {
			pl_reset(rows);
			return -1;
		}
		if (each(&file, context) != 0) {
			pl_reset(rows);
			return 0;
		}
	}
	return ret;
}

int pl_link_uses_blob(void *context, const char *name, struct pl_error *err)
{
	struct pl_stmt *row =
		pl_query(context, PL_SQL_LINK_BLOB_USED, PL_PARAMS(PL_TEXT("blob", name)));
	const int ret = pl_step(row, err);

	if (ret == 1)
		pl_reset(row);
	return ret;
}

/* -- ending -- */

/* What has become of a link, for the audit records of its owner. 1, or -1. */
static int record(const struct pl_work *work, const char *action, const struct pl_link *link)
{
	char object[PL_ADDRESS_MAX + 1], before[PL_AUDIT_TEXT];

	snprintf(before, sizeof(before), "id=%lld", (long long)link->id);
	return pl_audit_add(work, action, pl_address_format(&link->owner, object), before, "") < 0
		       ? -1
		       : 1;
}

int pl_link_extend(const struct pl_work *work, const struct pl_policy *policy,
		   const struct pl_link *link)
{
	const int64_t changed =
		pl_exec_count(work->store, PL_SQL_LINK_EXTEND,
			      PL_PARAMS(PL_INT("id", link->id), PL_INT("now", work->now),
					PL_INT("seconds",
					       policy->attachment_days * PL_DAY_SECONDS)),
			      work->err);

	return changed <= 0 ? (int)changed : record(work, "link.extend", link);
}

int pl_link_withdraw(const struct pl_work *work, const struct pl_link *link)
{
	const int64_t changed =
		pl_exec_count(work->store, PL_SQL_LINK_WITHDRAW,
			      PL_PARAMS(PL_INT("id", link->id), PL_INT("now", work->now)),
			      work->err);

	if (changed <= 0)
		return (int)changed;
	if (pl_exec(work->store, PL_SQL_LINK_FILES_FORGET, PL_PARAMS(PL_INT("id", link->id)),
		    work->err) < 0)
		return -1;
	return record(work, "link.withdraw", link);
}

int pl_link_sweep(const struct pl_work *work, const struct pl_policy *policy, int64_t *removed_r)
{
	struct pl_blobs *blobs;
	int ret;

	*removed_r = 0;
	if (policy->attachment_url[0] == '\0' && access(policy->attachment_folder, F_OK) < 0)
		return 0;
	if (pl_blobs_open(policy, NULL, &blobs, work->err) < 0)
		return -1;
	ret = pl_blobs_sweep(blobs, time(NULL), pl_link_uses_blob, work->store, removed_r,
			     work->err);
	pl_blobs_close(&blobs);
	return ret;
}
