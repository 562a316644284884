/* activity.h - a page of what has happened to a member's account, for the member and for
 * administrators. */
#ifndef POSTLATCH_PORTAL_ACTIVITY_H
#define POSTLATCH_PORTAL_ACTIVITY_H

#include "policy/account/member.h"
#include "portal/http/request.h"
#include "portal/http/response.h"

/* An administrator is told which administrator made a change, and from where. */
enum activity_reader { ACTIVITY_FOR_MEMBER, ACTIVITY_FOR_ADMINISTRATOR };

/* Answers with the page that the query field "after" names, the newest without it. 0, or -1. */
int answer_activity(struct request *request, struct response *response,
		    const struct pl_member *member, enum activity_reader reader,
		    struct pl_error *err);

#endif
