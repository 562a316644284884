/* metrics_pools.h - the figures of a daemon's connections to the database. */
#ifndef POSTLATCH_DAEMON_METRICS_POOLS_H
#define POSTLATCH_DAEMON_METRICS_POOLS_H

#include "daemon/metrics.h"
#include "policy/store/store_pool.h"

struct metrics_pool {
	const char *name; /* the label of its figures */
	struct pl_store_pool *pool;
};

#define METRICS_POOLS_MOST 4

/* Up to METRICS_POOLS_MOST of them. */
void metrics_add_pools(struct metrics *metrics, const struct metrics_pool *pools, size_t count);

#endif
