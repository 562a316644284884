/* log.h - one line for each decision, and trouble once a minute. */
#ifndef POSTLATCH_MILTER_LOG_H
#define POSTLATCH_MILTER_LOG_H

#include <stddef.h>

/* To standard error, or to syslog's mail facility. Call once, before threads. */
void milter_log_open(int to_stderr);
/* level is one of syslog's. Control characters in the line become '?'. */
void milter_log(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
