/* write_queue.c - see write_queue.h. */
#include "policy/store/write_queue.h"

#include <pthread.h>
#include <stdlib.h>

#include "policy/base/monotonic.h"

struct waiter {
	pthread_cond_t wake;
	int granted;
	struct waiter *next;
};

struct pl_write_queue {
	pthread_mutex_t lock;
	int taken;
	int64_t got_on_ms;
	struct waiter *first, **last;
};

struct pl_write_queue *pl_write_queue_new(void)
{
	struct pl_write_queue *queue = calloc(1, sizeof(*queue));

	if (queue != NULL) {
		pthread_mutex_init(&queue->lock, NULL);
		queue->last = &queue->first;
	}
	return queue;
}

void pl_write_queue_free(struct pl_write_queue **queue_p)
{
	struct pl_write_queue *queue = *queue_p;

	*queue_p = NULL;
	if (queue == NULL)
		return;
	pthread_mutex_destroy(&queue->lock);
	free(queue);
}

static void append(struct pl_write_queue *queue, struct waiter *waiter)
{
	*queue->last = waiter;
	queue->last = &waiter->next;
}

static void take_out(struct pl_write_queue *queue, struct waiter *waiter)
{
	struct waiter **at = &queue->first;

	while (*at != waiter)
		at = &(*at)->next;
	*at = waiter->next;
	if (waiter->next == NULL)
		queue->last = at;
}

/* With the lock held, until it is granted or the time is over. Whoever leaves
 * takes the next one out of the queue. */
static void wait_for_ticket(struct pl_write_queue *queue, struct waiter *waiter, int wait_ms,
			    struct pl_budget *budget)
{
	const int64_t begun = pl_monotonic_ms();
	int left;

	append(queue, waiter);
	while (!waiter->granted &&
	       (left = pl_budget_turn(budget, wait_ms, begun, queue->got_on_ms)) > 0) {
		const struct timespec end = pl_monotonic_after(left);

		pthread_cond_clockwait(&waiter->wake, &queue->lock, CLOCK_MONOTONIC, &end);
	}
	pl_budget_spend_turn(budget, begun, queue->got_on_ms);
	if (!waiter->granted)
		take_out(queue, waiter);
}

int pl_write_queue_enter(struct pl_write_queue *queue, int wait_ms, struct pl_budget *budget)
{
	struct waiter waiter = { .granted = 0 };

	pthread_mutex_lock(&queue->lock);
	if (!queue->taken) {
		queue->taken = waiter.granted = 1;
	} else {
		pthread_cond_init(&waiter.wake, NULL);
		wait_for_ticket(queue, &waiter, wait_ms, budget);
		pthread_cond_destroy(&waiter.wake);
	}
	pthread_mutex_unlock(&queue->lock);
	return waiter.granted ? 0 : -1;
}

void pl_write_queue_got_on(struct pl_write_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->got_on_ms = pl_monotonic_ms();
	pthread_mutex_unlock(&queue->lock);
}

/* The ticket is handed over, so that nobody who comes by can take it first. */
void pl_write_queue_leave(struct pl_write_queue *queue)
{
	struct waiter *next;

	pthread_mutex_lock(&queue->lock);
	next = queue->first;
	if (next != NULL) {
		take_out(queue, next);
		next->granted = 1;
		pthread_cond_signal(&next->wake);
	} else {
		queue->taken = 0;
	}
	pthread_mutex_unlock(&queue->lock);
}
