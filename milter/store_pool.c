#include "store_pool.h"

#include <pthread.h>
#include <stdlib.h>

struct store_pool {
	pthread_mutex_t lock;
	struct pl_store *idle[STORE_POOL_IDLE];
	size_t count;
};

struct store_pool *store_pool_new(void)
{
	struct store_pool *pool = calloc(1, sizeof(*pool));

	if (pool != NULL)
		pthread_mutex_init(&pool->lock, NULL);
	return pool;
}

void store_pool_drain(struct store_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	while (pool->count > 0)
		pl_store_close(&pool->idle[--pool->count]);
	pthread_mutex_unlock(&pool->lock);
}

void store_pool_free(struct store_pool **pool_p)
{
	struct store_pool *pool = *pool_p;

	*pool_p = NULL;
	if (pool == NULL)
		return;
	store_pool_drain(pool);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

static struct pl_store *take_idle(struct store_pool *pool)
{
	struct pl_store *store = NULL;

	pthread_mutex_lock(&pool->lock);
	if (pool->count > 0)
		store = pool->idle[--pool->count];
	pthread_mutex_unlock(&pool->lock);
	return store;
}

int store_pool_take(struct store_pool *pool, const char *uri, struct pl_store **store_r,
		    struct pl_error *err)
{
	while ((*store_r = take_idle(pool)) != NULL) {
		if (!pl_store_replaced(*store_r))
			return 0;
		pl_store_close(store_r);
	}
	return pl_store_open(uri, PL_ROLE_MILTER, store_r, err);
}

void store_pool_give(struct store_pool *pool, struct pl_store **store, int failed)
{
	if (!failed) {
		pthread_mutex_lock(&pool->lock);
		if (pool->count < STORE_POOL_IDLE) {
			pool->idle[pool->count++] = *store;
			*store = NULL;
		}
		pthread_mutex_unlock(&pool->lock);
	}
	pl_store_close(store);
}
