/* clock.h - is the clock of the database to be trusted with one-time codes?
 *
 * A code that is redeemed while the clock stands in another year uses up every step
 * up to that year: the member is locked out once the clock is right again. So
 * codes wait after a leap of the wall clock, seen against the time since the
 * machine started. When the clock is set back they are taken again at once; a
 * clock that stays where it leapt to is believed after ten minutes, because a
 * machine that was paused leaps rightly.
 */
#ifndef POSTLATCH_PORTAL_CLOCK_H
#define POSTLATCH_PORTAL_CLOCK_H

#include <stdint.h>

#include "policy/base/error.h"

#define CLOCK_LEAP 3600  /* seconds; less than that is a correction */
#define CLOCK_SETTLE 600 /* seconds until a leap is believed */

/* The caller's lock protects it. */
struct clock_guard {
	int64_t offset;   /* wall clock - time since boot, as believed */
	int64_t leapt_to; /* the offset that is not believed yet */
	int64_t leapt_at; /* time since boot; 0: all is well */
	int is_started;   /* by the first look at the clock; all zero before that */
};

/* Seconds since the machine started, also those in which it was suspended. */
int64_t clock_since_boot(void);
/* Believes the wall clock as it is. */
void clock_guard_start(struct clock_guard *guard, int64_t wall, int64_t since_boot);
/* 0 when wall can be trusted, -1 with PL_ERR_RETRY while it cannot. */
int clock_guard_check(struct clock_guard *guard, int64_t wall, int64_t since_boot,
		      struct pl_error *err);

#endif
