/* store_pool.c - see store_pool.h. */
#include "policy/store/store_pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "policy/base/breaker.h"
#include "policy/base/monotonic.h"
#include "policy/base/thread.h"
#include "policy/store/write_queue.h"

struct pl_store_pool {
	pthread_mutex_t lock;
	pthread_cond_t given; /* one was given back, or an attempt has ended */
	enum pl_role role;
	char *uri;                                 /* of the database that was asked for last */
	struct pl_write_queue *queue;              /* of all who write through this pool */
	struct pl_store *idle[PL_STORE_POOL_IDLE]; /* all of that database */
	size_t count;
	size_t most; /* of taken */
	/* Being opened or in use; of a file they are counted only if they are limited. */
	size_t taken;
	int limits_files;
	int64_t given_ms; /* when the last one was given back that had not failed */
	struct pl_breaker breaker;
	struct pl_error failure; /* of the last attempt to open */
	size_t attempts;         /* threads that are at work */
	int is_closing;
	int is_orphaned; /* the last of the threads frees it */
};

/* An attempt to open a connection, in a thread of its own: looking up a name, or trying one
 * server after the other, may take longer than a request may wait. */
struct attempt {
	struct pl_store_pool *pool;
	char *uri;
	pthread_cond_t ended;
	int is_ended, is_abandoned; /* who asked for it waits no longer */
	struct pl_store *store;
	struct pl_error err;
};

struct pl_store_pool *pl_store_pool_new(enum pl_role role, size_t most)
{
	struct pl_store_pool *pool = calloc(1, sizeof(*pool));

	if (pool == NULL)
		return NULL;
	pool->queue = pl_write_queue_new();
	if (pool->queue == NULL) {
		free(pool);
		return NULL;
	}
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->given, NULL);
	pool->role = role;
	pool->most = most;
	return pool;
}

void pl_store_pool_limit_files(struct pl_store_pool *pool)
{
	pool->limits_files = 1;
}

static int has_places(const struct pl_store_pool *pool, const char *uri)
{
	return pool->limits_files || pl_store_is_remote(uri);
}

/* With the lock held. */
static void close_idle(struct pl_store_pool *pool)
{
	while (pool->count > 0)
		pl_store_close(&pool->idle[--pool->count]);
}

void pl_store_pool_read_state(struct pl_store_pool *pool, struct pl_store_pool_state *state_r)
{
	pthread_mutex_lock(&pool->lock);
	state_r->idle = pool->count;
	state_r->taken = pool->taken;
	state_r->most = pool->most;
	state_r->has_failed = pool->breaker.period_ms > 0;
	pthread_mutex_unlock(&pool->lock);
}

void pl_store_pool_drain(struct pl_store_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	close_idle(pool);
	pl_breaker_succeeded(&pool->breaker);
	pthread_mutex_unlock(&pool->lock);
}

/* With the lock held. A policy that names another database: what is idle belongs to the one
 * before. */
