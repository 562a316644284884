/* last_access.h - the sign-in to webmail before the present one, as the audit records tell it.
 *
 * Whoever sees one that was not theirs learns that somebody else has signed in. It is known for as
 * long as such records are kept (sign_in_days).
 */
#ifndef POSTLATCH_LAST_ACCESS_H
#define POSTLATCH_LAST_ACCESS_H

#include "policy/session/session.h"

struct pl_last_access {
	int64_t at; /* seconds since 1970; 0: none is known */
	char ip[PL_IP_TEXT];
	char device[128]; /* what the browser called itself */
};

/* That before the session's, of its member, who was added at since. 0, or -1. */
int pl_session_last_access(const struct pl_work *work, const struct pl_session *session,
			   int64_t since, struct pl_last_access *access_r);

#endif
