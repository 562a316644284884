/* log_limit.c - see log_limit.h. */
#include "policy/base/log_limit.h"

#include <string.h>

/* FNV-1a. When two lines of a program collide, only the second one is suppressed. */
static uint64_t digest_of(const char *msg)
{
	uint64_t digest = 0xcbf29ce484222325u;

	for (; *msg != '\0'; msg++)
		digest = (digest ^ (unsigned char)*msg) * 0x100000001b3u;
	return digest;
}

static void forget_old_lines(struct pl_log_limit *limit, int64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < limit->count; i++) {
		if (now_ms - limit->lines[i].logged_ms < PL_LOG_LIMIT_REPEAT_MS)
			limit->lines[kept++] = limit->lines[i];
	}
	limit->count = kept;
}

int pl_log_limit_failed(struct pl_log_limit *limit, const char *msg, int64_t now_ms)
{
	const uint64_t digest = digest_of(msg);

	limit->has_failed = 1;
	forget_old_lines(limit, now_ms);
	for (size_t i = 0; i < limit->count; i++) {
		if (limit->lines[i].digest == digest)
			return 0;
	}
	if (limit->count == PL_LOG_LIMIT_LINES)
		return 0;
	limit->lines[limit->count].digest = digest;
	limit->lines[limit->count++].logged_ms = now_ms;
	return 1;
}

int pl_log_limit_ended(struct pl_log_limit *limit)
{
	const int had_failed = limit->has_failed;

	memset(limit, 0, sizeof(*limit));
	return had_failed;
}
