/* job_runner.c - see job_runner.h.
 *
 * The thread asks for a connection, works for a while and gives it back, so that a job notices
 * another policy file or database. All portals look for jobs; the lease of a job decides who runs
 * it.
 */
#include "portal/console/job_runner.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "policy/admin/job_run.h"
#include "policy/base/monotonic.h"
#include "policy/base/random.h"
#include "policy/base/thread.h"
#include "portal/console/disconnector.h"

#define LOOK_EVERY_MS 2000
#define AFTER_FAILURE_MS 5000
#define TURN_MS 1000 /* with one connection */

/* Sessions that a portion ends, member after member. */
struct ended {
	struct disconnection *members;
	size_t count, room;
	int64_t member_id; /* of the last */
};

struct job_runner {
	struct portal *portal;
	pthread_t thread;
	struct pl_job_runner runner;
	struct disconnector *disconnector;
	struct ended ended;
	int stops; /* with the lock held */
};

/* Of all threads of the process that wait here, or wake them. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;
static int wanted; /* with the lock held */

void job_runner_wake(void)
{
	pthread_mutex_lock(&lock);
	wanted = 1;
	pthread_cond_broadcast(&woken);
	pthread_mutex_unlock(&lock);
}

/* Waits for so long, or until it is to stop; with may_wake, until there is a new job. Whether it is
 * to stop. */
static int wait_ms(struct job_runner *runner, int ms, int may_wake)
{
	const struct timespec end = pl_monotonic_after(ms);
	int stops, ret = 0;

	pthread_mutex_lock(&lock);
	while (!runner->stops && !(may_wake && wanted) && ms > 0 && ret == 0)
		ret = pthread_cond_clockwait(&woken, &lock, CLOCK_MONOTONIC, &end);
	if (may_wake)
		wanted = 0;
	stops = runner->stops;
	pthread_mutex_unlock(&lock);
	return stops;
}

/* ---- mail connections of sessions that end ---- */

/* Best effort: without memory the connections last until they are used again. */
static void session_ends(const struct pl_session *session, void *context)
{
	struct ended *ended = &((struct job_runner *)context)->ended;

	if (ended->count == 0 || ended->member_id != session->member_id) {
		if (ended->count == ended->room) {
			const size_t room = ended->room == 0 ? 16 : 2 * ended->room;
			struct disconnection *more = realloc(ended->members, room * sizeof(*more));

			if (more == NULL)
				return;
			ended->members = more;
			ended->room = room;
		}
		memset(&ended->members[ended->count++], 0, sizeof(*ended->members));
		ended->member_id = session->member_id;
	}
	disconnection_add_session(&ended->members[ended->count - 1], session);
}

static void members_changed(int64_t job_id, const int64_t *ids, size_t count, void *context)
{
	const struct job_runner *runner = context;

	disconnector_add_changed(runner->disconnector, job_id, ids, count);
}

/* ---- jobs ---- */

/* 1 when there may be more to do, 0, -1. */
static int run_job(const struct pl_work *at, struct job_runner *runner, int64_t id)
{
	const int64_t begun = pl_monotonic_ms();
	const int pause_ms = pl_job_pause_ms(at->store);
	struct pl_work work = *at;
	int ret = 1;

	while (ret == 1 && pl_monotonic_ms() - begun < TURN_MS && !wait_ms(runner, pause_ms, 0)) {
		work.now = pl_store_now(work.store);
		runner->ended.count = 0;
		ret = pl_job_run_portion(&work, &runner->runner, id);
		if (ret >= 0 && runner->ended.count > 0)
			disconnector_add(runner->disconnector, runner->ended.members,
					 runner->ended.count);
	}
	return ret < 0 ? -1 : 1;
}

static int run_next(const struct pl_work *work, const struct pl_policy *policy, void *context)
{
	struct job_runner *runner = context;
	int64_t id;
	int ret;

	runner->runner.policy = policy;
	ret = pl_job_claim(work, &runner->runner, &id);
	return ret == 1 ? run_job(work, runner, id) : ret;
}

static void *run(void *context)
{
	struct job_runner *runner = context;
	int pause_ms = 0;

	while (!wait_ms(runner, pause_ms, pause_ms == LOOK_EVERY_MS)) {
		const int ret = portal_run_as(runner->portal, PL_ROLE_CONSOLE, "running a job",
					      run_next, runner);

		pause_ms = ret == 1 ? 0 : ret == 0 ? LOOK_EVERY_MS : AFTER_FAILURE_MS;
	}
	return NULL;
}

static int make_name(struct job_runner *runner, struct pl_error *err)
{
	struct pl_secret name;

	if (pl_random_base32(16, &name, err) < 0)
		return -1;
	memcpy(runner->runner.name, name.data, name.len);
	pl_secret_wipe(&name);
	return 0;
}

int job_runner_start(struct portal *portal, struct job_runner **runner_r, struct pl_error *err)
{
	struct job_runner *runner = calloc(1, sizeof(*runner));

	*runner_r = NULL;
	if (runner == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	runner->portal = portal;
	runner->runner.session_ends = session_ends;
	runner->runner.members_changed = members_changed;
	runner->runner.context = runner;
	if (make_name(runner, err) < 0 ||
	    disconnector_start(portal, &runner->disconnector, err) < 0 ||
	    (pl_thread_start(&runner->thread, run, runner) != 0 &&
	     pl_error_set(err, PL_ERR_RETRY, "no thread to run jobs in") < 0)) {
		if (runner->disconnector != NULL)
			disconnector_stop(runner->disconnector);
		disconnector_free(&runner->disconnector);
		free(runner);
		return -1;
	}
	*runner_r = runner;
	return 0;
}

void job_runner_stop(struct job_runner **runner_p)
{
	struct job_runner *runner = *runner_p;

	*runner_p = NULL;
	if (runner == NULL)
		return;
	pthread_mutex_lock(&lock);
	runner->stops = 1;
	pthread_cond_broadcast(&woken);
	pthread_mutex_unlock(&lock);
	/* The runner may be waiting for the disconnector. */
	disconnector_stop(runner->disconnector);
	pthread_join(runner->thread, NULL);
	disconnector_free(&runner->disconnector);
	free(runner->ended.members);
	free(runner);
}
