/* event_loop.h - what a library function needs of the event loop of its host.
 *
 * Dovecot's auth process has one; a unit test makes one of poll(2). All is called from the
 * loop's thread, and nothing of it waits.
 */
#ifndef POSTLATCH_EVENT_LOOP_H
#define POSTLATCH_EVENT_LOOP_H

typedef void pl_loop_call_t(void *context);

struct pl_event_loop {
	/* Calls whenever fd can be read (or written to), until it is unwatched, which is
	 * before fd is closed. */
	void *(*watch)(int fd, int for_writing, pl_loop_call_t *call, void *context);
	void (*unwatch)(void *watch);
	/* Calls once, so many milliseconds from now; with 0 after everything that the loop
	 * has found to do in this round. A timer that was called needs no stopping. */
	void *(*timer)(unsigned int ms, pl_loop_call_t *call, void *context);
	void (*stop_timer)(void *timer);
};

#endif
