/* console_domains_of.h - roles and domains of administrators and keys, as requests and answers have
 * them. */
#ifndef POSTLATCH_PORTAL_CONSOLE_DOMAINS_OF_H
#define POSTLATCH_PORTAL_CONSOLE_DOMAINS_OF_H

#include "portal/http/request.h"
#include "portal/http/response.h"

#define CONSOLE_DOMAINS_MOST 100 /* of one administrator or key */

/* The names of its domains, sorted. 0, or -1 and the request's error. */
int console_domains_of(const struct request *request, const struct pl_administrator *administrator,
		       json_t **domains_r);
/* The fields role and domains of the body, which fit each other: domains_r ends with NULL, and has
 * room for CONSOLE_DOMAINS_MOST + 1; its names are the request's. 1, or 0 and the answer. */
int console_role(const struct request *request, struct response *response,
		 enum pl_admin_role *role_r, const char **domains_r);

#endif
