/* floor.c - see floor.h. */
#include "portal/signin/floor.h"

#include <openssl/rand.h>

#define FLOOR_MS 250
#define JITTER_MS 50

void floor_begin(struct timespec *start_r)
{
	clock_gettime(CLOCK_MONOTONIC, start_r);
}

void floor_end(const struct timespec *start)
{
	struct timespec end = *start;
	unsigned char random = 0;

	RAND_bytes(&random, 1);
	end.tv_nsec += (FLOOR_MS + random * JITTER_MS / 255) * 1000000L;
	end.tv_sec += end.tv_nsec / 1000000000;
	end.tv_nsec %= 1000000000;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) != 0)
		continue;
}
