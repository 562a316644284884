/* backoff.h - how long nothing is checked after failures: a wait that doubles with each.
 *
 * Used for the failures of an address (throttle.h) and of a second factor (factor_failure.h),
 * which differ in the numbers only. All times are in seconds. Pure.
 */
#ifndef POSTLATCH_BACKOFF_H
#define POSTLATCH_BACKOFF_H

#include <stdint.h>

/* A failure that is further ahead of now was recorded while the clock was wrong. One that is less
 * far ahead was recorded by a concurrent request. */
#define PL_BACKOFF_AHEAD_MAX 120

struct pl_backoff {
	int64_t free; /* so many failures cost no wait */
	int64_t first_wait;
	int64_t max_wait;
};

/* The time at which the wait after the last failure ends, or 0 when nobody waits (any more). A
 * failure of a wrong clock is no reason to wait. */
int64_t pl_backoff_until(const struct pl_backoff *backoff, int64_t failures, int64_t failed_at,
			 int64_t now);

#endif