static int move_to(struct pl_store_pool *pool, const char *uri, struct pl_error *err)
{
	char *copy;

	if (pool->uri != NULL && strcmp(pool->uri, uri) == 0)
		return 0;
	copy = strdup(uri);
	if (copy == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	free(pool->uri);
	pool->uri = copy;
	close_idle(pool);
	pl_breaker_succeeded(&pool->breaker);
	return 0;
}

static void free_pool(struct pl_store_pool *pool)
{
	free(pool->uri);
	pl_write_queue_free(&pool->queue);
	pthread_cond_destroy(&pool->given);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

void pl_store_pool_free(struct pl_store_pool **pool_p)
{
	struct pl_store_pool *pool = *pool_p;
	const struct timespec deadline = pl_monotonic_after(PL_STORE_WAIT);
	int ret = 0, is_orphaned;

	*pool_p = NULL;
	if (pool == NULL)
		return;
	pl_store_pool_drain(pool);
	pthread_mutex_lock(&pool->lock);
	pool->is_closing = 1;
	while (pool->attempts > 0 && ret == 0)
		ret = pthread_cond_clockwait(&pool->given, &pool->lock, CLOCK_MONOTONIC, &deadline);
	is_orphaned = pool->is_orphaned = pool->attempts > 0;
	pthread_mutex_unlock(&pool->lock);
	if (!is_orphaned)
		free_pool(pool);
}

/* One that is idle, or NULL. In one step with the move: another thread may still have a policy
 * that names another database. */
static int pop_idle(struct pl_store_pool *pool, const char *uri, struct pl_store **store_r,
		    struct pl_error *err)
{
	int ret;

	*store_r = NULL;
	pthread_mutex_lock(&pool->lock);
	ret = move_to(pool, uri, err);
	if (ret == 0 && pool->count > 0)
		*store_r = pool->idle[--pool->count];
	pthread_mutex_unlock(&pool->lock);
	return ret;
}

/* With the lock held. Takes over a connection that can be used again. */
static void keep(struct pl_store_pool *pool, struct pl_store **store, int failed)
{
	if (pool->is_closing || strcmp(pool->uri, pl_store_uri(*store)) != 0)
		return; /* the policy has named another database since */
	/* What one has met awaits those that are idle, too. */
	if (failed) {
		close_idle(pool);
	} else if (pool->count < PL_STORE_POOL_IDLE) {
		pool->idle[pool->count++] = *store;
		*store = NULL;
	}
}

/* With the lock held. */
static void report(struct pl_store_pool *pool, int ret, const struct pl_error *err)
{
	if (ret == 0) {
		pl_breaker_succeeded(&pool->breaker);
	} else {
		pl_breaker_failed(&pool->breaker, pl_monotonic_ms(), PL_BREAKER_MOST_MS);
		pool->failure = *err;
	}
}

/* A server has only so many connections for all its clients. */
static int take_place(struct pl_store_pool *pool, struct pl_budget *budget, struct pl_error *err)
{
	const int64_t begun = pl_monotonic_ms();
	int left, ret = 0;

	pthread_mutex_lock(&pool->lock);
	while (pool->taken >= pool->most &&
	       (left = pl_budget_turn(budget, PL_STORE_WAIT_TURN, begun, pool->given_ms)) > 0) {
		const struct timespec end = pl_monotonic_after(left);

		pthread_cond_clockwait(&pool->given, &pool->lock, CLOCK_MONOTONIC, &end);
	}
	pl_budget_spend_turn(budget, begun, pool->given_ms);
	if (pool->taken < pool->most)
		pool->taken++;
	else
		ret = pl_error_set(err, PL_ERR_RETRY,
				   "all %zu connections to the database are in use", pool->most);
	pthread_mutex_unlock(&pool->lock);
	return ret;
}

/* With the lock held. */
static void leave_place(struct pl_store_pool *pool)
{
	pool->taken--;
	pthread_cond_signal(&pool->given);
}

/* ---- attempts ---- */

static void free_attempt(struct attempt *attempt)
{
	pl_store_close(&attempt->store);
	pthread_cond_destroy(&attempt->ended);
	free(attempt->uri);
	free(attempt);
}

/* With the lock held. */
static void end_attempt(struct pl_store_pool *pool, struct attempt *attempt, int ret)
{
	report(pool, ret, &attempt->err);
	pool->attempts--;
	attempt->is_ended = 1;
	pthread_cond_signal(&attempt->ended);
	if (!attempt->is_abandoned)
		return;
	/* Others use what it has opened, or at least its place. */
	if (attempt->store != NULL)
		keep(pool, &attempt->store, 0);
	leave_place(pool);
	if (pool->is_closing)
		pthread_cond_broadcast(&pool->given);
}

static void *run_attempt(void *context)
{
	struct attempt *attempt = context;
	struct pl_store_pool *pool = attempt->pool;
	int ret = pl_store_open(attempt->uri, pool->role, &attempt->store, &attempt->err);
	int is_abandoned, is_last;

	if (ret == 0)
		pl_store_set_queue(attempt->store, pool->queue);
	pthread_mutex_lock(&pool->lock);
	end_attempt(pool, attempt, ret);
	is_abandoned = attempt->is_abandoned;
	is_last = pool->is_orphaned && pool->attempts == 0;
	pthread_mutex_unlock(&pool->lock);
	/* Whoever waits for it frees it. */
	if (is_abandoned)
		free_attempt(attempt);
	if (is_last)
		free_pool(pool);
	return NULL;
}

/* With the lock held. NULL: out of memory, or of threads. */
static struct attempt *start_attempt(struct pl_store_pool *pool, const char *uri)
{
	struct attempt *attempt = calloc(1, sizeof(*attempt));
	pthread_t thread;

	if (attempt == NULL)
		return NULL;
	pthread_cond_init(&attempt->ended, NULL);
	attempt->pool = pool;
	attempt->uri = strdup(uri);
	if (attempt->uri == NULL || pl_thread_start(&thread, run_attempt, attempt) != 0) {
		free_attempt(attempt);
		return NULL;
	}
	pthread_detach(thread);
	pool->attempts++;
	return attempt;
}

/* With the lock held. 0, or -1 when the time was over before it has ended. */
static int wait_for_attempt(struct attempt *attempt, struct pl_budget *budget)
{
	const int64_t begun = pl_monotonic_ms();
	const struct timespec end = pl_monotonic_after(pl_budget_limit(budget, PL_STORE_WAIT_TURN));
	int ret = 0;

	while (!attempt->is_ended && ret == 0)
		ret = pthread_cond_clockwait(&attempt->ended, &attempt->pool->lock, CLOCK_MONOTONIC,
					     &end);
	pl_budget_spend(budget, begun);
	return attempt->is_ended ? 0 : -1;
}

/* With the lock held. What was begun goes on; its place is its own from now on. */
static int abandon(struct pl_store_pool *pool, struct attempt *attempt, struct pl_error *err)
{
	attempt->is_abandoned = 1;
	pl_error_set(err, PL_ERR_RETRY, "no connection yet");
	pl_store_error(attempt->uri, err);
	report(pool, -1, err);
	return -1;
}

/* With the lock held. A server that is gone is not waited for by each thread in turn. */
static int try_server(struct pl_store_pool *pool, const char *uri, struct pl_budget *budget,
		      struct pl_store **store_r, int *has_place, struct pl_error *err)
{
	struct attempt *attempt;

	if (!pl_breaker_may_try(&pool->breaker, pl_monotonic_ms())) {
		*err = pool->failure;
		return -1;
	}
	attempt = start_attempt(pool, uri);
	if (attempt == NULL) {
		pl_error_set(err, PL_ERR_RETRY, "no thread to connect in");
		report(pool, -1, err);
		return -1;
	}
	if (wait_for_attempt(attempt, budget) < 0) {
		*has_place = 0;
		return abandon(pool, attempt, err);
	}
	*err = attempt->err;
	*store_r = attempt->store;
	attempt->store = NULL;
	free_attempt(attempt);
	return *store_r == NULL ? -1 : 0;
}

static int open_server(struct pl_store_pool *pool, const char *uri, struct pl_budget *budget,
		       struct pl_store **store_r, int *has_place, struct pl_error *err)
{
	int ret;

	pthread_mutex_lock(&pool->lock);
	ret = try_server(pool, uri, budget, store_r, has_place, err);
	pthread_mutex_unlock(&pool->lock);
	return ret;
}

/* ---- taking and giving ---- */

static int open_file(struct pl_store_pool *pool, const char *uri, struct pl_budget *budget,
		     struct pl_store **store_r, struct pl_error *err)
{
	const int64_t begun = pl_monotonic_ms();

	if (pl_store_open(uri, pool->role, store_r, err) < 0)
		return -1;
	pl_budget_spend(budget, begun);
	pl_store_set_queue(*store_r, pool->queue);
	return 0;
}

/* An idle connection that can be used, or NULL; 0, or -1. */
static int take_idle(struct pl_store_pool *pool, const char *uri, struct pl_budget *budget,
		     struct pl_store **store_r, struct pl_error *err)
{
	for (;;) {
		if (pop_idle(pool, uri, store_r, err) < 0)
			return -1;
		if (*store_r == NULL)
			return 0;
		pl_store_set_budget(*store_r, budget);
		if (!pl_store_replaced(*store_r))
			return 0;
		pl_store_close(store_r);
	}
}

int pl_store_pool_take(struct pl_store_pool *pool, const char *uri, struct pl_budget *budget,
		       struct pl_store **store_r, struct pl_error *err)
{
	int has_place = has_places(pool, uri), ret;

	*store_r = NULL;
	if (has_place && take_place(pool, budget, err) < 0)
		return -1;
	ret = take_idle(pool, uri, budget, store_r, err);
	if (ret == 0 && *store_r == NULL)
		ret = pl_store_is_remote(uri)
			      ? open_server(pool, uri, budget, store_r, &has_place, err)
			      : open_file(pool, uri, budget, store_r, err);
	if (ret == 0) {
		pl_store_set_budget(*store_r, budget);
	} else if (has_place) {
		pthread_mutex_lock(&pool->lock);
		leave_place(pool);
		pthread_mutex_unlock(&pool->lock);
	}
	return ret;
}

void pl_store_pool_give(struct pl_store_pool *pool, struct pl_store **store, int failed)
{
	const int has_place = has_places(pool, pl_store_uri(*store));

	pl_store_set_budget(*store, NULL);
	pthread_mutex_lock(&pool->lock);
	if (!failed)
		pool->given_ms = pl_monotonic_ms();
	keep(pool, store, failed);
	pthread_mutex_unlock(&pool->lock);
	pl_store_close(store);
	if (!has_place)
		return;
	pthread_mutex_lock(&pool->lock);
	leave_place(pool);
	pthread_mutex_unlock(&pool->lock);
}
