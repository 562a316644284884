/* token.c - the access and refresh tokens of grant.h. */
#include <string.h>

#include "policy/session/grant_row.h"

#define ACCESS_PREFIX "pl_at_"
#define REFRESH_PREFIX "pl_rt_"

static int insert_access(const struct pl_work *work, const struct pl_grant_row *row,
			 struct pl_tokens *tokens)
{
	unsigned char digest[PL_MAC_BYTES];

	if (pl_random_token(ACCESS_PREFIX, &tokens->access, work->err) < 0 ||
	    pl_token_digest(&tokens->access, digest, work->err) < 0)
		return -1;
	tokens->access_expires_at = work->now + PL_ACCESS_SECONDS;
	if (tokens->access_expires_at > row->session_expires_at)
		tokens->access_expires_at = row->session_expires_at;
	return pl_exec(work->store, PL_SQL_TOKEN_INSERT,
		       PL_PARAMS(PL_BLOB("digest", digest, sizeof(digest)),
				 PL_INT("session_id", row->grant.session_id),
				 PL_INT("expires_at", tokens->access_expires_at),
				 PL_INT("issued_at", work->now), PL_INT("grant_id", row->grant.id)),
		       work->err);
}

static int insert_refresh(const struct pl_work *work, int64_t grant_id, struct pl_secret *refresh_r)
{
	unsigned char digest[PL_MAC_BYTES];

	if (pl_random_token(REFRESH_PREFIX, refresh_r, work->err) < 0 ||
	    pl_token_digest(refresh_r, digest, work->err) < 0)
		return -1;
	return pl_exec(work->store, PL_SQL_REFRESH_INSERT,
		       PL_PARAMS(PL_BLOB("digest", digest, sizeof(digest)),
				 PL_INT("grant_id", grant_id), PL_INT("now", work->now)),
		       work->err);
}

/* A webmail that fetches tokens is in use, and so is its session. */
static int note_seen(const struct pl_work *work, int64_t session_id)
{
	return pl_exec(work->store, PL_SQL_SESSION_REFRESHED,
		       PL_PARAMS(PL_INT("now", work->now), PL_INT("session_id", session_id)),
		       work->err);
}

static int issue(const struct pl_work *work, const struct pl_grant_row *row,
		 struct pl_tokens *tokens_r)
{
	return insert_access(work, row, tokens_r) < 0 ||
			       insert_refresh(work, row->grant.id, &tokens_r->refresh) < 0 ||
			       note_seen(work, row->grant.session_id) < 0
		       ? -1
		       : 0;
}

static void wipe_tokens(struct pl_tokens *tokens)
{
	pl_secret_wipe(&tokens->access);
	pl_secret_wipe(&tokens->refresh);
	tokens->access_expires_at = 0;
}

int pl_tokens_issue(const struct pl_work *work, const struct pl_grant *grant,
		    struct pl_tokens *tokens_r)
{
	struct pl_grant_row row;
	int ret;

	wipe_tokens(tokens_r);
	ret = pl_grant_get_live(work, grant->id, &row);
	if (ret == 0)
		ret = pl_error_set(work->err, PL_ERR_CONFLICT, "the grant was revoked");
	if (ret == 1)
		ret = issue(work, &row, tokens_r);
	if (ret == 0)
		return 0;
	wipe_tokens(tokens_r);
	return pl_error_prefix(work->err, "tokens for client %s", grant->client_id);
}

struct refresh {
	unsigned char digest[PL_MAC_BYTES];
	struct pl_grant_row row;
	int used;
	int64_t used_at;
};

static int get_refresh(const struct pl_work *work, const char *client_id, struct refresh *refresh)
{
	struct pl_stmt *stmt;
	int ret;

	stmt = pl_query(work->store, PL_SQL_REFRESH_GET,
			PL_PARAMS(PL_BLOB("digest", refresh->digest, sizeof(refresh->digest)),
				  PL_TEXT("client_id", client_id), PL_INT("now", work->now),
				  PL_INT("idle_since", work->now - PL_SESSION_IDLE)));
	ret = pl_step(stmt, work->err);
	if (ret != 1)
		return ret;
	refresh->used = !pl_col_is_null(stmt, "used_at");
	refresh->used_at = pl_col_int(stmt, "used_at");
	pl_grant_read(stmt, &refresh->row);
	return pl_row_end(stmt, work->err);
}

int pl_refresh_peek(const struct pl_work *work, const struct pl_secret *refresh,
		    const char *client_id, struct pl_grant *grant_r)
{
	struct refresh offered;
	int ret = pl_token_digest(refresh, offered.digest, work->err);

	if (ret == 0)
		ret = get_refresh(work, client_id, &offered);
	if (ret == 1)
		*grant_r = offered.row.grant;
	return ret;
}

/* Its client would have the new one: who holds the old one has copied it. */
static int end_stolen(const struct pl_work *work, const struct pl_grant_row *row)
{
	struct pl_account account;

	if (pl_grant_record(work, "refresh-token.stolen", row) < 0)
		return -1;
	return pl_account_get(work->store, &row->address, &account, work->err) < 0 ||
			       pl_session_revoke(work, &account, row->grant.session_id) < 0
		       ? -1
		       : 0;
}

