/* issue.h - access tokens for tests and benchmarks, without the portal. */
#ifndef POSTLATCH_TEST_ISSUE_H
#define POSTLATCH_TEST_ISSUE_H

#include "policy/session/session.h"

/* Opens an authenticated session, as pl_session_open does with the same fields, and adds one
 * access token, which belongs to no OAuth client. In the caller's write transaction. 0, or -1. */
int issue_token(const struct pl_work *work, struct pl_account *account, struct pl_session *session,
		int64_t token_expires_at, struct pl_secret *token_r);

#endif
