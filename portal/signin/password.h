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

/* Whether a password that was just changed is the member's for Dovecot. Nothing is counted. The
 * request has no connection to the database meanwhile, and may have none after it. 1, 0, or -1
 * cannot tell. */
int password_holds(struct request *request, const char *password, struct pl_error *err);

#endif
