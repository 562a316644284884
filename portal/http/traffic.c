/* traffic.c - see traffic.h. */
#include "portal/http/traffic.h"

#include <stdio.h>

static const char *const names[TRAFFIC_ROWS] = {
	[TRAFFIC_PAGE] = "page",       [TRAFFIC_CONSOLE] = "console",
	[TRAFFIC_PROGRAM] = "program", [TRAFFIC_FRONT_CHANNEL] = "front-channel",
	[TRAFFIC_FILE] = "file",
};

static enum traffic_row row_of(const struct route *route)
{
	if (route == NULL)
		return TRAFFIC_FILE;
	switch (route->caller) {
	case CALLER_PAGE:
		return TRAFFIC_PAGE;
	case CALLER_CONSOLE:
		return TRAFFIC_CONSOLE;
	case CALLER_PROGRAM:
	case CALLER_SCIM:
		return TRAFFIC_PROGRAM;
	case CALLER_FRONT_CHANNEL:
		return TRAFFIC_FRONT_CHANNEL;
	}
	return TRAFFIC_FILE;
}

void traffic_count(struct traffic *traffic, const struct route *route, int status, int64_t ms)
{
	const enum traffic_row row = row_of(route);
	const int class = status / 100 - 1;

	if (class >= 0 && class < TRAFFIC_CLASSES)
		__atomic_add_fetch(&traffic->requests[row][class], 1, __ATOMIC_RELAXED);
	metrics_observe(&traffic->seconds[row], ms);
}

void traffic_add(const struct traffic *traffic, struct metrics *metrics)
{
	metrics_describe(metrics, "postlatch_http_requests_total", "counter",
			 "Requests that were answered, by who sent them and class of the status.");
	for (size_t row = 0; row < TRAFFIC_ROWS; row++) {
		for (size_t class = 0; class < TRAFFIC_CLASSES; class ++) {
			char status[4];
			const uint64_t count =
				__atomic_load_n(&traffic->requests[row][class], __ATOMIC_RELAXED);

			snprintf(status, sizeof(status), "%zuxx", class + 1);
			metrics_add(metrics, "postlatch_http_requests_total",
				    METRICS_LABELS({ "caller", names[row] }, { "status", status }),
				    (double)count);
		}
	}
	metrics_describe(metrics, "postlatch_http_request_seconds", "histogram",
			 "Time from a whole request to its answer.");
	for (size_t row = 0; row < TRAFFIC_ROWS; row++) {
		const struct metrics_label label = { "caller", names[row] };

		metrics_add_histogram(metrics, "postlatch_http_request_seconds", &label,
				      &traffic->seconds[row]);
	}
}
