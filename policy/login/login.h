/* login.h - gathers the facts about one login, and has it decided.
 *
 * The Dovecot driver, the portal and `postlatch explain` all use it, so that they cannot
 * see different facts. What the caller knows about
 * the login is in struct pl_login, the rest is one statement: pl_login_ask() says which,
 * and pl_login_answer() reads its rows, gathers the facts and decides. Between the two
 * the caller may wait for the rows or not. Nobody changes the facts afterwards. Only a name
 * in a domain that is an alias or not known takes a second statement.
 */
#ifndef POSTLATCH_LOGIN_H
#define POSTLATCH_LOGIN_H

#include "policy/credential/app_password.h"
#include "policy/session/session.h"

enum pl_offer {
	PL_OFFER_NOTHING, /* a lookup for CRAM-MD5 or SCRAM: another checks the password */
	/* secret is a password; at the sign-in page also a token of passkey_sign_in.h */
	PL_OFFER_PASSWORD,
	PL_OFFER_BEARER,  /* secret is a token, from XOAUTH2 or OAUTHBEARER (RFC 7628) */
	PL_OFFER_PROVEN,  /* the account password, which Dovecot has just found right */
	PL_OFFER_PASSKEY, /* a passkey, which the portal has just found right */
	/* What `postlatch explain` supposes: */
	PL_OFFER_ANY_APP_PASSWORD, /* the member's app password that comes furthest */
	PL_OFFER_ANY_TOKEN,        /* a valid token of a webmail session of the member */
};

struct pl_login {
	const char *user; /* as it was offered */
	size_t user_len;
	enum pl_setting service;
	enum pl_offer offer;
	const struct pl_secret *secret; /* with PL_OFFER_PASSWORD and PL_OFFER_BEARER, else NULL */
	const enum pl_channel *channel; /* where the caller knows it; NULL: it is found out */
	int device_trusted;             /* the browser has shown a valid trusted-device cookie */
	struct pl_ip ip;                /* of the client, as a proxy may have handed it on */
	struct pl_ip real_ip;           /* of the connection; empty where it is not known */
	/* On the webmail channel, the browser is supposed to be in a network that is allowed. */
	int from_any_network;
	int64_t now; /* seconds since 1970 */
};

#define PL_LOGIN_PARAMS 4

/* The statement that a login needs. params points in here, so it is not copied. */
struct pl_login_question {
	enum pl_sql sql;
	struct pl_param params[PL_LOGIN_PARAMS + 1];
	struct pl_address address; /* empty when the name is not an address */
	unsigned char digest[PL_MAC_BYTES];
};

/* The statements that pl_login_ask() may name. */
extern const enum pl_sql pl_login_statements[];
extern const size_t pl_login_statement_count;

/* The facts' layers point in here and into the policy, so a result is not copied, and is
 * of no use without its policy. */
struct pl_login_result {
	const struct pl_policy *policy;
	struct pl_address address; /* empty when the name is not an address */
	struct pl_account account;
	struct pl_app_password app_password;    /* id 0: none matched */
	struct pl_app_password_renewal renewal; /* of its MAC */
	/* app_password is a decoy. It is no credential: the facts are those of a wrong password. */
	int is_decoy;
	int64_t session_id; /* of the token; 0: none */
	struct pl_facts facts;
	struct pl_verdict verdict;
	struct pl_verdict forwarding; /* of the same account: whether it may forward mail */
};

/* Fails only where OpenSSL does. */
int pl_login_ask(const struct pl_policy *policy, const struct pl_login *login,
		 struct pl_login_question *question_r, struct pl_error *err);
/* The time has become another one since it was asked what the login needs. */
void pl_login_set_now(struct pl_login *login, struct pl_login_question *question, int64_t now);
/* keys may be NULL (missing or refused): then a password that could be an app password
 * fails with PL_ERR_RETRY, unless every name of the domain is denied alike. Errors of
 * the rows are returned as pl_step returns them; PL_ERR_DATA is about this member alone.
 * -1 never means "no". 1: the rows did not tell, and question has been changed, to be asked once
 * more. */
int pl_login_answer(const struct pl_policy *policy, const struct pl_keys *keys,
		    const struct pl_login *login, struct pl_login_question *question,
		    struct pl_stmt *rows, struct pl_login_result *result_r, struct pl_error *err);
/* Both, for a store that is waited for. */
int pl_login_evaluate(struct pl_store *store, const struct pl_policy *policy,
		      const struct pl_keys *keys, const struct pl_login *login,
		      struct pl_login_result *result_r, struct pl_error *err);

/* The decision about an account that has been read already, for an offer that needs nothing
 * beside it: all but passwords and tokens. login's user is not looked at. */
struct pl_verdict pl_login_decide(const struct pl_policy *policy, const struct pl_login *login,
				  const struct pl_account *account);

#define PL_LOGIN_REASON 512

/* The sentence of the verdict and, where an app password is needed, the page at which members make
 * one. Returns buf. */
char *pl_login_reason(const struct pl_login_result *result, char buf[PL_LOGIN_REASON]);

/* Whether a SASL mechanism offers a token and not a password. NULL is no mechanism. */
int pl_mechanism_is_bearer(const char *mechanism);

#endif
