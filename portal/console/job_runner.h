/* job_runner.h - the thread of the portal that runs jobs (policy/admin/job_run.h). */
#ifndef POSTLATCH_PORTAL_JOB_RUNNER_H
#define POSTLATCH_PORTAL_JOB_RUNNER_H

#include "portal/http/portal.h"

struct job_runner;

/* Starts the thread, which looks for jobs now and every few seconds. The portal outlives it. */
int job_runner_start(struct portal *portal, struct job_runner **runner_r, struct pl_error *err);
/* Ends it, after the portion that it is at. Accepts NULL. */
void job_runner_stop(struct job_runner **runner);
/* Has the thread of this process look at once, if there is one. */
void job_runner_wake(void);

#endif
