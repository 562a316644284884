/* upload.c - see upload.h. */
#include "policy/attachment/upload.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "policy/attachment/blob.h"
#include "policy/base/random.h"
#include "policy/session/session.h"

#define MEGABYTE INT64_C(1048576)

/* The uploads that are under way. */
struct under_way {
	int64_t count, member_bytes, domain_bytes;
};

static int read_under_way(const struct pl_work *work, const struct pl_account *account,
			  struct under_way *under_way_r)
{
	struct pl_stmt *row = pl_query(work->store, PL_SQL_UPLOAD_UNDER_WAY,
				       PL_PARAMS(PL_INT("member_id", account->member.id),
						 PL_INT("since", work->now - PL_UPLOAD_SECONDS)));
	const int ret = pl_step(row, work->err);

	*under_way_r = (struct under_way){ .count = 0 };
	if (ret != 1)
		return ret;
	under_way_r->count = pl_col_int(row, "count");
	under_way_r->member_bytes = pl_col_int(row, "member_bytes");
	under_way_r->domain_bytes = pl_col_int(row, "domain_bytes");
	return pl_row_end(row, work->err) < 0 ? -1 : 0;
}

static int read_room(const struct pl_work *work, const struct pl_policy *policy,
		     const struct pl_account *account, struct pl_link_room *room_r,
		     struct under_way *under_way_r)
{
	if (pl_link_room(work, policy, account, room_r) < 0 ||
	    read_under_way(work, account, under_way_r) < 0)
		return -1;
	room_r->member_bytes += under_way_r->member_bytes;
	room_r->domain_bytes += under_way_r->domain_bytes;
	return 0;
}

int pl_upload_room(const struct pl_work *work, const struct pl_policy *policy,
		   const struct pl_account *account, struct pl_link_room *room_r)
{
	struct under_way under_way;

	return read_room(work, policy, account, room_r, &under_way);
}

int64_t pl_upload_largest(const struct pl_policy *policy)
{
	const int64_t most = policy->attachment_upload_max * MEGABYTE;
	const int64_t stored = pl_blobs_largest(policy);

	return most < stored ? most : stored;
}

static int may_begin(const struct pl_work *work, const struct pl_policy *policy,
		     const struct pl_account *account, int64_t size, enum pl_upload_begun *begun_r)
{
	struct pl_link_room room;
	struct under_way under_way;

	if (read_room(work, policy, account, &room, &under_way) < 0)
		return -1;
	if (size > pl_upload_largest(policy))
		*begun_r = PL_UPLOAD_TOO_LARGE;
	else if (under_way.count >= PL_UPLOADS_MOST)
		*begun_r = PL_UPLOAD_TOO_MANY;
	else if (size > pl_link_left(&room))
		*begun_r = PL_UPLOAD_QUOTA;
	else
		*begun_r = PL_UPLOAD_BEGUN;
	return 0;
}

int pl_upload_begin(const struct pl_work *work, const struct pl_policy *policy,
		    const struct pl_account *account, const struct pl_new_upload *upload,
		    enum pl_upload_begun *begun_r, int64_t *id_r, struct pl_secret *token_r)
{
	unsigned char digest[PL_MAC_BYTES];

	pl_secret_wipe(token_r);
	if (may_begin(work, policy, account, upload->size, begun_r) < 0)
		return -1;
	if (*begun_r != PL_UPLOAD_BEGUN)
		return 0;
	if (pl_random_token("pl_up_", token_r, work->err) < 0 ||
	    pl_token_digest(token_r, digest, work->err) < 0)
		return -1;
	return pl_insert(work->store, PL_SQL_UPLOAD_INSERT,
			 PL_PARAMS(PL_INT("member_id", account->member.id),
				   PL_INT("session_id", upload->session_id),
				   PL_BLOB("digest", digest, sizeof(digest)),
				   PL_TEXT("name", upload->name), PL_TEXT("type", upload->type),
				   PL_INT("size", upload->size), PL_INT("now", work->now)),
			 id_r, work->err);
}

