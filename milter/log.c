#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>
#include <time.h>

#define LINE_MAX_BYTES 1024

static int use_stderr; /* set once, before there are threads */

void milter_log_open(int to_stderr)
{
	use_stderr = to_stderr;
	if (!to_stderr)
		openlog("postlatch-milter", LOG_PID, LOG_MAIL);
}

static void stamp(char *buf, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;

	if (localtime_r(&now, &tm) == NULL || strftime(buf, size, "%Y-%m-%dT%H:%M:%S%z", &tm) == 0)
		buf[0] = '\0';
}

void milter_log(int level, const char *fmt, ...)
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
		fprintf(stderr, "%s postlatch-milter: %s\n", at, line);
	} else {
		syslog(level, "%s", line);
	}
}
