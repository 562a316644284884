/* scim_answer.h - answers to requests of SCIM, which have a type and a form of errors of their own
 * (RFC 7644 3.1, 3.12). */
#ifndef POSTLATCH_PORTAL_SCIM_ANSWER_H
#define POSTLATCH_PORTAL_SCIM_ANSWER_H

#include "portal/http/request.h"
#include "portal/http/response.h"

#define SCIM_TYPE "application/scim+json"
#define SCIM_BASE "/scim/v2"

/* scim_type is one of RFC 7644 table 9, or NULL; detail is a sentence. Returns 0. */
int respond_scim_error(struct response *response, int status, const char *scim_type,
		       const char *detail);
/* To be called with every answer before it is sent: where the request is one of SCIM, the answer
 * gets its type, and an error that any other part of the portal has found gets its form, with the
 * code as the detail. */
void scim_answer_finish(const struct request *request, struct response *response);

#endif
