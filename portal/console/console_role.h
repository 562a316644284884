/* console_role.h - what administrators and keys have in common, in requests and answers: a role and
 * domains. */
#ifndef POSTLATCH_PORTAL_CONSOLE_ROLE_H
#define POSTLATCH_PORTAL_CONSOLE_ROLE_H

#include "portal/http/request.h"
#include "portal/http/response.h"

#define CONSOLE_DOMAINS_MOST 100 /* of one administrator or key */

/* Fields of a body that fit each other. */
struct console_role {
	enum pl_admin_role role;
	const char *domains[CONSOLE_DOMAINS_MOST + 1]; /* ends with NULL; the request's */
};

/* Reads them. 1, or 0 and the answer. */
int console_role_read(const struct request *request, struct response *response,
		      struct console_role *role_r);
/* {"id": ..., "role": ..., "domains": [...], "made_at": ..., "made_by": ...}. 0, or -1 and the
 * request's error. */
int console_role_json(const struct request *request, const struct pl_administrator *administrator,
		      json_t **json_r);

/* A page of a list that is being read. */
struct console_role_list {
	const struct request *request;
	json_t *rows;
	int failed;
};

/* Adds a row, which it takes over; NULL: it could not be made. Returns what a callback returns: 0
 * to go on. */
int console_role_list_add(struct console_role_list *list, json_t *row);
/* Answers with the page, and takes its rows over. ret is -1 when reading has failed. 0, or -1. */
int console_role_list_answer(struct console_role_list *list, struct response *response,
			     int64_t total, int ret);

#endif
