/* store_pool.c - see store_pool.h. */
#include "policy/store/store_pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "policy/base/breaker.h"
#include "policy/base/monotonic.h"
#include "policy/store/write_queue.h"

struct pl_store_pool {
	pthread_mutex_t lock;
	pthread_cond_t given; /* one was given back */
	enum pl_role role;
	char *uri;                                 /* of the database that was asked for last */
	struct pl_write_queue *queue;              /* of all who write through this pool */
	struct pl_store *idle[PL_STORE_POOL_IDLE]; /* all of that database */
	size_t count;
	size_t most;  /* of taken */
	size_t taken; /* of a server's; those of a file are not counted */
	struct pl_breaker breaker;
	struct pl_error failure; /* of the last attempt to open */
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

/* With the lock held. */
static void close_idle(struct pl_store_pool *pool)
{
	while (pool->count > 0)
		pl_store_close(&pool->idle[--pool->count]);
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

void pl_store_pool_free(struct pl_store_pool **pool_p)
{
	struct pl_store_pool *pool = *pool_p;

	*pool_p = NULL;
	if (pool == NULL)
		return;
	pl_store_pool_drain(pool);
	free(pool->uri);
	pl_write_queue_free(&pool->queue);
	pthread_cond_destroy(&pool->given);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

/* One that is idle, or NULL. In one step with the move: another thread may still have a policy
 * that names another database. */
static int take_idle(struct pl_store_pool *pool, const char *uri, struct pl_store **store_r,
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

/* A server that is gone is not waited for by each thread in turn. */
static int may_open(struct pl_store_pool *pool, struct pl_error *err)
{
	int may;

	pthread_mutex_lock(&pool->lock);
	may = pl_breaker_may_try(&pool->breaker, pl_monotonic_ms());
	if (!may)
		*err = pool->failure;
	pthread_mutex_unlock(&pool->lock);
	return may;
}

static int open_server(struct pl_store_pool *pool, const char *uri, struct pl_store **store_r,
		       struct pl_error *err)
{
	int ret;

	if (!may_open(pool, err))
		return -1;
	ret = pl_store_open(uri, pool->role, store_r, err);
	pthread_mutex_lock(&pool->lock);
	if (ret == 0) {
		pl_breaker_succeeded(&pool->breaker);
	} else {
		pl_breaker_failed(&pool->breaker, pl_monotonic_ms(), PL_BREAKER_MOST_MS);
		pool->failure = *err;
	}
	pthread_mutex_unlock(&pool->lock);
	return ret;
}

/* A server has only so many connections for all its clients. */
static int take_place(struct pl_store_pool *pool, struct pl_error *err)
{
	const struct timespec deadline = pl_monotonic_after(PL_STORE_WAIT);
	int ret = 0;

	pthread_mutex_lock(&pool->lock);
	while (pool->taken >= pool->most && ret == 0)
		ret = pthread_cond_clockwait(&pool->given, &pool->lock, CLOCK_MONOTONIC, &deadline);
	if (pool->taken < pool->most) {
		pool->taken++;
		ret = 0;
	}
	pthread_mutex_unlock(&pool->lock);
	return ret == 0
		       ? 0
		       : pl_error_set(err, PL_ERR_RETRY,
				      "all %zu connections to the database are in use", pool->most);
}

static void leave_place(struct pl_store_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->taken--;
	pthread_cond_signal(&pool->given);
	pthread_mutex_unlock(&pool->lock);
}

static int take(struct pl_store_pool *pool, const char *uri, struct pl_store **store_r,
		struct pl_error *err)
{
	for (;;) {
		if (take_idle(pool, uri, store_r, err) < 0)
			return -1;
		if (*store_r == NULL)
			break;
		if (!pl_store_replaced(*store_r))
			return 0;
		pl_store_close(store_r);
	}
	if ((pl_store_is_remote(uri) ? open_server(pool, uri, store_r, err)
				     : pl_store_open(uri, pool->role, store_r, err)) < 0)
		return -1;
	pl_store_set_queue(*store_r, pool->queue);
	return 0;
}

int pl_store_pool_take(struct pl_store_pool *pool, const char *uri, struct pl_store **store_r,
		       struct pl_error *err)
{
	const int is_remote = pl_store_is_remote(uri);

	if (is_remote && take_place(pool, err) < 0)
		return -1;
	if (take(pool, uri, store_r, err) == 0)
		return 0;
	if (is_remote)
		leave_place(pool);
	return -1;
}

/* With the lock held. Takes over a connection that can be used again. */
static void keep(struct pl_store_pool *pool, struct pl_store **store, int failed)
{
	if (strcmp(pool->uri, pl_store_uri(*store)) != 0)
		return; /* the policy has named another database since */
	/* What one has met awaits those that are idle, too. */
	if (failed) {
		close_idle(pool);
	} else if (pool->count < PL_STORE_POOL_IDLE) {
		pool->idle[pool->count++] = *store;
		*store = NULL;
	}
}

void pl_store_pool_give(struct pl_store_pool *pool, struct pl_store **store, int failed)
{
	const int is_remote = pl_store_is_remote(pl_store_uri(*store));

	pthread_mutex_lock(&pool->lock);
	keep(pool, store, failed);
	pthread_mutex_unlock(&pool->lock);
	pl_store_close(store);
	if (is_remote)
		leave_place(pool);
}
