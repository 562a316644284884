/* log.c - see log.h. */
#include "daemon/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LINE_MAX_BYTES 1024
#define REPEAT_EVERY 60 /* seconds */

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

void daemon_log_trouble(const struct pl_error *err)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct {
		char msg[sizeof(err->msg)];
		time_t at;
	} last;
	int repeated;

	pthread_mutex_lock(&lock);
	repeated = strcmp(last.msg, err->msg) == 0 && time(NULL) - last.at < REPEAT_EVERY;
	if (!repeated) {
		memcpy(last.msg, err->msg, sizeof(last.msg));
		last.at = time(NULL);
	}
	pthread_mutex_unlock(&lock);
	if (!repeated)
		daemon_log(LOG_ERR, "%s", err->msg);
}
