/* profile_link.c - see profile_link.h. */
#include "policy/credential/profile_link.h"

#include <stdio.h>
#include <string.h>

#include "policy/base/random.h"

#define PREFIX "pl_pf_"
#define WHAT "profile"

/* Whether this is that app password of the member: 1, 0 or -1. */
static int is_right(const struct pl_work *work, const struct pl_keys *keys, int64_t member_id,
		    int64_t id, const struct pl_secret *folded)
{
	struct pl_app_password_macs macs;
	struct pl_stmt *stmt;
	int ret;

	if (pl_app_password_macs(keys, member_id, folded, &macs, work->err) < 0)
		return -1;
	stmt = pl_query(work->store, PL_SQL_APP_PASSWORD_MAC,
			PL_PARAMS(PL_INT("member_id", member_id), PL_INT("app_password_id", id)));
	ret = pl_step(stmt, work->err);
	if (ret != 1)
		return ret;
	ret = pl_app_password_matches(&macs, stmt);
	return pl_row_end(stmt, work->err) < 0 ? -1 : ret;
}

static int record(const struct pl_work *work, const char *action, const struct pl_address *address,
		  int64_t id)
{
	char text[PL_ADDRESS_MAX + 1], after[64];

	snprintf(after, sizeof(after), "id=%lld", (long long)id);
	return pl_audit_add(work, action, pl_address_format(address, text), "", after);
}

static int insert(const struct pl_work *work, int64_t id, const struct pl_secret *token,
		  const struct pl_secret *password)
{
	unsigned char digest[PL_MAC_BYTES];
	struct pl_sealed sealed;

	if (pl_token_digest(token, digest, work->err) < 0 ||
	    pl_seal_by_token(token, WHAT, id, password, &sealed, work->err) < 0)
		return -1;
	if (pl_exec(work->store, PL_SQL_PROFILE_LINK_DELETE,
		    PL_PARAMS(PL_INT("app_password_id", id)), work->err) < 0)
		return -1;
	return pl_exec(work->store, PL_SQL_PROFILE_LINK_INSERT,
		       PL_PARAMS(PL_BLOB("digest", digest, sizeof(digest)),
				 PL_INT("app_password_id", id),
				 PL_BLOB("sealed", sealed.data, sealed.len),
				 PL_INT("expires_at", work->now + PL_PROFILE_LINK_SECONDS)),
		       work->err);
}

/* pl_profile_link_make for a password as it was made, without spaces. */
static int make(const struct pl_work *work, const struct pl_keys *keys,
		const struct pl_account *account, int64_t id, const struct pl_secret *folded,
		struct pl_secret *token_r)
{
	int ret = is_right(work, keys, account->member.id, id, folded);

	if (ret != 1)
		return ret;
	if (pl_random_token(PREFIX, token_r, work->err) == 0 &&
	    insert(work, id, token_r, folded) == 0 &&
	    record(work, "profile-link.make", &account->member.address, id) == 0)
		return 1;
	pl_secret_wipe(token_r);
	return -1;
}

int pl_profile_link_make(const struct pl_work *work, const struct pl_keys *keys,
			 const struct pl_account *account, int64_t app_password_id,
			 const struct pl_secret *password, struct pl_secret *token_r)
{
	struct pl_secret folded;
	int ret = pl_app_password_fold(password, &folded);

	pl_secret_wipe(token_r);
	if (ret == 1)
		ret = make(work, keys, account, app_password_id, &folded, token_r);
	pl_secret_wipe(&folded);
	return ret;
}

static void read_row(struct pl_stmt *stmt, struct pl_profile_link *link_r)
{
	struct pl_app_password *app_password = &link_r->app_password;

	pl_col_copy(stmt, "local", link_r->address.local, sizeof(link_r->address.local));
	pl_col_copy(stmt, "domain", link_r->address.domain, sizeof(link_r->address.domain));
	link_r->sealed.len =
		pl_col_blob(stmt, "sealed", link_r->sealed.data, sizeof(link_r->sealed.data));
	app_password->id = pl_col_int(stmt, "id");
	app_password->member_id = pl_col_int(stmt, "member_id");
	pl_col_copy(stmt, "label", app_password->label, sizeof(app_password->label));
	pl_app_password_read_limits(stmt, app_password);
}

int pl_profile_link_get(const struct pl_work *work, const struct pl_secret *token,
			struct pl_profile_link *link_r)
{
	unsigned char digest[PL_MAC_BYTES];
	struct pl_stmt *stmt;
	int ret;

	memset(link_r, 0, sizeof(*link_r));
	if (pl_token_digest(token, digest, work->err) < 0)
		return -1;
	stmt = pl_query(work->store, PL_SQL_PROFILE_LINK_GET,
			PL_PARAMS(PL_BLOB("digest", digest, sizeof(digest)),
				  PL_INT("now", work->now)));
	ret = pl_step(stmt, work->err);
	if (ret != 1)
		return ret;
	read_row(stmt, link_r);
	return pl_row_end(stmt, work->err);
}

int pl_profile_link_redeem(const struct pl_work *work, const struct pl_secret *token,
			   const struct pl_profile_link *link, struct pl_secret *password_r)
{
	unsigned char digest[PL_MAC_BYTES];
	int64_t count;

	pl_secret_wipe(password_r);
	if (pl_token_digest(token, digest, work->err) < 0)
		return -1;
	count = pl_exec_count(work->store, PL_SQL_PROFILE_LINK_REDEEM,
			      PL_PARAMS(PL_BLOB("digest", digest, sizeof(digest)),
					PL_INT("now", work->now)),
			      work->err);
	if (count != 1)
		return count < 0 ? -1 : 0;
	if (pl_unseal_by_token(token, WHAT, link->app_password.id, &link->sealed, password_r,
			       work->err) < 0)
		return -1;
	if (record(work, "profile-link.use", &link->address, link->app_password.id) < 0) {
		pl_secret_wipe(password_r);
		return -1;
	}
	return 1;
}

int pl_profile_link_end_all(const struct pl_work *work, int64_t member_id)
{
	return pl_exec(work->store, PL_SQL_PROFILE_LINK_DELETE_ALL,
		       PL_PARAMS(PL_INT("member_id", member_id)), work->err);
}
