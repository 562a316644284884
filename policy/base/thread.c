/* thread.c - see thread.h. */
#include "policy/base/thread.h"

#include <errno.h>
#include <signal.h>

int pl_thread_start(pthread_t *thread_r, void *(*run)(void *context), void *context)
{
	sigset_t all, before;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = pthread_create(thread_r, NULL, run, context);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return ret;
}

#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define THREAD_SANITIZER 1
#endif
#endif

#ifdef THREAD_SANITIZER
/* It does not know pthread_clockjoin_np(), and takes a thread that was joined for one that runs. */
int pl_thread_join_until(pthread_t thread, const struct timespec *deadline)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	struct timespec now;
	int ret;

	while ((ret = pthread_tryjoin_np(thread, NULL)) == EBUSY) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > deadline->tv_sec ||
		    (now.tv_sec == deadline->tv_sec && now.tv_nsec >= deadline->tv_nsec))
			return ETIMEDOUT;
		nanosleep(&moment, NULL);
	}
	return ret;
}
#else
int pl_thread_join_until(pthread_t thread, const struct timespec *deadline)
{
	return pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, deadline);
}
#endif
