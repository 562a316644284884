/* password.h - one attempt at an account password. */
#ifndef POSTLATCH_PORTAL_PASSWORD_H
#define POSTLATCH_PORTAL_PASSWORD_H

#include "portal/http/request.h"
#include "portal/http/response.h"

/* Checks the password of user at Dovecot, as service "webmail" and with the address of the
 * browser. The attempt is counted before it is made, and not counted when Dovecot cannot tell.
 * Logs what came of a failed one. The request has no connection to the database while Dovecot is
 * asked, and may have none after 0. 1 right, and name_r is the name as Dovecot has it; 0 when
 * response says why not (wrong, or too many attempts); -1 cannot tell. */
int password_attempt(struct request *request, struct response *response, const char *user,
		     const char *password, char name_r[PL_ADDRESS_MAX + 1], struct pl_error *err);

/* Asks Dovecot as service "webmail", with the address of the browser, whether user may sign in with
 * the password. The request has no connection to the database meanwhile, and has one again unless
 * the answer is 0 or it cannot be had. 1 and name_r, as above; 0; -1 cannot tell. */
int password_ask(struct request *request, const char *user, const struct pl_secret *password,
		 char name_r[PL_ADDRESS_MAX + 1], struct pl_error *err);

/* Whether a password that was just changed is the member's for Dovecot. Nothing is counted. The
 * request has no connection to the database meanwhile, and may have none after it. 1, 0, or -1
 * cannot tell. */
int password_holds(struct request *request, const char *password, struct pl_error *err);

#endif
