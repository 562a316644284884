/* thread.c - see thread.h. */
#include "policy/base/thread.h"

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
