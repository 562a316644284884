/* thread.h - threads that a library starts in a process that is not its own. */
#ifndef POSTLATCH_THREAD_H
#define POSTLATCH_THREAD_H

#include <pthread.h>
#include <time.h>

/* Starts a thread that gets no signals: they are for the process's own threads. Returns 0 or an
 * errno. */
int pl_thread_start(pthread_t *thread_r, void *(*run)(void *context), void *context);
/* Waits for its end until the monotonic clock has reached the deadline. Returns 0 when it was
 * joined, or an errno. */
int pl_thread_join_until(pthread_t thread, const struct timespec *deadline);

#endif
