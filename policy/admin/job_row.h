/* job_row.h - what job_run.c and job_preview.c need of job.c. */
#ifndef POSTLATCH_JOB_ROW_H
#define POSTLATCH_JOB_ROW_H

#include "policy/admin/job.h"

/* Reads PL_SQL_JOB_COLUMNS. */
void pl_job_read(struct pl_stmt *stmt, struct pl_job *job_r);
/* Whether the change, made to the administrator's own account, would lock it out of the console. */
int pl_job_locks_out(const struct pl_change *change);

#endif
