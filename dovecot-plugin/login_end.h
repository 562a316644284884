/* login_end.h - what is left to be decided about a login when the chain of passdbs has ended.
 *
 * Two questions are left when the chain has let the login in. Has an app password or a token let
 * it in, the operator's passdbs are asked about the member: what they refuse is refused, and the
 * fields that they have for the member hold. Where one of them cannot be asked, the userdbs are, if
 * they know who exists. And if a passdb has turned the name into another one,
 * the login is decided anew for the account that opens.
 */
#ifndef POSTLATCH_LOGIN_END_H
#define POSTLATCH_LOGIN_END_H

#include "dovecot-plugin/compat.h"
#include "dovecot-plugin/driver.h"

/* A login that the driver decides, in the request's memory. It hangs on the request's event. */
struct login {
	struct pl_driver_request asked; /* first, so that it is found again */
	struct auth_request *request;
	struct pl_secret secret;
	verify_plain_callback_t *verify_plain; /* one of the two */
	lookup_credentials_callback_t *lookup_credentials;

	/* What was decided: */
	const char *user; /* as Dovecot had it then */
	struct pl_login_record record;
	enum pl_login_credential credential; /* if the login is let in */
	struct pl_verdict forwarding;
	const char *connection; /* what the mail connection is called; NULL: it has no name */
	bool is_ours;           /* an app password or a token has let it in */
	bool is_client;         /* and not webmail, which no connection test shows */
	bool is_nobody;         /* the name can be nobody's */
	/* Not NULL: a right password is refused, and this is told; the rule is in record. */
	const char *reason;
};

/* To be called when the login is not denied, or only once its password is proven: has it decided at
 * the end of the chain. */
void login_end_watch(struct login *login, const struct pl_login_result *result);
/* The login of the request that waits for the end of the chain, or NULL. */
struct login *login_end_of(const struct auth_request *request);

/* Whether somebody signs in. Otherwise Dovecot asks about a member, in the name of a service, as
 * userdb static asks the passdbs for a shared mailbox, say. That has no mechanism, and is not
 * recorded. */
bool login_is_attempt(const struct auth_request *request);
/* Whether its mechanism offers a token. */
bool login_is_bearer(const struct auth_request *request);

/* Logs and records a denial, and has the other end told the reason where it may be told. */
enum passdb_result login_deny(struct login *login, const struct pl_login_result *result);

#endif
