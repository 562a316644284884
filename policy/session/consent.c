/* consent.c - see consent.h. */
#include "policy/session/consent.h"

#include <string.h>

#define CONSENT_PREFIX "pl_cr_"

static int insert(const struct pl_work *work, const struct pl_consent *consent,
		  const unsigned char *digest)
{
	const struct pl_grant *grant = &consent->grant;

	return pl_exec(work->store, PL_SQL_CONSENT_INSERT,
		       PL_PARAMS(PL_BLOB("digest", digest, PL_MAC_BYTES),
				 PL_INT("session_id", grant->session_id),
				 PL_TEXT("client_id", grant->client_id),
				 PL_INT("expires_at", work->now + PL_CONSENT_SECONDS),
				 PL_TEXT("redirect_uri", grant->redirect_uri),
				 PL_TEXT("challenge", grant->challenge),
				 PL_TEXT("scope", grant->scope), PL_TEXT("nonce", grant->nonce),
				 PL_TEXT("state", consent->has_state ? consent->state : NULL)),
		       work->err);
}

static int trim(const struct pl_work *work, int64_t session_id)
{
	return pl_exec(work->store, PL_SQL_CONSENT_TRIM,
		       PL_PARAMS(PL_INT("session_id", session_id),
				 PL_INT("kept", PL_CONSENTS_PER_SESSION)),
		       work->err);
}

int pl_consent_ask(const struct pl_work *work, const struct pl_consent *consent,
		   struct pl_secret *token_r)
{
	unsigned char digest[PL_MAC_BYTES];

	if (pl_random_token(CONSENT_PREFIX, token_r, work->err) == 0 &&
	    pl_token_digest(token_r, digest, work->err) == 0 &&
	    insert(work, consent, digest) == 0 && trim(work, consent->grant.session_id) == 0)
		return 0;
	pl_secret_wipe(token_r);
	return pl_error_prefix(work->err, "consent to client %s", consent->grant.client_id);
}

static void read_row(struct pl_stmt *stmt, struct pl_consent *consent)
{
	struct pl_grant *grant = &consent->grant;

	memset(consent, 0, sizeof(*consent));
	grant->session_id = pl_col_int(stmt, "session_id");
	pl_col_copy(stmt, "client_id", grant->client_id, sizeof(grant->client_id));
	pl_col_copy(stmt, "redirect_uri", grant->redirect_uri, sizeof(grant->redirect_uri));
	pl_col_copy(stmt, "challenge", grant->challenge, sizeof(grant->challenge));
	pl_col_copy(stmt, "scope", grant->scope, sizeof(grant->scope));
	pl_col_copy(stmt, "nonce", grant->nonce, sizeof(grant->nonce));
	consent->has_state = !pl_col_is_null(stmt, "state");
	pl_col_copy(stmt, "state", consent->state, sizeof(consent->state));
}

static int get(const struct pl_work *work, const unsigned char *digest, int64_t session_id,
	       struct pl_consent *consent_r)
{
	struct pl_stmt *stmt =
		pl_query(work->store, PL_SQL_CONSENT_GET,
			 PL_PARAMS(PL_BLOB("digest", digest, PL_MAC_BYTES),
				   PL_INT("session_id", session_id), PL_INT("now", work->now)));
	int ret = pl_step(stmt, work->err);

	if (ret != 1)
		return ret;
	read_row(stmt, consent_r);
	return pl_row_end(stmt, work->err);
}

int pl_consent_get(const struct pl_work *work, const struct pl_secret *token, int64_t session_id,
		   struct pl_consent *consent_r)
{
	unsigned char digest[PL_MAC_BYTES];

	return pl_token_digest(token, digest, work->err) < 0
		       ? -1
		       : get(work, digest, session_id, consent_r);
}

int pl_consent_redeem(const struct pl_work *work, const struct pl_secret *token, int64_t session_id,
		      struct pl_consent *consent_r)
{
	unsigned char digest[PL_MAC_BYTES];
	int64_t redeemed;
	int ret;

	if (pl_token_digest(token, digest, work->err) < 0)
		return -1;
	ret = get(work, digest, session_id, consent_r);
	if (ret != 1)
		return ret;
	/* Of several who answer at the same time, one does. */
	redeemed = pl_exec_count(work->store, PL_SQL_CONSENT_DELETE,
				 PL_PARAMS(PL_BLOB("digest", digest, PL_MAC_BYTES),
					   PL_INT("session_id", session_id)),
				 work->err);
	return redeemed < 0 ? -1 : redeemed == 1;
}
