/* console_job.h - jobs as the administrators' API has them. */
#ifndef POSTLATCH_PORTAL_CONSOLE_JOB_H
#define POSTLATCH_PORTAL_CONSOLE_JOB_H

#include "policy/admin/job_preview.h"
#include "portal/http/request.h"
#include "portal/http/response.h"

/* What a request for a job or a preview has said. */
struct console_job {
	struct pl_job job; /* action, change, filter, is_list */
	struct pl_account
		*members; /* of the list that there are, and that the administrator reaches */
	size_t count, not_found;
};

/* Reads the body: 1; 0 and the answer; -1. Free it in any case. */
int console_job_read(const struct request *request, struct response *response,
		     struct console_job *job_r, struct pl_error *err);
void console_job_free(struct console_job *job);
/* The row Job of answers.def. */
json_t *console_job_json(const struct pl_job *job);

#endif
