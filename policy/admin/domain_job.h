/* domain_job.h - a change of a domain and of its members, few or many.
 *
 * With many members, those whose rows are written are left to a job (job.h), so that nobody who
 * wants to write waits for them:
 *
 *	PL_SCOPE_ALL  The domain is changed at once, and so are those of its members who are
 *	              administrators: whoever makes the change is told then whether it shuts one of
 *	              them out. The job takes the settings of their own from all others; until it is
 *	              through, some have what they had. Undoing it gives them back, and leaves the
 *	              domain as it is.
 *	PL_SCOPE_NEW  The job gives members who inherit what holds for them, and changes the domain
 *	              with its last portion: until then, and if it is stopped, the same holds for
 *	              everybody. It can be undone before its end, and not once the domain is
 *	              changed. Who joins behind its beginning is new.
 *
 * A job that is interrupted goes on with any portal (job_run.h); one that a command has made, also
 * with the next command that changes a domain.
 */
#ifndef POSTLATCH_DOMAIN_JOB_H
#define POSTLATCH_DOMAIN_JOB_H

#include "policy/account/scope.h"
#include "policy/admin/job.h"

/* result is what pl_scope_count() has told, before others have to wait; with few members it is
 * counted anew. In the caller's write transaction. The id of the job is 0 when there is none. 0, or
 * -1 with the errors of pl_domain_set(). */
int pl_domain_change(const struct pl_work *work, const struct pl_policy *policy,
		     const struct pl_administrator *administrator, const char *name,
		     const struct pl_change *change, enum pl_scope scope,
		     struct pl_scope_result *result, struct pl_job *job_r);

#endif
