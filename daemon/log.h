/* log.h - a daemon's log: to syslog, or to standard error. */
#ifndef POSTLATCH_DAEMON_LOG_H
#define POSTLATCH_DAEMON_LOG_H

#include <syslog.h>

#include "policy/base/error.h"

/* name and facility (LOG_MAIL, LOG_AUTH) are for syslog. Call once, before threads. */
void daemon_log_open(const char *name, int facility, int to_stderr);
/* level is one of syslog's. Control characters in the line become '?'. No secrets. */
void daemon_log(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Logs trouble that many requests have alike once a minute. */
void daemon_log_trouble(const struct pl_error *err);

#endif
