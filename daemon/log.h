/* log.h - a daemon's log: to syslog, or to standard error.
 *
 * The one place where a daemon logs. It owns the lines' form, and which failures that many
 * requests share are worth a line; see policy/base/log_limit.h. Safe from several threads.
 */
#ifndef POSTLATCH_DAEMON_LOG_H
#define POSTLATCH_DAEMON_LOG_H

#include <syslog.h>

#include "policy/base/error.h"

/* name and facility (LOG_MAIL, LOG_AUTH) are for syslog. Call once, before threads. */
void daemon_log_open(const char *name, int facility, int to_stderr);
/* level is one of syslog's. Control characters in the line become '?'. No secrets. */
void daemon_log(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Logs a failure that many requests may share: at once, and then once a minute. subject is
 * what failed first, for example a queue id, and makes no new failure. NULL: none. */
void daemon_log_failure(const char *subject, const struct pl_error *err);
/* Logs what a live policy reports; see struct pl_live_options. */
void daemon_log_report(void *context, int failed, const char *msg);

#endif
