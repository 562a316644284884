/* job_lost.h - the members whom a job has shut out of what they use.
 *
 * Mail connections that such a member has opened stay open until somebody ends them. Of a million
 * members that a job has changed, few have any: those who have signed in to a service that is
 * refused to them now, and was not before. It is asked after the portion, so that nobody has to
 * wait for it, of members as they are by then: who was given the service back in the meantime keeps
 * what is open.
 */
#ifndef POSTLATCH_JOB_LOST_H
#define POSTLATCH_JOB_LOST_H

#include "policy/admin/job.h"

/* Whether what the job changes can shut members out at all. */
int pl_job_may_shut_out(const struct pl_job *job);
/* Calls each for those of the members, which are sorted, that the job has changed and shut out.
 * Reads only. 0, or -1. */
int pl_job_lost(const struct pl_work *work, const struct pl_policy *policy, int64_t job_id,
		const int64_t *ids, size_t count,
		void (*each)(const struct pl_address *member, void *context), void *context);

#endif
