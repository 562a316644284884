/* grant.c - the rows of oauth_grant, and their codes; see grant.h, grant_row.h. */
#include "policy/session/grant_row.h"

#include <stdio.h>
#include <string.h>

#include "policy/settings/services.h"

#define CODE_PREFIX "pl_ac_"

void pl_grant_read(struct pl_stmt *stmt, struct pl_grant_row *row_r)
{
	struct pl_grant *grant = &row_r->grant;

	memset(row_r, 0, sizeof(*row_r));
	grant->id = pl_col_int(stmt, "id");
	grant->session_id = pl_col_int(stmt, "session_id");
	pl_col_copy(stmt, "client_id", grant->client_id, sizeof(grant->client_id));
	pl_col_copy(stmt, "redirect_uri", grant->redirect_uri, sizeof(grant->redirect_uri));
	pl_col_copy(stmt, "challenge", grant->challenge, sizeof(grant->challenge));
	pl_col_copy(stmt, "scope", grant->scope, sizeof(grant->scope));
	pl_col_copy(stmt, "nonce", grant->nonce, sizeof(grant->nonce));
	grant->services = pl_services_read(stmt);
	grant->expires_at = pl_col_int(stmt, "code_expires_at");
	row_r->session_expires_at = pl_col_int(stmt, "session_expires_at");
	pl_col_copy(stmt, "local", row_r->address.local, sizeof(row_r->address.local));
	pl_col_copy(stmt, "domain", row_r->address.domain, sizeof(row_r->address.domain));
}

int pl_grant_read_one(struct pl_stmt *stmt, struct pl_grant_row *row_r, struct pl_error *err)
{
	int ret = pl_step(stmt, err);

	if (ret != 1)
		return ret;
	pl_grant_read(stmt, row_r);
	return pl_row_end(stmt, err);
}

int pl_grant_get_live(const struct pl_work *work, int64_t id, struct pl_grant_row *row_r)
{
	struct pl_stmt *stmt;

	stmt = pl_query(work->store, PL_SQL_GRANT_LIVE,
			PL_PARAMS(PL_INT("grant_id", id), PL_INT("now", work->now),
				  PL_INT("idle_since", work->now - PL_SESSION_IDLE)));
	return pl_grant_read_one(stmt, row_r, work->err);
}

int pl_grant_delete(struct pl_store *store, int64_t id, struct pl_error *err)
{
	return pl_exec(store, PL_SQL_GRANT_DELETE_SESSION, PL_PARAMS(PL_INT("grant_id", id)), err) <
				       0 ||
			       pl_exec(store, PL_SQL_GRANT_DELETE,
				       PL_PARAMS(PL_INT("grant_id", id)), err) < 0
		       ? -1
		       : 0;
}

int pl_grant_record(const struct pl_work *work, const char *action, const struct pl_grant_row *row)
{
	char text[PL_ADDRESS_MAX + 1], before[PL_AUDIT_TEXT];

	snprintf(before, sizeof(before), "session=%lld client=%s", (long long)row->grant.session_id,
		 row->grant.client_id);
	return pl_audit_add(work, action, pl_address_format(&row->address, text), before, "");
}

static int insert_grant(struct pl_store *store, const struct pl_grant *grant,
			const unsigned char *code, struct pl_error *err)
{
	char services[PL_SERVICES_TEXT];

	return pl_exec(store, PL_SQL_GRANT_INSERT,
		       PL_PARAMS(PL_INT("session_id", grant->session_id),
				 PL_TEXT("client_id", grant->client_id),
				 PL_BLOB("code", code, PL_MAC_BYTES),
				 PL_INT("code_expires_at", grant->expires_at),
				 PL_TEXT("redirect_uri", grant->redirect_uri),
				 PL_TEXT("challenge", grant->challenge),
				 PL_TEXT("scope", grant->scope), PL_TEXT("nonce", grant->nonce),
				 PL_TEXT("services", pl_services_format(grant->services, services,
									sizeof(services)))),
		       err);
}

int pl_code_issue(struct pl_store *store, const struct pl_grant *grant, struct pl_secret *code_r,
		  struct pl_error *err)
{
	unsigned char digest[PL_MAC_BYTES];

	if (pl_random_token(CODE_PREFIX, code_r, err) == 0 &&
	    pl_token_digest(code_r, digest, err) == 0 &&
	    insert_grant(store, grant, digest, err) == 0)
		return 0;
	pl_secret_wipe(code_r);
	return pl_error_prefix(err, "code for client %s", grant->client_id);
}

/* The one statement that lets one of several who offer the same code win. */
static int64_t use_code(const struct pl_work *work, const unsigned char *code,
			const char *client_id)
{
	return pl_exec_count(work->store, PL_SQL_GRANT_USE_CODE,
			     PL_PARAMS(PL_INT("now", work->now),
				       PL_BLOB("code", code, PL_MAC_BYTES),
				       PL_TEXT("client_id", client_id)),
			     work->err);
}

static int redeem(const struct pl_work *work, const unsigned char *code, const char *client_id,
		  struct pl_grant *grant_r)
{
	int64_t won = use_code(work, code, client_id);
	struct pl_stmt *stmt;
	struct pl_grant_row row;
	int ret;

	if (won < 0)
		return -1;
	stmt = pl_query(work->store, PL_SQL_GRANT_BY_CODE,
			PL_PARAMS(PL_BLOB("code", code, PL_MAC_BYTES),
				  PL_TEXT("client_id", client_id)));
	ret = pl_grant_read_one(stmt, &row, work->err);
	if (ret != 1)
		return ret;
	if (won == 0) {
		/* Used before: who came first may have been the thief. */
		ret = pl_grant_delete(work->store, row.grant.id, work->err);
		return ret < 0 ? -1 : pl_grant_record(work, "code.reuse", &row);
	}
	ret = pl_grant_get_live(work, row.grant.id, &row);
	if (ret == 1)
		*grant_r = row.grant;
	return ret;
}

int pl_code_redeem_commit(const struct pl_work *work, const struct pl_secret *code,
			  const char *client_id, struct pl_grant *grant_r)
{
	unsigned char digest[PL_MAC_BYTES];
	int ret = -1;

	memset(grant_r, 0, sizeof(*grant_r));
	if (pl_token_digest(code, digest, work->err) == 0 &&
	    pl_store_begin_write(work->store, work->err) == 0)
		ret = redeem(work, digest, client_id, grant_r);
	if (ret >= 0 && pl_store_commit(work->store, work->err) < 0)
		ret = -1;
	pl_store_rollback(work->store); /* nothing is open after a commit */
	return ret < 0 ? pl_error_prefix(work->err, "code of client %s", client_id) : ret;
}
