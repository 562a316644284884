/* breaker.c - see breaker.h. */
#include "policy/base/breaker.h"

#include <string.h>

int pl_breaker_may_try(struct pl_breaker *breaker, int64_t now_ms)
{
	if (breaker->period_ms == 0)
		return 1;
	if (breaker->is_tried || now_ms < breaker->until_ms)
		return 0;
	breaker->is_tried = 1;
	return 1;
}

void pl_breaker_failed(struct pl_breaker *breaker, int64_t now_ms, int64_t most_ms)
{
	/* Attempts that began before the first failure count as one failure with it. */
	if (!breaker->is_tried && now_ms < breaker->until_ms)
		return;
	breaker->period_ms = breaker->period_ms == 0 ? PL_BREAKER_FIRST_MS : 2 * breaker->period_ms;
	if (breaker->period_ms > most_ms)
		breaker->period_ms = most_ms;
	breaker->until_ms = now_ms + breaker->period_ms;
	breaker->is_tried = 0;
}

void pl_breaker_succeeded(struct pl_breaker *breaker)
{
	memset(breaker, 0, sizeof(*breaker));
}
