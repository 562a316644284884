/* console_domain_answer.h - a domain in the answers of the administrators' API. */
#ifndef POSTLATCH_PORTAL_CONSOLE_DOMAIN_ANSWER_H
#define POSTLATCH_PORTAL_CONSOLE_DOMAIN_ANSWER_H

#include "policy/admin/domain_page.h"
#include "portal/http/request.h"
#include "portal/http/response.h"

/* A row of the list: the domain, what holds for its members, counts, and the last change. */
json_t *console_domain_row(const struct request *request, const struct pl_domain_summary *summary);
/* The domain that the path names, which may be an alias of the request's target: 1; 0 and the
 * answer, when it was removed meanwhile; -1. */
int console_domain_read(const struct request *request, struct response *response,
			struct pl_domain_summary *summary_r, struct pl_error *err);
#define CONSOLE_DOMAIN_STATE (1024 + PL_VALUE_TEXT)
/* What can be changed of a domain, for its ETag. Returns state_r. */
char *console_domain_state(const struct pl_domain *domain, char state_r[CONSOLE_DOMAIN_STATE]);
/* The row with what a change needs beside it: what is allowed, what is locked, and the ETag. result
 * is added to it as "result", and taken over; NULL: none. 0, or -1. */
int console_domain_answer(const struct request *request, struct response *response, int status,
			  const struct pl_domain_summary *summary, json_t *result,
			  struct pl_error *err);

#endif
