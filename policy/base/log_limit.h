/* log_limit.h - limits how often a failure is logged.
 *
 * A failure that many requests share would fill the log. One limit for each kind of
 * failure lets a line pass when it is new, and again once a minute while the failure
 * lasts, and reports the end of the failure separately. It has no clock and logs nothing
 * itself. It is not safe for several threads: the caller locks it.
 */
#ifndef POSTLATCH_LOG_LIMIT_H
#define POSTLATCH_LOG_LIMIT_H

#include <stddef.h>
#include <stdint.h>

#define PL_LOG_LIMIT_REPEAT_MS 60000
#define PL_LOG_LIMIT_LINES 8 /* different lines about one kind of failure in that time */

/* All zero: there has been no failure. */
struct pl_log_limit {
	struct {
		uint64_t digest;
		int64_t logged_ms;
	} lines[PL_LOG_LIMIT_LINES];
	size_t count;
	int has_failed;
};

/* The failure happened. 1 when the caller must log msg: it was not logged in the last
 * minute, and not too many others were. */
int pl_log_limit_failed(struct pl_log_limit *limit, const char *msg, int64_t now_ms);
/* The failure is over. 1 when it had been logged, so that its end is worth a line too. */
int pl_log_limit_ended(struct pl_log_limit *limit);

#endif