/* 0, or -1. The first use makes it the only one of its grant: of the tokens that parallel requests
 * were given for one, the others are good no longer. */
static int use_refresh(const struct pl_work *work, const struct refresh *refresh)
{
	int64_t first =
		pl_exec_count(work->store, PL_SQL_REFRESH_USE,
			      PL_PARAMS(PL_INT("now", work->now), PL_BLOB("digest", refresh->digest,
									  sizeof(refresh->digest))),
			      work->err);

	if (first <= 0)
		return (int)first;
	return pl_exec(work->store, PL_SQL_REFRESH_SUPERSEDE,
		       PL_PARAMS(PL_INT("grant_id", refresh->row.grant.id),
				 PL_BLOB("digest", refresh->digest, sizeof(refresh->digest))),
		       work->err);
}

static int refresh_tokens(const struct pl_work *work, struct refresh *refresh,
			  const char *client_id, struct pl_tokens *tokens_r)
{
	int ret = get_refresh(work, client_id, refresh);

	if (ret != 1)
		return ret;
	if (refresh->used && work->now - refresh->used_at > PL_REFRESH_GRACE)
		return end_stolen(work, &refresh->row);
	return use_refresh(work, refresh) < 0 || issue(work, &refresh->row, tokens_r) < 0 ? -1 : 1;
}

int pl_tokens_refresh(const struct pl_work *work, const struct pl_secret *refresh,
		      const char *client_id, struct pl_grant *grant_r, struct pl_tokens *tokens_r)
{
	struct refresh offered;
	int ret = -1;

	wipe_tokens(tokens_r);
	memset(grant_r, 0, sizeof(*grant_r));
	if (pl_token_digest(refresh, offered.digest, work->err) == 0)
		ret = refresh_tokens(work, &offered, client_id, tokens_r);
	if (ret == 1)
		*grant_r = offered.row.grant;
	else
		wipe_tokens(tokens_r);
	return ret < 0 ? pl_error_prefix(work->err, "refresh token of client %s", client_id) : ret;
}

static int64_t delete_access(struct pl_store *store, const unsigned char *digest,
			     struct pl_error *err)
{
	return pl_exec_count(store, PL_SQL_TOKEN_DELETE,
			     PL_PARAMS(PL_BLOB("digest", digest, PL_MAC_BYTES)), err);
}

static int revoke(const struct pl_work *work, const unsigned char *digest, const char *client_id)
{
	struct pl_stmt *stmt;
	struct pl_grant_row row;
	int64_t gone;
	int ret;

	stmt = pl_query(work->store, PL_SQL_GRANT_BY_TOKEN,
			PL_PARAMS(PL_TEXT("client_id", client_id),
				  PL_BLOB("digest", digest, PL_MAC_BYTES)));
	ret = pl_grant_read_one(stmt, &row, work->err);
	if (ret != 1)
		return ret;
	gone = delete_access(work->store, digest, work->err);
	if (gone < 0 || (gone == 0 && pl_grant_delete(work->store, row.grant.id, work->err) < 0))
		return -1;
	return pl_grant_record(work, "token.revoke", &row) < 0 ? -1 : 1;
}

int pl_token_revoke(const struct pl_work *work, const struct pl_secret *token,
		    const char *client_id)
{
	unsigned char digest[PL_MAC_BYTES];
	int ret = -1;

	if (pl_token_digest(token, digest, work->err) == 0)
		ret = revoke(work, digest, client_id);
	return ret < 0 ? pl_error_prefix(work->err, "token of client %s", client_id) : ret;
}

int pl_token_info(const struct pl_work *work, const struct pl_secret *token,
		  struct pl_token_info *info_r)
{
	unsigned char digest[PL_MAC_BYTES];
	struct pl_stmt *stmt;
	int ret;

	memset(info_r, 0, sizeof(*info_r));
	if (pl_token_digest(token, digest, work->err) < 0)
		return -1;
	stmt = pl_query(work->store, PL_SQL_TOKEN_INFO,
			PL_PARAMS(PL_BLOB("digest", digest, sizeof(digest)),
				  PL_INT("now", work->now),
				  PL_INT("idle_since", work->now - PL_SESSION_IDLE)));
	ret = pl_step(stmt, work->err);
	if (ret != 1)
		return ret;
	info_r->session_id = pl_col_int(stmt, "session_id");
	info_r->member_id = pl_col_int(stmt, "member_id");
	pl_col_copy(stmt, "local", info_r->address.local, sizeof(info_r->address.local));
	pl_col_copy(stmt, "domain", info_r->address.domain, sizeof(info_r->address.domain));
	pl_col_copy(stmt, "client_id", info_r->client_id, sizeof(info_r->client_id));
	pl_col_copy(stmt, "scope", info_r->scope, sizeof(info_r->scope));
	info_r->issued_at = pl_col_int(stmt, "issued_at");
	info_r->expires_at = pl_col_int(stmt, "expires_at");
	return pl_row_end(stmt, work->err);
}
