/* thread.h - threads that a library starts in a process that is not its own. */
#ifndef POSTLATCH_THREAD_H
#define POSTLATCH_THREAD_H

#include <pthread.h>

/* Starts a thread that gets no signals: they are for the process's own threads. Returns 0 or an
 * errno. */
int pl_thread_start(pthread_t *thread_r, void *(*run)(void *context), void *context);

#endif
