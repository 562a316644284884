/* oauth_answer.h - what leads from the authorization endpoint back to the client (RFC 6749 4.1.2,
 * RFC 9207). */
#ifndef POSTLATCH_PORTAL_OAUTH_ANSWER_H
#define POSTLATCH_PORTAL_OAUTH_ANSWER_H

#include "portal/http/request.h"
#include "portal/http/url.h"

/* An address with a new code for the grant, in the caller's write transaction. state is NULL when
 * the client sent none. The caller wipes url_r. 0, or -1. */
int oauth_code_url(const struct request *request, const struct pl_grant *grant, const char *state,
		   struct url *url_r, struct pl_error *err);
/* One that says what is wrong; error and text are static. */
void oauth_error_url(const struct request *request, const struct pl_grant *grant, const char *state,
		     const char *error, const char *text, struct url *url_r);

#endif
