/* async_store.h - asks a database server without waiting for its answers.
 *
 * For a process that serves everybody on one event loop. A few connections, each of which
 * takes questions before earlier ones are answered; they are opened in a thread, where a
 * name server, TLS and the server may take their time, and handed over when they are ready.
 *
 * A question is answered exactly once, and within PL_ASYNC_WAIT_MS after it was sent; it waits
 * as long for a connection. When the oldest on a connection is not answered by then, or the
 * connection is lost, everything asked there fails, and the connection is closed. A process that
 * is busy itself (some schemes of passwords take long) reads what has come before it decides
 * that. What fails makes later questions fail at once for a while (breaker.h). Nothing here logs:
 * the answer has the error.
 */
#ifndef POSTLATCH_ASYNC_STORE_H
#define POSTLATCH_ASYNC_STORE_H

#include "policy/base/event_loop.h"
#include "policy/store/store.h"

#define PL_ASYNC_WAIT_MS 1000
#define PL_ASYNC_CONNECTIONS 2
#define PL_ASYNC_MOST 1000 /* questions that wait; more fail at once */

struct pl_async_store;

/* rows is stepped as after pl_query, and is of no use once the function returns; NULL for a
 * failure, which is in err. May ask again, and may free the asking store. */
typedef void pl_async_answer_t(void *context, struct pl_stmt *rows, const struct pl_error *err);

/* The caller's, from the question to its answer, and what params points to as well. */
struct pl_async_question {
	enum pl_sql sql;
	const struct pl_param *params;
	/* Before it is sent, with the time of the server: what params points to may depend on it.
	 * NULL: it does not. */
	void (*before_sending)(void *context, int64_t now);
	pl_async_answer_t *answer;
	void *context;

	struct pl_async_question *next; /* the rest is for async_store.c */
	int64_t until_ms;
};

/* Begins to connect. The statements are prepared on each connection; no others can be
 * asked. loop and statements are borrowed and must stay. */
int pl_async_store_new(const char *uri, enum pl_role role, const enum pl_sql *statements,
		       size_t count, const struct pl_event_loop *loop,
		       struct pl_async_store **store_r, struct pl_error *err);
/* Whatever is not answered fails with PL_ERR_RETRY. Waits for a thread that connects, but
 * no longer than wait_ms. */
void pl_async_store_free(struct pl_async_store **store, int wait_ms);

/* May answer before it returns, if it fails. */
void pl_async_store_ask(struct pl_async_store *store, struct pl_async_question *question);

#endif
