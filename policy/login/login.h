/* login.h - gathers the facts about one login, for pl_decide.
 *
 * The Dovecot driver, the milter, the portal and `postlatch explain` all come
 * through here, so that they cannot see different facts.
 */
#ifndef POSTLATCH_LOGIN_H
#define POSTLATCH_LOGIN_H

#include "policy/credential/app_password.h"
#include "policy/session/session.h"

enum pl_offer {
	PL_OFFER_NOTHING,  /* a lookup for CRAM-MD5, SCRAM; or the milter's question */
	PL_OFFER_PASSWORD, /* secret is a password */
	PL_OFFER_BEARER,   /* secret is a token, from XOAUTH2 or OAUTHBEARER (RFC 7628) */
	PL_OFFER_PROVEN,   /* the account password, which Dovecot has just found right */
};

struct pl_login {
	const char *user; /* as it was offered */
	size_t user_len;
	enum pl_setting service;
	enum pl_offer offer;
	const struct pl_secret *secret; /* NULL with PL_OFFER_NOTHING and PL_OFFER_PROVEN */
	struct pl_ip ip;
	int64_t now;
};

/* Everything the facts were made of. The facts' layers point in here and into
 * the policy, so all three live together. */
struct pl_subject {
	struct pl_address address; /* empty when the name is no address */
	struct pl_account account;
	struct pl_app_password app_password; /* id 0: none matched */
	struct pl_session session;           /* id 0: no token */
};

/* Fills facts_r. keys may be NULL (missing or refused): then a password that
 * could be an app password fails with PL_ERR_RETRY, unless a gate is shut
 * anyway. -1 never means "no". */
int pl_login_gather(struct pl_store *store, const struct pl_policy *policy,
		    const struct pl_keys *keys, const struct pl_login *login,
		    struct pl_subject *subject_r, struct pl_facts *facts_r, struct pl_error *err);

#endif
