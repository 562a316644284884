/* issue.c - see issue.h. */
#include "tests/issue.h"

#include "policy/base/random.h"

int issue_token(const struct pl_work *work, struct pl_account *account, struct pl_session *session,
		int64_t token_expires_at, struct pl_secret *token_r)
{
	unsigned char digest[PL_MAC_BYTES];
	struct pl_secret cookie;

	session->pending = 0;
	if (pl_session_open(work, account, session, &cookie) < 0)
		return -1;
	pl_secret_wipe(&cookie);
	if (pl_random_token("pl_at_", token_r, work->err) < 0 ||
	    pl_token_digest(token_r, digest, work->err) < 0)
		return -1;
	return pl_exec(work->store, PL_SQL_TOKEN_INSERT,
		       PL_PARAMS(PL_BLOB("digest", digest, sizeof(digest)),
				 PL_INT("session_id", session->id),
				 PL_INT("expires_at", token_expires_at),
				 PL_INT("issued_at", session->created_at), PL_NULL("grant_id")),
		       work->err);
}
