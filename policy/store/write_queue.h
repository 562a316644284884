/* write_queue.h - threads of one process that write to a database, in their order.
 *
 * SQLite lets whoever tries at the right moment write first, so under load some
 * would try in vain until they give up. Here each waits for a ticket.
 */
#ifndef POSTLATCH_WRITE_QUEUE_H
#define POSTLATCH_WRITE_QUEUE_H

struct pl_write_queue;

struct pl_write_queue *pl_write_queue_new(void); /* NULL: out of memory */
void pl_write_queue_free(struct pl_write_queue **queue);
/* 0 when the caller has the ticket, until it leaves; -1 when wait_ms were not enough. */
int pl_write_queue_enter(struct pl_write_queue *queue, int wait_ms);
void pl_write_queue_leave(struct pl_write_queue *queue);

#endif
