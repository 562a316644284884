/* log.c - see log.h. */
#include "daemon/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "policy/base/log_limit.h"
#include "policy/base/monotonic.h"

#define LINE_MAX_BYTES 1024

static const char *own_name; /* both are set once, before there are threads */
static int use_stderr;

void daemon_log_open(const char *name, int facility, int to_stderr)
{
	own_name = name;
	use_stderr = to_stderr;
	if (!to_stderr)
		openlog(name, LOG_PID, facility);
}

static void stamp(char *buf, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;

	if (localtime_r(&now, &tm) == NULL || strftime(buf, size, "%Y-%m-%dT%H:%M:%S%z", &tm) == 0)
		buf[0] = '\0';
}

void daemon_log(int level, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES], at[64];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	for (char *c = line; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	if (use_stderr) {
		stamp(at, sizeof(at));
		fprintf(stderr, "%s %s: %s\n", at, own_name, line);
	} else {
		syslog(level, "%s", line);
	}
}

void daemon_log_failure(const char *subject, const struct pl_error *err)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct pl_log_limit limit;
	int is_due;

	pthread_mutex_lock(&lock);
	is_due = pl_log_limit_failed(&limit, err->msg, pl_monotonic_ms());
	pthread_mutex_unlock(&lock);
	if (is_due)
		daemon_log(LOG_ERR, "%s%s%s", subject == NULL ? "" : subject,
			   subject == NULL ? "" : ": ", err->msg);
}

void daemon_log_report(void *context, int failed, const char *msg)
{
	(void)context;
	daemon_log(failed ? LOG_ERR : LOG_INFO, "%s", msg);
}
