/* breaker.h - when an operation that has failed may be tried again.
 *
 * After a failure every caller fails at once, for a period that doubles with each failure up to
 * a maximum. Then one caller may try, and the others still fail until its result is known.
 * It is not safe for several threads: callers that share a breaker lock it.
 */
#ifndef POSTLATCH_BREAKER_H
#define POSTLATCH_BREAKER_H

#include <stdint.h>

#define PL_BREAKER_FIRST_MS 100
#define PL_BREAKER_MOST_MS 3200

/* All zero: nothing has failed. */
struct pl_breaker {
	int64_t until_ms, period_ms;
	int is_tried; /* a caller tries at the moment, and will report the result */
};

/* 1 when the caller may try, and must then report the result; 0 when it must fail at once. */
int pl_breaker_may_try(struct pl_breaker *breaker, int64_t now_ms);
void pl_breaker_failed(struct pl_breaker *breaker, int64_t now_ms, int64_t most_ms);
void pl_breaker_succeeded(struct pl_breaker *breaker);

#endif
