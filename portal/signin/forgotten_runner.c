/* forgotten_runner.c - see forgotten_runner.h.
 *
 * All portals look for requests; who claims one decides about it.
 */
#include "portal/signin/forgotten_runner.h"

#include <pthread.h>
#include <stdlib.h>

#include "daemon/log.h"
#include "policy/base/monotonic.h"
#include "policy/base/thread.h"
#include "policy/login/live_policy.h"
#include "policy/recovery/reset.h"

#define LOOK_EVERY_MS 2000
#define TURN 50 /* requests with one connection */

struct forgotten_runner {
	struct portal *portal;
	pthread_t thread;
	int stops; /* with the lock held */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;
static int wanted; /* with the lock held */

void forgotten_runner_wake(void)
{
	pthread_mutex_lock(&lock);
	wanted = 1;
	pthread_cond_broadcast(&woken);
	pthread_mutex_unlock(&lock);
}

/* Waits until it is time or somebody wakes it. Whether it is to stop. */
static int wait_for_more(struct forgotten_runner *runner, int ms)
{
	const struct timespec end = pl_monotonic_after(ms);
	int stops, ret = 0;

	pthread_mutex_lock(&lock);
	while (!runner->stops && !wanted && ret == 0)
		ret = pthread_cond_clockwait(&woken, &lock, CLOCK_MONOTONIC, &end);
	wanted = 0;
	stops = runner->stops;
	pthread_mutex_unlock(&lock);
	return stops;
}

/* What cannot be done later either must not keep the others waiting. 1, or -1. */
static int give_up(const struct pl_work *work, const struct pl_reset_request *request)
{
	pl_error_prefix(work->err, "a request for a new password is given up");
	daemon_log_failure(NULL, work->err);
	if (pl_store_begin_write(work->store, work->err) < 0)
		return -1;
	return pl_store_finish(work->store, pl_reset_drop(work, request) < 0 ? -1 : 0, work->err) <
			       0
		       ? -1
		       : 1;
}

/* Each in a transaction of its own: 1 when there may be more, 0, -1. */
static int decide_next(const struct pl_work *work, const struct pl_snapshot *snapshot)
{
	const struct pl_contact_keys keys = { snapshot->seal_key, snapshot->hmac_key };
	struct pl_reset_request request;
	struct pl_work by = *work;
	int ret = pl_reset_next(work, &request);

	if (ret != 1)
		return ret;
	by.actor = (struct pl_actor){ .who = "portal", .from = request.asker.ip };
	if (pl_store_begin_write(work->store, work->err) < 0)
		return -1;
	ret = pl_reset_decide(&by, &keys, snapshot->policy, &request);
	if (pl_store_finish(work->store, ret, work->err) >= 0)
		return 1;
	return work->err->code == PL_ERR_DATA || work->err->code == PL_ERR_CONFIG
		       ? give_up(work, &request)
		       : -1;
}

static int decide_all(const struct pl_work *work, const struct pl_snapshot *snapshot, void *context)
{
	int ret = pl_reset_is_on(snapshot->policy);

	(void)context;
	for (int i = 0; ret == 1 && i < TURN; i++)
		ret = decide_next(work, snapshot);
	return ret;
}

static void *run(void *context)
{
	struct forgotten_runner *runner = context;
	int pause_ms = 0;

	while (!wait_for_more(runner, pause_ms)) {
		const int ret = portal_run_with_keys(runner->portal, "requests for a new password",
						     decide_all, NULL);

		pause_ms = ret == 1 ? 0 : LOOK_EVERY_MS;
	}
	return NULL;
}

int forgotten_runner_start(struct portal *portal, struct forgotten_runner **runner_r,
			   struct pl_error *err)
{
	struct forgotten_runner *runner = calloc(1, sizeof(*runner));

	*runner_r = NULL;
	if (runner == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	runner->portal = portal;
	if (pl_thread_start(&runner->thread, run, runner) != 0) {
		free(runner);
		return pl_error_set(err, PL_ERR_RETRY, "no thread for requests for a new password");
	}
	*runner_r = runner;
	return 0;
}

void forgotten_runner_stop(struct forgotten_runner **runner_p)
{
	struct forgotten_runner *runner = *runner_p;

	*runner_p = NULL;
	if (runner == NULL)
		return;
	pthread_mutex_lock(&lock);
	runner->stops = 1;
	pthread_cond_broadcast(&woken);
	pthread_mutex_unlock(&lock);
	pthread_join(runner->thread, NULL);
	free(runner);
}
