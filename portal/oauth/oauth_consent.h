/* oauth_consent.h - what a member is asked before a mail program is connected. */
#ifndef POSTLATCH_PORTAL_OAUTH_CONSENT_H
#define POSTLATCH_PORTAL_OAUTH_CONSENT_H

#include "portal/http/request.h"
#include "portal/http/response.h"

/* Whether connected applications are on for a member: 1, 0, -1. */
int application_is_allowed(const struct request *request, const struct pl_address *address,
			   struct pl_error *err);
/* Keeps the authorization request, and leads to the page that asks about it. state is NULL when
 * the client sent none. */
int consent_ask(struct request *request, struct response *response, const struct pl_grant *grant,
		const char *state, struct pl_error *err);

#endif
