/* console_member_change.h - adding a member and changing one, in the write transaction of a change
 * (console_change.h). */
#ifndef POSTLATCH_PORTAL_CONSOLE_MEMBER_CHANGE_H
#define POSTLATCH_PORTAL_CONSOLE_MEMBER_CHANGE_H

#include "portal/http/request.h"
#include "portal/http/response.h"

/* Changes the target. Whoever it shuts out is disconnected after the answer. 1; 0 and the answer,
 * 409; -1. */
int console_member_set(struct request *request, struct response *response,
		       const struct pl_change *change);
/* Adds a member, which becomes the target. 1; 0 and the answer, 404 for a domain that is not known
 * or none of the administrator's, and 409; -1. */
int console_member_add(struct request *request, struct response *response,
		       const struct pl_address *address, const struct pl_change *change);

#endif
