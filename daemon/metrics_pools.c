/* metrics_pools.c - see metrics_pools.h. */
#include "daemon/metrics_pools.h"

void metrics_add_pools(struct metrics *metrics, const struct metrics_pool *pools, size_t count)
{
	struct pl_store_pool_state states[METRICS_POOLS_MOST];

	if (count > METRICS_POOLS_MOST)
		count = METRICS_POOLS_MOST;
	for (size_t i = 0; i < count; i++)
		pl_store_pool_read_state(pools[i].pool, &states[i]);
	metrics_describe(metrics, "postlatch_pool_connections", "gauge",
			 "Connections to the database that are idle, or taken (those to a "
			 "server, and to a file where they are limited).");
	for (size_t i = 0; i < count; i++) {
		metrics_add(metrics, "postlatch_pool_connections",
			    METRICS_LABELS({ "pool", pools[i].name }, { "state", "idle" }),
			    (double)states[i].idle);
		metrics_add(metrics, "postlatch_pool_connections",
			    METRICS_LABELS({ "pool", pools[i].name }, { "state", "taken" }),
			    (double)states[i].taken);
	}
	metrics_describe(metrics, "postlatch_pool_limit", "gauge",
			 "Connections to a server that may be taken at once; in postlatch-milter, "
			 "also to a file.");
	for (size_t i = 0; i < count; i++)
		metrics_add(metrics, "postlatch_pool_limit",
			    METRICS_LABELS({ "pool", pools[i].name }), (double)states[i].most);
	metrics_describe(metrics, "postlatch_breaker_open", "gauge",
			 "1 after a connection could not be opened: attempts fail at once for a "
			 "while.");
	for (size_t i = 0; i < count; i++)
		metrics_add(metrics, "postlatch_breaker_open",
			    METRICS_LABELS({ "pool", pools[i].name }), states[i].has_failed);
}
