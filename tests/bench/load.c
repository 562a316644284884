/* load.c - see load.h. */
#include "tests/bench/load.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void die(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

void *need(void *memory)
{
	if (memory == NULL)
		die("out of memory");
	return memory;
}

int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

void latencies_add(struct latencies *latencies, int64_t nanoseconds)
{
	if (latencies->count == latencies->room) {
		latencies->room = latencies->room == 0 ? 65536 : latencies->room * 2;
		latencies->list =
			need(realloc(latencies->list, latencies->room * sizeof(uint32_t)));
	}
	latencies->list[latencies->count++] =
		nanoseconds > UINT32_MAX ? UINT32_MAX : (uint32_t)nanoseconds;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

void latencies_sort(struct latencies *latencies)
{
	if (latencies->count == 0)
		die("not one answer came in time");
	qsort(latencies->list, latencies->count, sizeof(uint32_t), compare);
}

double latencies_percentile_us(const struct latencies *latencies, unsigned int percent)
{
	return latencies->list[(latencies->count - 1) * percent / 100] / 1000.0;
}
