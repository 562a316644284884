/* guards.h - kinds of access that a role gives. Values and meaning: struct guard in
 * portal/http/route.h; their names and sentences: portal/guards.def.
 *
 * Each fills the request's administrator, its key or session, and its target, which is what the
 * path names (enum route_object).
 */
#ifndef POSTLATCH_PORTAL_CONSOLE_GUARDS_H
#define POSTLATCH_PORTAL_CONSOLE_GUARDS_H

#include "portal/http/request.h"
#include "portal/http/response.h"

int guard_helpdesk(struct request *request, struct response *response, struct pl_error *err);
int guard_domain_administrator(struct request *request, struct response *response,
			       struct pl_error *err);
int guard_server_administrator(struct request *request, struct response *response,
			       struct pl_error *err);

#endif
