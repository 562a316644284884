/* poll_loop.c - see poll_loop.h. */
#include "tests/unit/poll_loop.h"

#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "policy/base/monotonic.h"

#define MOST 16

struct entry {
	int fd; /* -1: a timer */
	short events;
	int64_t at_ms;
	pl_loop_call_t *call;
	void *context;
};

static struct entry *entries[MOST];

static void *add(struct entry entry)
{
	for (size_t i = 0; i < MOST; i++) {
		if (entries[i] != NULL)
			continue;
		entries[i] = malloc(sizeof(entry));
		if (entries[i] == NULL)
			break;
		*entries[i] = entry;
		return entries[i];
	}
	abort();
}

static void take_out(void *handle)
{
	for (size_t i = 0; i < MOST; i++) {
		if (entries[i] == handle)
			entries[i] = NULL;
	}
	free(handle);
}

/* A descriptor is unwatched before it is closed: Dovecot's loop would panic. */
static void unwatch(void *handle)
{
	if (fcntl(((struct entry *)handle)->fd, F_GETFD) < 0)
		abort();
	take_out(handle);
}

static void *watch(int fd, int for_writing, pl_loop_call_t *call, void *context)
{
	return add((struct entry){ .fd = fd,
				   .events = for_writing ? POLLOUT : POLLIN,
				   .call = call,
				   .context = context });
}

static void *timer(unsigned int ms, pl_loop_call_t *call, void *context)
{
	return add((struct entry){
		.fd = -1, .at_ms = pl_monotonic_ms() + ms, .call = call, .context = context });
}

const struct pl_event_loop poll_loop = {
	.watch = watch,
	.unwatch = unwatch,
	.timer = timer,
	.stop_timer = take_out,
};

static void run_timers(void)
{
	for (size_t i = 0; i < MOST; i++) {
		const struct entry *entry = entries[i];

		if (entry != NULL && entry->fd < 0 && entry->at_ms <= pl_monotonic_ms()) {
			const struct entry copy = *entry;

			take_out(entries[i]);
			copy.call(copy.context);
		}
	}
}

/* One at a time: a call may take out others. */
static void run_ready(void)
{
	for (size_t i = 0; i < MOST; i++) {
		const struct entry *entry = entries[i];
		struct pollfd fd;

		if (entry == NULL || entry->fd < 0)
			continue;
		fd = (struct pollfd){ .fd = entry->fd, .events = entry->events };
		if (poll(&fd, 1, 0) == 1)
			entry->call(entry->context);
	}
}

int poll_loop_until(const int *is_done, int ms)
{
	const int64_t until = pl_monotonic_ms() + ms;

	while (!*is_done && pl_monotonic_ms() < until) {
		run_timers(); /* first, as in Dovecot's loop */
		run_ready();
		(void)poll(NULL, 0, 1);
	}
	return *is_done;
}
