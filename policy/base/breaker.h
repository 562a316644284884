/* breaker.h - when to try again what has failed.
 *
 * After a failure all fail at once, for a period that doubles with each failure up to
 * a most. Then one tries, and the others go on failing until it knows. Not for several
 * threads: whoever shares one locks it.
 */
#ifndef POSTLATCH_BREAKER_H
#define POSTLATCH_BREAKER_H

#include <stdint.h>

#define PL_BREAKER_FIRST_MS 100
#define PL_BREAKER_MOST_MS 3200

/* All zero: nothing has failed. */
struct pl_breaker {
	int64_t until_ms, period_ms;
	int is_tried; /* by somebody, who will tell how it ended */
};

/* 1 when the caller may try, and must then tell; 0 when it must fail at once. */
int pl_breaker_may_try(struct pl_breaker *breaker, int64_t now_ms);
void pl_breaker_failed(struct pl_breaker *breaker, int64_t now_ms, int64_t most_ms);
void pl_breaker_succeeded(struct pl_breaker *breaker);

#endif
