/* backoff.c - see backoff.h. */
#include "policy/credential/backoff.h"

static int64_t wait_after(const struct pl_backoff *backoff, int64_t failures)
{
	int64_t wait = backoff->first_wait;

	if (failures <= backoff->free)
		return 0;
	for (int64_t i = backoff->free + 1; i < failures && wait < backoff->max_wait; i++)
		wait *= 2;
	return wait < backoff->max_wait ? wait : backoff->max_wait;
}

int64_t pl_backoff_until(const struct pl_backoff *backoff, int64_t failures, int64_t failed_at,
			 int64_t now)
{
	const int64_t until = failed_at + wait_after(backoff, failures);

	return failed_at <= now + PL_BACKOFF_AHEAD_MAX && now < until ? until : 0;
}
