/* job_run.h - carries jobs out, a portion of members after the other.
 *
 * A portion is one transaction: its members, their audit records, what the job has to remember of
 * them, and how far the job is. So a job whose runner was killed goes on where the last portion has
 * ended, and no member is changed twice or left out. Whoever writes waits for one portion at most:
 * its size is adapted, so that it takes about PL_JOB_PORTION_MS. Members that have the same are
 * changed by one statement.
 *
 * A runner has a job by a lease, which each portion prolongs and verifies. The job of a runner that
 * is gone is taken over by the next one that looks, PL_JOB_LEASE seconds later at most.
 */
#ifndef POSTLATCH_JOB_RUN_H
#define POSTLATCH_JOB_RUN_H

#include "policy/admin/job.h"
#include "policy/session/session.h"

#define PL_JOB_LEASE 5       /* seconds */
#define PL_JOB_PORTION_MS 25 /* aimed at, from the beginning of a transaction to its end */
#define PL_JOB_PORTION_MOST 4000
#define PL_JOB_PORTION_LEAST 20
#define PL_JOB_PAUSE_MS 15 /* that others may write where one alone can; see pl_job_pause_ms */

struct pl_job_runner {
	char name[64]; /* no other runner has it */
	const struct pl_policy *policy;
	int portion; /* members in the next portion; 0: not known yet */
	/* Told of each session that a portion ends, in its transaction; NULL: nobody. What it is
	 * told holds once pl_job_run_portion has returned 1. */
	void (*session_ends)(const struct pl_session *session, void *context);
	/* Told of the members of a portion of a job that may have shut some of them out
	 * (job_lost.h), when it is committed; NULL: nobody. */
	void (*members_changed)(int64_t job_id, const int64_t *ids, size_t count, void *context);
	void *context;
};

/* Gives the runner a job that is to be run: 1 and its id, 0 none, -1. Outside of a transaction. */
int pl_job_claim(const struct pl_work *work, const struct pl_job_runner *runner, int64_t *id_r);
/* Runs the next portion in a transaction of its own. now of the work is that of the portion. 1 when
 * there may be more; 0 when the job has ended, or was paused, or is another runner's; -1: the
 * portion is undone, and may be tried again. */
int pl_job_run_portion(const struct pl_work *work, struct pl_job_runner *runner, int64_t id);
/* Runs one job until it is over, or waits for the runner that has it. 0 and the job as it is then:
 * done, paused or stopped; -1: others may go on with it. */
int pl_job_run(const struct pl_work *at, struct pl_job_runner *runner, int64_t id,
	       struct pl_job *job_r);
/* A job that a command has left, and that nobody runs: 1 and its id, 0 none, -1. */
int pl_job_left(const struct pl_work *work, int64_t *id_r);
/* How many milliseconds a runner should wait after a portion, so that others come to write. */
int pl_job_pause_ms(const struct pl_store *store);

#endif
