/* new_password.h - setting the account password of the request's member, known or forgotten.
 *
 * The password is the operator's: the operator's command changes it, and Dovecot says whether the
 * new one holds, before anything is told to be done. The new one is the field "new" of the body.
 */
#ifndef POSTLATCH_PORTAL_NEW_PASSWORD_H
#define POSTLATCH_PORTAL_NEW_PASSWORD_H

#include "portal/http/request.h"
#include "portal/http/response.h"

/* Whether the new one is good enough; old is NULL where nobody knows it. 1; 0 and the answer;
 * -1. */
int new_password_check(const struct request *request, struct response *response, const char *old,
		       struct pl_error *err);
/* Has it set. 1, and the request has a connection to the database again; 0 and the answer. What
 * fails from here on is told by new_password_unknown(), as nothing is undone. */
int new_password_set(struct request *request, struct response *response, const char *old);
/* Answers that nobody knows whether it was changed, and logs why. 0. */
int new_password_unknown(struct response *response, const struct pl_error *err);

#endif
