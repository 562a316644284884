/* store_pool.h - database connections for threads that come and go. */
#ifndef POSTLATCH_MILTER_STORE_POOL_H
#define POSTLATCH_MILTER_STORE_POOL_H

#include "store.h"

#define STORE_POOL_IDLE 16 /* connections kept open between judgements */

struct store_pool;

struct store_pool *store_pool_new(void);
void store_pool_free(struct store_pool **pool);
/* An open connection to uri, the caller's until it is given back. */
int store_pool_take(struct store_pool *pool, const char *uri, struct pl_store **store_r,
		    struct pl_error *err);
/* Gives it back; one that failed is closed. */
void store_pool_give(struct store_pool *pool, struct pl_store **store, int failed);
/* Closes what is idle, for a policy that names another database. */
void store_pool_drain(struct store_pool *pool);

#endif
