/* account_answer.h - everything that the account page shows. */
#ifndef POSTLATCH_PORTAL_ACCOUNT_ANSWER_H
#define POSTLATCH_PORTAL_ACCOUNT_ANSWER_H

#include "portal/http/request.h"
#include "portal/http/response.h"

/* Whether a factor was proven lately, so that sensitive changes are open. (dispatch.c) */
int is_fresh(const struct request *request);
/* The fresh account object as the answer. */
int answer_account(struct request *request, struct response *response, struct pl_error *err);
/* Its member's settings. 0, or -1. */
int account_resolve(const struct request *request, enum pl_setting setting,
		    struct pl_resolved *resolved_r, struct pl_error *err);

#endif
