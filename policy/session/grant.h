/* grant.h - what a webmail gets for a session: codes, access and refresh tokens.
 *
 * All are pl_random_token()s of which only the SHA-256 is stored. A grant belongs
 * to a session and ends with it; that of a mail program gets a session of its own
 * (application.h). Functions that write take part in the caller's
 * write transaction; the one named _commit has its own.
 */
#ifndef POSTLATCH_GRANT_H
#define POSTLATCH_GRANT_H

#include "policy/session/oauth_client.h"
#include "policy/session/session.h"

#define PL_CODE_SECONDS 60 /* RFC 6749 4.1.2 */
#define PL_ACCESS_SECONDS 3600
#define PL_REFRESH_GRACE 30 /* parallel requests of one client, seconds */
#define PL_REFRESH_USED_SECONDS \
	(7 * PL_DAY_SECONDS) /* after which a used one is no sign of a theft */

struct pl_grant {
	int64_t id; /* filled when its code is redeemed; its tokens hang on it */
	int64_t session_id;
	char client_id[PL_CLIENT_ID_MAX + 1];
	char redirect_uri[512];
	char challenge[129]; /* of RFC 7636 S256; "" for none */
	char scope[256];
	char nonce[256];       /* of OpenID Connect; "" for none */
	unsigned int services; /* policy/settings/services.h, of a connected application */
	int64_t expires_at;    /* of the code */
	/* When the member signed in, where its session began later; else 0. */
	int64_t signed_in_at;
};

struct pl_tokens {
	struct pl_secret access, refresh; /* prefixes pl_at_ and pl_rt_ */
	int64_t access_expires_at;
};

/* prefix pl_ac_ */
int pl_code_issue(struct pl_store *store, const struct pl_grant *grant, struct pl_secret *code_r,
		  struct pl_error *err);
/* Redeems a code: 1 and its grant, once; 0 when it is unknown, expired or another
 * client's. A second use is 0 too, and revokes the tokens that came of the first
 * (RFC 6749 4.1.2). The caller checks redirect_uri and verifier with what it
 * gets; a code that fails there has been used. Commits: that a code was used holds
 * whatever comes of it. */
int pl_code_redeem_commit(const struct pl_work *work, const struct pl_secret *code,
			  const char *client_id, struct pl_grant *grant_r);
/* A first pair of tokens for a grant that pl_code_redeem_commit has given. PL_ERR_CONFLICT
 * when it was revoked meanwhile. */
int pl_tokens_issue(const struct pl_work *work, const struct pl_grant *grant,
		    struct pl_tokens *tokens_r);
/* Refresh with rotation (RFC 9700 4.14.2): 1 and new tokens; 0 when it is unknown,
 * expired or another client's. The old token still works within PL_REFRESH_GRACE, until one of
 * the tokens that came of it is used, which makes that one the only one. Any other use of an old
 * one means theft, and the session ends: the caller commits after 0, too. */
int pl_tokens_refresh(const struct pl_work *work, const struct pl_secret *refresh,
		      const char *client_id, struct pl_grant *grant_r, struct pl_tokens *tokens_r);
/* Looks at a refresh token and uses nothing up: 1 and its grant, 0 as above, or -1. */
int pl_refresh_peek(const struct pl_work *work, const struct pl_secret *refresh,
		    const char *client_id, struct pl_grant *grant_r);
/* Revokes an access token, or a refresh token together with its access tokens
 * (RFC 7009). 1, or 0 when it is unknown or another client's. */
int pl_token_revoke(const struct pl_work *work, const struct pl_secret *token,
		    const char *client_id);

/* What introspection and userinfo tell about a live access token (RFC 7662). */
struct pl_token_info {
	int64_t session_id, member_id;
	struct pl_address address;
	char client_id[PL_CLIENT_ID_MAX + 1];
	char scope[256];
	int64_t issued_at, expires_at;
};
/* 1 when it is good now: token, session, generation, and member and domain active; 0; -1. */
int pl_token_info(const struct pl_work *work, const struct pl_secret *token,
		  struct pl_token_info *info_r);

#endif
