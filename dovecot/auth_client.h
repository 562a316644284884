/* auth_client.h - asks Dovecot whether an account password is right.
 *
 * It speaks the auth client protocol (version 1.2) with PLAIN, one connection for each
 * question, so that Dovecot's own passdbs, delays and policy server apply.
 */
#ifndef POSTLATCH_DOVECOT_AUTH_CLIENT_H
#define POSTLATCH_DOVECOT_AUTH_CLIENT_H

#include "policy/base/address.h"
#include "policy/base/secret.h"

/* Whose password is checked, and what Dovecot is told about the login. */
struct auth_client_login {
	const char *socket; /* path of the UNIX socket of Dovecot's auth process */
	const char *service, *user;
	const struct pl_secret *password;
	const char *ip; /* of the client */
};

/* 1 right; 0 wrong; -1 and PL_ERR_RETRY, PL_ERR_CONFIG or PL_ERR_INVALID when Dovecot cannot
 * tell: a temporary failure is never "wrong". user_r becomes the name as Dovecot has it.
 * Waits for up to 20 seconds. */
int auth_client_check(const struct auth_client_login *login, char user_r[PL_ADDRESS_MAX + 1],
		      struct pl_error *err);

#endif
