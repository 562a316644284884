/* event_loop.c - see event_loop.h. */
#include "lib.h"
#include "ioloop.h"

#include "dovecot-plugin/event_loop.h"

struct watch {
	struct io *io;
	pl_loop_call_t *call;
	void *context;
};

struct timer {
	struct timeout *timeout;
	pl_loop_call_t *call;
	void *context;
};

static void is_ready(struct watch *watch)
{
	watch->call(watch->context);
}

static void *watch(int fd, int for_writing, pl_loop_call_t *call, void *context)
{
	struct watch *watch = i_new(struct watch, 1);

	watch->call = call;
	watch->context = context;
	watch->io = io_add(fd, for_writing != 0 ? IO_WRITE : IO_READ, is_ready, watch);
	return watch;
}

static void unwatch(void *watch_p)
{
	struct watch *watch = watch_p;

	io_remove(&watch->io);
	i_free(watch);
}

static void stop_timer(void *timer_p)
{
	struct timer *timer = timer_p;

	timeout_remove(&timer->timeout);
	i_free(timer);
}

/* Dovecot's own go off again and again. */
static void timer_is_up(struct timer *timer)
{
	pl_loop_call_t *const call = timer->call;
	void *const context = timer->context;

	stop_timer(timer);
	call(context);
}

static void *timer(unsigned int ms, pl_loop_call_t *call, void *context)
{
	struct timer *timer = i_new(struct timer, 1);

	timer->call = call;
	timer->context = context;
	timer->timeout = timeout_add_short(ms, timer_is_up, timer);
	return timer;
}

const struct pl_event_loop dovecot_event_loop = {
	.watch = watch,
	.unwatch = unwatch,
	.timer = timer,
	.stop_timer = stop_timer,
};
