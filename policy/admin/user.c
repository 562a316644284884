/* user.c - see user.h. */
#include "policy/admin/user.h"

#include <stdio.h>
#include <string.h>

#include "policy/account/audit.h"
#include "policy/account/settings_row.h"

static int read_user(struct pl_stmt *stmt, struct pl_user *user_r, struct pl_error *err)
{
	const struct pl_address nobody = { .local = "" };

	pl_account_unknown(&nobody, &user_r->account);
	user_r->external_id[0] = '\0';
	if (!pl_col_is_null(stmt, "external_id"))
		pl_col_copy(stmt, "external_id", user_r->external_id, sizeof(user_r->external_id));
	return pl_account_read(stmt, &user_r->account, err);
}

int pl_user_get(struct pl_store *store, int64_t scope, int64_t member_id, struct pl_user *user_r,
		struct pl_error *err)
{
	struct pl_stmt *stmt =
		pl_query(store, PL_SQL_USER_GET,
			 PL_PARAMS(PL_INT("member_id", member_id), PL_INT("scope", scope)));
	int ret = pl_step(stmt, err);

	if (ret != 1)
		return ret;
	ret = read_user(stmt, user_r, err);
	pl_reset(stmt);
	return ret < 0 ? -1 : 1;
}

/* What a statement has as :active. */
static int active_of(const struct pl_user_filter *filter)
{
	return filter->has_active ? filter->active : -1;
}

int64_t pl_user_count(struct pl_store *store, int64_t scope, const struct pl_user_filter *filter,
		      struct pl_error *err)
{
	struct pl_stmt *stmt;
	int64_t total = 0;
	int ret;

	if (filter->external_id != NULL)
		stmt = pl_query(store, PL_SQL_USER_COUNT_EXTERNAL,
				PL_PARAMS(PL_TEXT("external_id", filter->external_id),
					  PL_INT("scope", scope)));
	else
		stmt = pl_query(store, PL_SQL_USER_COUNT,
				PL_PARAMS(PL_INT("active", active_of(filter)),
					  PL_INT("scope", scope)));
	ret = pl_step(stmt, err);
	if (ret == 1)
		total = pl_col_int(stmt, "total");
	return ret < 0 || pl_row_end(stmt, err) < 0 ? -1 : total;
}

int pl_user_list(struct pl_store *store, int64_t scope, const struct pl_user_filter *filter,
		 int64_t skip, int limit, int (*each)(const struct pl_user *user, void *context),
		 void *context, struct pl_error *err)
{
	struct pl_stmt *stmt;
	struct pl_user user;
	int ret;

	if (filter->external_id != NULL)
		stmt = pl_query(store, PL_SQL_USER_PAGE_EXTERNAL,
				PL_PARAMS(PL_TEXT("external_id", filter->external_id),
					  PL_INT("scope", scope), PL_INT("skip", skip),
					  PL_INT("limit", limit)));
	else
		stmt = pl_query(store, PL_SQL_USER_PAGE,
				PL_PARAMS(PL_INT("active", active_of(filter)),
					  PL_INT("scope", scope), PL_INT("skip", skip),
					  PL_INT("limit", limit)));
	while ((ret = pl_step(stmt, err)) == 1) {
		ret = read_user(stmt, &user, err);
		if (ret < 0 || each(&user, context) != 0) {
			pl_reset(stmt);
			return ret;
		}
	}
	return ret;
}

/* As a word of a record, in which no other can be hidden. "" stays "". */
static void record_id(const char *external_id, char text_r[PL_AUDIT_TEXT])
{
	char word[3 * PL_EXTERNAL_ID + 1];
	size_t used = 0;

	text_r[0] = '\0';
	for (const char *c = external_id; *c != '\0' && used + 3 < sizeof(word); c++)
		used += (size_t)snprintf(word + used, sizeof(word) - used,
					 *c == ' ' || *c == '%' ? "%%%02x" : "%c",
					 (unsigned char)*c);
	if (used > 0)
		pl_record_word(text_r, PL_AUDIT_TEXT, "external_id", word);
}

int pl_user_set_external_id(const struct pl_work *work, struct pl_user *user,
			    const char *external_id)
{
	const struct pl_member *member = &user->account.member;
	char address[PL_ADDRESS_MAX + 1], was[PL_AUDIT_TEXT], is[PL_AUDIT_TEXT];

	if (strcmp(user->external_id, external_id) == 0)
		return 0;
	record_id(user->external_id, was);
	record_id(external_id, is);
	if (pl_exec(work->store, PL_SQL_USER_SET_EXTERNAL,
		    PL_PARAMS(PL_TEXT("external_id", external_id), PL_INT("member_id", member->id)),
		    work->err) < 0 ||
	    pl_audit_add(work, "member.set", pl_address_format(&member->address, address), was,
			 is) < 0)
		return -1;
	snprintf(user->external_id, sizeof(user->external_id), "%s", external_id);
	return 1;
}
