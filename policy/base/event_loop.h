/* event_loop.h - the functions of the host's event loop that the library calls.
 *
 * Dovecot's auth process has an event loop; a unit test makes one of poll(2). All functions are
 * called from the loop's thread, and none of them waits.
 */
#ifndef POSTLATCH_EVENT_LOOP_H
#define POSTLATCH_EVENT_LOOP_H

typedef void pl_loop_call_t(void *context);

struct pl_event_loop {
	/* Calls the callback whenever fd can be read (or written to), until it is unwatched, which
	 * happens before fd is closed. */
	void *(*watch)(int fd, int for_writing, pl_loop_call_t *call, void *context);
	void (*unwatch)(void *watch);
	/* Calls the callback once, after this many milliseconds; with 0 after all other events of
	 * this round of the loop. A timer whose callback was called need not be stopped. */
	void *(*timer)(unsigned int ms, pl_loop_call_t *call, void *context);
	void (*stop_timer)(void *timer);
};

#endif
