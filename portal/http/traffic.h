/* traffic.h - counts the requests of this process, for /metrics. */
#ifndef POSTLATCH_PORTAL_TRAFFIC_H
#define POSTLATCH_PORTAL_TRAFFIC_H

#include <stdint.h>

#include "daemon/metrics.h"
#include "portal/http/route.h"

/* Rows of the table, by who sends the request. */
enum traffic_row {
	TRAFFIC_PAGE,
	TRAFFIC_CONSOLE,
	TRAFFIC_PROGRAM,
	TRAFFIC_FRONT_CHANNEL,
	TRAFFIC_FILE, /* no route: a file of the pages, or what does not exist */
	TRAFFIC_ROWS,
};

#define TRAFFIC_CLASSES 5 /* of statuses: 1xx to 5xx */

/* All zero at first; any thread may count. */
struct traffic {
	uint64_t requests[TRAFFIC_ROWS][TRAFFIC_CLASSES];
	struct metrics_histogram seconds[TRAFFIC_ROWS];
};

/* An answer to a request of that route (NULL: none), and how long it took to have it. */
void traffic_count(struct traffic *traffic, const struct route *route, int status, int64_t ms);
void traffic_add(const struct traffic *traffic, struct metrics *metrics);

#endif
