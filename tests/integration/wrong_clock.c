/* wrong_clock.c - to be preloaded: a wall clock that is wrong.
 *
 * By how many seconds stands in the file $WRONG_CLOCK.
 *
 * The time since boot stays right, as it does when a machine's clock is set. (The
 * library that Debian has for this stops a program that waits with a condition
 * variable.)
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long seconds_wrong(void)
{
	const char *path = getenv("WRONG_CLOCK");
	FILE *file = path == NULL ? NULL : fopen(path, "r");
	long seconds = 0;

	if (file == NULL)
		return 0;
	if (fscanf(file, "%ld", &seconds) != 1)
		seconds = 0;
	fclose(file);
	return seconds;
}

time_t time(time_t *now_r)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (now_r != NULL)
		*now_r = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *restrict now_r, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	now_r->tv_sec = now.tv_sec;
	now_r->tv_usec = now.tv_nsec / 1000;
	return 0;
}

int clock_gettime(clockid_t clock, struct timespec *now_r)
{
	int ret = (int)syscall(SYS_clock_gettime, clock, now_r);

	if (ret == 0 && clock == CLOCK_REALTIME)
		now_r->tv_sec += seconds_wrong();
	return ret;
}
