/* clock.c - see clock.h. */
#include "portal/http/clock.h"

#include <stdlib.h>
#include <time.h>

int64_t clock_since_boot(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

void clock_guard_start(struct clock_guard *guard, int64_t wall, int64_t since_boot)
{
	guard->offset = wall - since_boot;
	guard->leapt_at = 0;
	guard->is_started = 1;
}

static int is_leap(int64_t from, int64_t to)
{
	return llabs(to - from) > CLOCK_LEAP;
}

int clock_guard_check(struct clock_guard *guard, int64_t wall, int64_t since_boot,
		      struct pl_error *err)
{
	int64_t offset = wall - since_boot;

	if (guard->is_started && is_leap(guard->offset, offset)) {
		if (guard->leapt_at == 0 || is_leap(guard->leapt_to, offset)) {
			guard->leapt_to = offset;
			guard->leapt_at = since_boot;
		}
		if (since_boot - guard->leapt_at < CLOCK_SETTLE)
			return pl_error_set(err, PL_ERR_RETRY,
					    "the clock leapt by %lld seconds: no one-time code is "
					    "taken until "
					    "it is set right, or has stayed for %d minutes",
					    (long long)(offset - guard->offset), CLOCK_SETTLE / 60);
	}
	clock_guard_start(guard, wall, since_boot);
	return 0;
}
