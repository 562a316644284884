/* consent.h - authorization requests that wait for the consent of the member.
 *
 * The whole request is kept in the database, for the session in which it came, so what the member
 * agrees to cannot be changed, is agreed to once, and by nobody else. The page knows it by a
 * pl_random_token() of which only the SHA-256 is stored. Functions that write take part in the
 * caller's write transaction.
 */
#ifndef POSTLATCH_CONSENT_H
#define POSTLATCH_CONSENT_H

#include "policy/session/grant.h"

#define PL_CONSENT_SECONDS 900
#define PL_CONSENTS_PER_SESSION 8 /* that wait; older ones are forgotten */
#define PL_CONSENT_STATE 4096

struct pl_consent {
	struct pl_grant grant; /* as it would be made; without services and expiry */
	int has_state;
	char state[PL_CONSENT_STATE + 1]; /* of the client (RFC 6749 4.1.1) */
};

/* prefix pl_cr_; the session is that of the grant. */
int pl_consent_ask(const struct pl_work *work, const struct pl_consent *consent,
		   struct pl_secret *token_r);
/* What the token of the session stands for: 1; 0 when it is unknown, answered, expired or another
 * session's; -1. */
int pl_consent_get(const struct pl_work *work, const struct pl_secret *token, int64_t session_id,
		   struct pl_consent *consent_r);
/* The same, and it is answered. */
int pl_consent_redeem(const struct pl_work *work, const struct pl_secret *token, int64_t session_id,
		      struct pl_consent *consent_r);

#endif
