/* job_preview.h - what a job would do, before anybody makes it, by outcome (outcome.h). */
#ifndef POSTLATCH_JOB_PREVIEW_H
#define POSTLATCH_JOB_PREVIEW_H

#include "policy/admin/job.h"

struct pl_job_preview {
	int64_t matching; /* members, and each of them is one of the next five */
	int64_t changed, same;
	int64_t administrators, own_account, forbidden; /* left out */
	/* Of those that would be changed: */
	int64_t lose_service; /* cannot do any more what they did in the last PL_OUTCOME_USE_DAYS */
	int64_t must_register; /* have to register a second factor before they use webmail again */
	int64_t outside_networks; /* could not use webmail from where they have used it last */
};

/* Fills preview_r for a job of the administrator with this action, change and filter. count members
 * are its list; 0: the filter counts. 0, or -1: PL_ERR_INVALID for a change that cannot be read.
 * Takes several statements, so that none of them lasts long; outside of a transaction. */
int pl_job_preview(const struct pl_work *work, const struct pl_policy *policy,
		   const struct pl_administrator *administrator, const struct pl_job *job,
		   const struct pl_account *members, size_t count,
		   struct pl_job_preview *preview_r);

#endif
