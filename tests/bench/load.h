/* load.h - what the load generators have in common. */
#ifndef POSTLATCH_BENCH_LOAD_H
#define POSTLATCH_BENCH_LOAD_H

#include <stddef.h>
#include <stdint.h>

/* Ends the program: then there is no figure rather than a wrong one. */
__attribute__((format(printf, 1, 2), noreturn)) void die(const char *fmt, ...);
/* memory, unless it is NULL: then it dies. */
void *need(void *memory);
/* Nanoseconds of the monotonic clock. */
int64_t now(void);

struct latencies {
	uint32_t *list; /* nanoseconds */
	size_t count, room;
};

void latencies_add(struct latencies *latencies, int64_t nanoseconds);
/* Before percentiles are asked for. Dies when there are none. */
void latencies_sort(struct latencies *latencies);
double latencies_percentile_us(const struct latencies *latencies, unsigned int percent);

#endif
