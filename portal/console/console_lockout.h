/* console_lockout.h - whether a change leaves somebody who can sign in to the console.
 *
 * A server administrator must be left who can, whoever makes the change; and whoever is no server
 * administrator shuts out no other administrator. Both are counted before the change and after it,
 * in its write transaction, because a setting, a domain or a member may be what shuts one out.
 */
#ifndef POSTLATCH_PORTAL_CONSOLE_LOCKOUT_H
#define POSTLATCH_PORTAL_CONSOLE_LOCKOUT_H

#include "portal/http/request.h"
#include "portal/http/response.h"

/* Administrators who can sign in. */
struct console_lockout {
	int64_t servers; /* of role server */
	int64_t others;  /* of all roles, but for who asks */
};

/* Before the change: 0, or -1 and the error of request->work. */
int console_lockout_begin(const struct request *request, struct console_lockout *before_r);
/* After it: 1; 0 and the answer, 409, and the change must be taken back; -1. */
int console_lockout_end(const struct request *request, struct response *response,
			const struct console_lockout *before);
/* Whether who has that account cannot sign in to the portal, and so not to the console. */
int console_is_locked_out(const struct request *request, const struct pl_account *account);

#endif
