/* job_row.h - what the other files of jobs need of job.c. */
#ifndef POSTLATCH_JOB_ROW_H
#define POSTLATCH_JOB_ROW_H

#include "policy/admin/job.h"

/* Reads PL_SQL_JOB_COLUMNS. */
void pl_job_read(struct pl_stmt *stmt, struct pl_job *job_r);
/* Writes a job of action, change, filter, is_list, total and highest, for the actor of the work,
 * with its audit record, and fills the rest. 0 or -1. */
int pl_job_insert(const struct pl_work *work, const struct pl_administrator *administrator,
		  struct pl_job *job);
/* What stands for "before" at a member that the job has added. */
#define PL_JOB_NO_MEMBER "member=none"
/* Whether the change, made to the administrator's own account, would lock it out of the console. */
int pl_job_locks_out(const struct pl_change *change);
/* Whether a job with that change leaves out all other administrators: none but a server
 * administrator changes them, and nobody many at once so that they may be locked out. */
int pl_job_spares_administrators(enum pl_admin_role role, enum pl_job_action action,
				 const struct pl_change *change);

#endif
