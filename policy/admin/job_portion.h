/* job_portion.h - what becomes of the members of one portion of a job; private to job_run.c,
 * job_portion.c and job_groups.c. */
#ifndef POSTLATCH_JOB_PORTION_H
#define POSTLATCH_JOB_PORTION_H

#include "policy/account/scope_reach.h"
#include "policy/admin/job_run.h"

struct pl_job_portion {
	struct pl_job job;                     /* as it was before */
	struct pl_administrator administrator; /* who has made it, as it is now */
	int64_t scope;                         /* of that administrator */
	int64_t first, last; /* the ids of its members are above first, up to last */
	int64_t ids[PL_JOB_PORTION_MOST];
	size_t members; /* of an import: lines */
	size_t touched; /* those of ids who may have been changed */
	/* Of PL_JOB_PIN: what its domain is given, as it would be now. */
	struct pl_change change;
	struct pl_scope_change domain;
	char *rows;        /* of an import: a part of its lines */
	int64_t rows_last; /* the last line of that part */
	int64_t added, changed, same, skipped, failed;
};

/* The parameters of PL_SQL_JOB_PORTION. */
#define PORTION_PARAMS(portion, outcome_)                                       \
	PL_INT("job_id", (portion)->job.id), PL_INT("first", (portion)->first), \
		PL_INT("last", (portion)->last), PL_TEXT("outcome", (outcome_))

/* Changes the members, with their audit records and the job's rows, and counts them. In the
 * caller's write transaction. 0, or -1. */
int pl_job_portion_run(const struct pl_work *work, struct pl_job_runner *runner,
		       struct pl_job_portion *portion);
/* Its step for settings: makes the change, or what an undo gives back, to all that are taken, and
 * marks each as changed, same or failed. 0, or -1. */
int pl_job_change_groups(const struct pl_work *work, const struct pl_job_portion *portion,
			 const struct pl_change *change);

#endif
