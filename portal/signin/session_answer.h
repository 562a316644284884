/* session_answer.h - the object that tells a page who is signed in and which step is next. */
#ifndef POSTLATCH_PORTAL_SESSION_ANSWER_H
#define POSTLATCH_PORTAL_SESSION_ANSWER_H

#include "portal/signin/next_step.h"
#include "portal/http/response.h"

/* {"state": "none", ...}; why: as why_signed_out() says it. */
int answer_no_session(const struct request *request, struct response *response, const char *why);
/* next counts for a pending session, and account is that of its member; NULL: no step is to follow.
 * cookie is that of the session. */
int answer_session(const struct request *request, struct response *response,
		   const struct pl_session *session, const struct pl_secret *cookie,
		   const struct pl_account *account, enum next_step next, struct pl_error *err);

#endif
