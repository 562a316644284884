/* store_pool.h - database connections for threads that come and go. */
#ifndef POSTLATCH_STORE_POOL_H
#define POSTLATCH_STORE_POOL_H

#include "policy/store/store.h"

#define PL_STORE_POOL_IDLE 16 /* connections kept open while nobody uses them */
#define PL_STORE_POOL_MOST 16 /* connections of a pool to a server, unless there is a reason */

struct pl_store_pool;

/* most is the number of its connections to a server; who finds none free waits. NULL: out of
 * memory. */
struct pl_store_pool *pl_store_pool_new(enum pl_role role, size_t most);
/* The same number for connections to a file, each of which takes half a MiB: for a process that has
 * hundreds of clients at once. Before the first is taken. */
void pl_store_pool_limit_files(struct pl_store_pool *pool);
void pl_store_pool_free(struct pl_store_pool **pool);
/* An open connection to uri, the caller's until it is given back. What is waited for here, and
 * then with the connection, is taken from the budget (NULL: none). Those that are idle are
 * closed when uri is another than before. err must not be NULL. After a connection to a server
 * could not be opened, all attempts fail at once for a while; see breaker.h. One that takes
 * longer than the budget goes on being opened, and is idle then. */
int pl_store_pool_take(struct pl_store_pool *pool, const char *uri, struct pl_budget *budget,
		       struct pl_store **store_r, struct pl_error *err);
/* Gives it back. One that failed is closed, and with it those that are idle; one to another
 * database than was asked for last is closed, too. */
void pl_store_pool_give(struct pl_store_pool *pool, struct pl_store **store, int failed);
/* How it is at this moment. */
struct pl_store_pool_state {
	size_t idle;    /* connections that nobody uses */
	size_t taken;   /* in use or being opened; 0 with a file that has no limit */
	size_t most;    /* of taken */
	int has_failed; /* the last attempt to open one failed, and others wait for the next */
};

void pl_store_pool_read_state(struct pl_store_pool *pool, struct pl_store_pool_state *state_r);
/* Closes what is idle, and tries again at once. */
void pl_store_pool_drain(struct pl_store_pool *pool);

#endif