static void read_upload(struct pl_stmt *row, struct pl_upload *upload_r)
{
	memset(upload_r, 0, sizeof(*upload_r));
	upload_r->id = pl_col_int(row, "id");
	upload_r->member_id = pl_col_int(row, "member_id");
	upload_r->session_id = pl_col_int(row, "session_id");
	pl_col_copy(row, "local", upload_r->owner.local, sizeof(upload_r->owner.local));
	pl_col_copy(row, "domain", upload_r->owner.domain, sizeof(upload_r->owner.domain));
	pl_col_copy(row, "name", upload_r->name, sizeof(upload_r->name));
	pl_col_copy(row, "type", upload_r->type, sizeof(upload_r->type));
	upload_r->size = pl_col_int(row, "size");
	upload_r->touched_at = pl_col_int(row, "touched_at");
	upload_r->link_id = pl_col_int(row, "link_id");
}

int pl_upload_find(const struct pl_work *work, int64_t id, const struct pl_secret *token,
		   struct pl_upload *upload_r)
{
	unsigned char digest[PL_MAC_BYTES];
	struct pl_stmt *row;
	int ret;

	if (pl_token_digest(token, digest, work->err) < 0)
		return -1;
	row = pl_query(work->store, PL_SQL_UPLOAD_FIND,
		       PL_PARAMS(PL_INT("id", id), PL_BLOB("digest", digest, sizeof(digest)),
				 PL_INT("since", work->now - PL_UPLOAD_SECONDS),
				 PL_INT("now", work->now),
				 PL_INT("idle_since", work->now - PL_SESSION_IDLE)));
	ret = pl_step(row, work->err);
	if (ret != 1)
		return ret;
	read_upload(row, upload_r);
	pl_hex(digest, sizeof(digest), upload_r->store_name);
	return pl_row_end(row, work->err);
}

int pl_upload_touch(const struct pl_work *work, const struct pl_upload *upload)
{
	return pl_exec(work->store, PL_SQL_UPLOAD_TOUCH,
		       PL_PARAMS(PL_INT("id", upload->id), PL_INT("now", work->now)), work->err);
}

/* 256 bits that nobody can tell who does not have the token. */
int pl_upload_link_token(const struct pl_secret *token, struct pl_secret *link_token_r,
			 struct pl_error *err)
{
	static const unsigned char purpose[] = "link of an upload";
	unsigned char mac[PL_MAC_BYTES];
	char text[PL_BASE64URL_TEXT(PL_MAC_BYTES)];
	unsigned int len = 0;
	int ret = 0;

	pl_secret_wipe(link_token_r);
	if (HMAC(EVP_sha256(), token->data, (int)token->len, purpose, sizeof(purpose) - 1, mac,
		 &len) == NULL ||
	    len != sizeof(mac) || pl_base64url(mac, sizeof(mac), text) == NULL ||
	    pl_secret_set(link_token_r, text, strlen(text)) < 0)
		ret = pl_error_set(err, PL_ERR_INTERNAL, "HMAC-SHA256 has failed");
	OPENSSL_cleanse(mac, sizeof(mac));
	OPENSSL_cleanse(text, sizeof(text));
	return ret;
}

int pl_upload_finish(const struct pl_work *work, const struct pl_policy *policy,
		     const struct pl_account *account, const struct pl_upload *upload,
		     const struct pl_new_file_link *file, const struct pl_secret *token,
		     struct pl_secret *link_token_r)
{
	struct pl_secret link_token = { 0 };
	const struct pl_new_link link = {
		.origin = PL_LINK_OF_UPLOAD, .files = file, .count = 1, .token = &link_token
	};
	struct pl_link added;
	int ret = pl_upload_link_token(token, &link_token, work->err);

	if (ret == 0)
		ret = pl_link_add(work, policy, account, &link, link_token_r);
	pl_secret_wipe(&link_token);
	if (ret == 1)
		ret = pl_link_find(work, link_token_r, &added);
	if (ret == 1 && pl_exec(work->store, PL_SQL_UPLOAD_FINISH,
				PL_PARAMS(PL_INT("id", upload->id), PL_INT("link_id", added.id),
					  PL_INT("now", work->now)),
				work->err) < 0)
		ret = -1;
	return ret;
}

int pl_upload_remove(const struct pl_work *work, const struct pl_upload *upload)
{
	return pl_exec(work->store, PL_SQL_UPLOAD_DELETE, PL_PARAMS(PL_INT("id", upload->id)),
		       work->err);
}
