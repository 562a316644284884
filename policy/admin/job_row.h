/* job_row.h - what job_run.c and job_preview.c need of job.c. */
#ifndef POSTLATCH_JOB_ROW_H
#define POSTLATCH_JOB_ROW_H

#include "policy/admin/job.h"

/* Reads PL_SQL_JOB_COLUMNS. */
void pl_job_read(struct pl_stmt *stmt, struct pl_job *job_r);
/* Whether the change, made to the administrator's own account, would lock it out of the console. */
int pl_job_locks_out(const struct pl_change *change);
/* Whether a job with that change leaves out all other administrators: none but a server
 * administrator changes them, and nobody many at once so that they may be locked out. */
int pl_job_spares_administrators(enum pl_admin_role role, enum pl_job_action action,
				 const struct pl_change *change);

#endif
