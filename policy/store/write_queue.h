/* write_queue.h - threads of one process that write to a database, in their order.
 *
 * SQLite lets whoever tries at the right moment write first, so under load some
 * would try in vain until they give up. Here each waits for a ticket.
 */
#ifndef POSTLATCH_WRITE_QUEUE_H
#define POSTLATCH_WRITE_QUEUE_H

#include "policy/store/budget.h"

struct pl_write_queue;

struct pl_write_queue *pl_write_queue_new(void); /* NULL: out of memory */
void pl_write_queue_free(struct pl_write_queue **queue);
/* 0 when the caller has the ticket, until it leaves; -1 when wait_ms, or the budget, were not
 * enough. */
int pl_write_queue_enter(struct pl_write_queue *queue, int wait_ms, struct pl_budget *budget);
/* The database has let the one who has the ticket write: so those who wait are not waiting for
 * the database. */
void pl_write_queue_got_on(struct pl_write_queue *queue);
void pl_write_queue_leave(struct pl_write_queue *queue);

#endif
