/* domain_job.h - a change of a domain that takes settings of their own from its many members.
 *
 * The domain is changed at once, and so are those of its members who are administrators: whoever
 * makes the change is told then whether it shuts one of them out. All others are changed by a job
 * (job.h), so that nobody who wants to write waits for them; until it is through, some have what
 * they had. Undoing the job gives members back what they had, and leaves the domain as it is.
 */
#ifndef POSTLATCH_DOMAIN_JOB_H
#define POSTLATCH_DOMAIN_JOB_H

#include "policy/account/scope.h"
#include "policy/admin/job.h"

/* counted is what pl_scope_count() has told of PL_SCOPE_ALL. In the caller's write transaction. 0,
 * or -1. */
int pl_domain_set_by_job(const struct pl_work *work, const struct pl_policy *policy,
			 const struct pl_administrator *administrator, const char *name,
			 const struct pl_change *change, const struct pl_scope_result *counted,
			 struct pl_job *job_r);

#endif
