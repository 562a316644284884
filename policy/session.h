/* session.h - webmail sessions and the bearer tokens that stand for them.
 *
 * A token is 256 random bits in base64url behind "pl_at_"; its SHA-256 is all
 * that is stored. A token is good while its session is: not expired, not
 * revoked, and of the member's present generation.
 */
#ifndef POSTLATCH_SESSION_H
#define POSTLATCH_SESSION_H

#include "keys.h"
#include "member.h"

struct pl_session {
	int64_t id;
	int64_t member_id;
	enum pl_channel channel;
	int64_t created_at, expires_at;
	char ip[PL_IP_TEXT];
	char device[128]; /* what the browser calls itself */
};

/* Opens a session of the wish's channel, expiry, ip and device, with one access
 * token that lives until token_expires_at. */
int pl_session_issue(struct pl_store *store, const struct pl_actor *actor,
		     const struct pl_address *address, struct pl_session *wish,
		     int64_t token_expires_at, struct pl_secret *token_r, struct pl_error *err);
/* Finds the session of a token that is good now. 1, 0, or -1. */
int pl_session_by_token(struct pl_store *store, const struct pl_secret *token, int64_t now,
			struct pl_session *session_r, struct pl_error *err);
/* Ends a session and its tokens. 1 ended, 0 none, -1 error. */
int pl_session_revoke(struct pl_store *store, const struct pl_actor *actor, int64_t id,
		      struct pl_error *err);
/* Ends all sessions of a member by raising its generation. */
int pl_session_revoke_all(struct pl_store *store, const struct pl_actor *actor,
			  const struct pl_address *address, struct pl_error *err);

#endif
