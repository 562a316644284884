/* guards.h - kinds of access of OAuth. Values and meaning: struct guard in portal/http/route.h;
 * their names and sentences: portal/guards.def.
 */
#ifndef POSTLATCH_PORTAL_OAUTH_GUARDS_H
#define POSTLATCH_PORTAL_OAUTH_GUARDS_H

#include "portal/http/request.h"
#include "portal/http/response.h"

/* An OAuth client that has authenticated (RFC 6749 2.3); fills the request's client. */
int guard_client(struct request *request, struct response *response, struct pl_error *err);
/* An access token of a session (RFC 6750); fills the request's token and address. */
int guard_bearer(struct request *request, struct response *response, struct pl_error *err);

/* Whether webmail's tokens of a session are good no more, although it has not ended: webmail was
 * switched off, or a second step is next. 1, 0, or -1. */
int session_is_stopped(const struct request *request, int64_t session_id, struct pl_error *err);

#endif
