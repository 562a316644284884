/* store_pool.c - see store_pool.h. */
#include "store_pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "write_queue.h"

struct pl_store_pool {
	pthread_mutex_t lock;
	enum pl_role role;
	struct pl_write_queue *queue; /* of all who write through this pool */
	struct pl_store *idle[PL_STORE_POOL_IDLE];
	size_t count;
};

struct pl_store_pool *pl_store_pool_new(enum pl_role role)
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
	pool->role = role;
	return pool;
}

void pl_store_pool_drain(struct pl_store_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	while (pool->count > 0)
		pl_store_close(&pool->idle[--pool->count]);
	pthread_mutex_unlock(&pool->lock);
}

void pl_store_pool_free(struct pl_store_pool **pool_p)
{
	struct pl_store_pool *pool = *pool_p;

	*pool_p = NULL;
	if (pool == NULL)
		return;
	pl_store_pool_drain(pool);
	pl_write_queue_free(&pool->queue);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

static struct pl_store *take_idle(struct pl_store_pool *pool)
{
	struct pl_store *store = NULL;

	pthread_mutex_lock(&pool->lock);
	if (pool->count > 0)
		store = pool->idle[--pool->count];
	pthread_mutex_unlock(&pool->lock);
	return store;
}

int pl_store_pool_take(struct pl_store_pool *pool, const char *uri, struct pl_store **store_r,
		    struct pl_error *err)
{
	while ((*store_r = take_idle(pool)) != NULL) {
		if (!pl_store_replaced(*store_r))
			return 0;
		pl_store_close(store_r);
	}
	if (pl_store_open(uri, pool->role, store_r, err) < 0)
		return -1;
	pl_store_set_queue(*store_r, pool->queue);
	return 0;
}

void pl_store_pool_give(struct pl_store_pool *pool, struct pl_store **store, int failed)
{
	if (!failed) {
		pthread_mutex_lock(&pool->lock);
		if (pool->count < PL_STORE_POOL_IDLE) {
			pool->idle[pool->count++] = *store;
			*store = NULL;
		}
		pthread_mutex_unlock(&pool->lock);
	}
	pl_store_close(store);
}
