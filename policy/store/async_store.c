/* async_store.c - questions, connections and deadlines; see async_store.h.
 *
 * A question goes to the connection with the fewest unanswered, or waits for the first one
 * that is opened. What was asked in one round of the event loop leaves as one batch.
 */
#include "policy/store/async_store.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/base/breaker.h"
#include "policy/base/monotonic.h"
#include "policy/store/connector.h"
#include "policy/store/pipeline.h"

#define VERSION_EVERY_MS 1000 /* between two questions for the version of the schema */

struct questions {
	struct pl_async_question *first, **end;
	size_t count;
};

struct connection {
	struct pl_async_store *owner;
	struct pl_store *store; /* NULL: there is none */
	int fd;                 /* of our own: libpq closes its own when the connection is lost */
	void *reading, *writing;
	struct questions asked;          /* and not answered, in their order */
	int has_batch;                   /* the last of them are of a batch that has not ended */
	struct pl_async_question *batch; /* the first of these; NULL: all are answered */
	int64_t version_at_ms;
	struct pl_async_question version;
	int asks_version;
};

struct pl_async_store {
	char *uri;
	enum pl_role role;
	const enum pl_sql *statements;
	size_t statement_count;
	const struct pl_event_loop *loop;

	struct connection connections[PL_ASYNC_CONNECTIONS];
	struct pl_connector *connector; /* NULL: none is being opened */
	void *connector_watch;
	int64_t connect_at_ms;    /* not before, where there is a connection already */
	struct questions waiting; /* for a connection */
	struct pl_breaker breaker;
	struct pl_error failure; /* what the breaker was opened for */
	void *batch_timer, *deadline_timer;
	int64_t late_ms; /* what has not been answered by then fails after this round */
	int depth;       /* of the calls from the event loop that are at work */
	int is_gone;     /* freed meanwhile: the outermost call frees the memory */
};

static void append(struct questions *list, struct pl_async_question *question)
{
	if (list->count++ == 0)
		list->end = &list->first;
	question->next = NULL;
	*list->end = question;
	list->end = &question->next;
}

static struct pl_async_question *take_first(struct questions *list)
{
	struct pl_async_question *question = list->first;

	list->first = question->next;
	list->count--;
	return question;
}

static void fail(struct pl_async_question *question, const struct pl_error *err)
{
	question->answer(question->context, NULL, err);
}

/* An answer may ask again: what comes meanwhile is not of this failure. */
static void fail_all(struct questions *list, const struct pl_error *err)
{
	const struct pl_error copy = *err;
	struct questions failed = *list;

	list->count = 0;
	while (failed.count > 0)
		fail(take_first(&failed), &copy);
}

static void failed(struct pl_async_store *store, const struct pl_error *err)
{
	store->failure = *err;
	pl_breaker_failed(&store->breaker, pl_monotonic_ms(), PL_BREAKER_MOST_MS);
}

static void close_connection(struct connection *connection)
{
	const struct pl_event_loop *loop = connection->owner->loop;

	if (connection->reading != NULL)
		loop->unwatch(connection->reading);
	if (connection->writing != NULL)
		loop->unwatch(connection->writing);
	connection->reading = connection->writing = NULL;
	connection->has_batch = 0;
	connection->batch = NULL;
	if (connection->store != NULL)
		close(connection->fd);
	pl_store_close(&connection->store);
}

/* A connection that nobody waits for may go at any time: the server has been restarted. */
static void lost(struct connection *connection, struct pl_error *err)
{
	struct pl_async_store *store = connection->owner;

	close_connection(connection);
	if (connection->asked.count == 0)
		return;
	pl_store_error(store->uri, err);
	failed(store, err);
	fail_all(&connection->asked, err);
}

/* Every function that the event loop calls is between these two. */
static void enter(struct pl_async_store *store)
{
	store->depth++;
}

static void leave(struct pl_async_store *store)
{
	if (--store->depth > 0 || !store->is_gone)
		return;
	free(store->uri);
	free(store);
}

static void version_answered(void *context, struct pl_stmt *rows, const struct pl_error *err)
{
	struct connection *connection = context;
	struct pl_error misfit;

	(void)err; /* then the connection is lost, or the next question shows what is wrong */
	connection->asks_version = 0;
	if (rows != NULL && pl_store_version_fits(rows, &misfit) < 0)
		lost(connection, &misfit);
}

static void flush(struct connection *connection);

static void writable(void *context)
{
	struct connection *connection = context;
	struct pl_async_store *store = connection->owner;

	enter(store);
	flush(connection);
	leave(store);
}

static void flush(struct connection *connection)
{
	const struct pl_event_loop *loop = connection->owner->loop;
	struct pl_error err;
	int ret = pl_pipeline_flush(connection->store, &err);

	if (ret < 0) {
		lost(connection, &err);
		return;
	}
	if (ret == 1 && connection->writing == NULL)
		connection->writing = loop->watch(connection->fd, 1, writable, connection);
	if (ret == 0 && connection->writing != NULL) {
		loop->unwatch(connection->writing);
		connection->writing = NULL;
	}
}

static void watch_time(struct pl_async_store *store);

/* The server's time begins now: until now, the process may have been busy with other logins. */
static void end_batch(struct connection *connection)
{
	const int64_t until = pl_monotonic_ms() + PL_ASYNC_WAIT_MS;
	struct pl_error err;

	for (struct pl_async_question *q = connection->batch; q != NULL; q = q->next)
		q->until_ms = until;
	connection->has_batch = 0;
	connection->batch = NULL;
	if (pl_pipeline_end_batch(connection->store, &err) < 0)
		lost(connection, &err);
	else
		flush(connection);
}

static void send_batches(void *context)
{
	struct pl_async_store *store = context;

	enter(store);
	store->batch_timer = NULL;
	for (size_t i = 0; i < PL_ASYNC_CONNECTIONS; i++) {
		if (store->connections[i].has_batch)
			end_batch(&store->connections[i]);
	}
	watch_time(store);
	leave(store);
}

/* -1 when the connection was lost over it; then it has failed. */
static int send_question(struct connection *connection, struct pl_async_question *question)
{
	struct pl_async_store *store = connection->owner;
	struct pl_error err;

	append(&connection->asked, question);
	if (connection->batch == NULL)
		connection->batch = question;
	connection->has_batch = 1;
	question->until_ms = INT64_MAX; /* until it is sent */
	if (question->before_sending != NULL)
		question->before_sending(question->context, pl_store_now(connection->store));
	if (pl_pipeline_send(connection->store, question->sql, question->params, &err) < 0) {
		lost(connection, &err);
		return -1;
	}
	if (store->batch_timer == NULL)
		store->batch_timer = store->loop->timer(0, send_batches, store);
	return 0;
}

/* A database that is migrated meanwhile is noticed as with any other connection. */
static int look_at_version(struct connection *connection, int64_t now)
{
	if (now < connection->version_at_ms || connection->asks_version)
		return 0;
	connection->asks_version = 1;
	connection->version_at_ms = now + VERSION_EVERY_MS;
	connection->version = (struct pl_async_question){
		.sql = PL_SQL_SCHEMA_VERSION,
		.answer = version_answered,
		.context = connection,
	};
	return send_question(connection, &connection->version);
}

static void ask_on(struct connection *connection, struct pl_async_question *question)
{
	if (look_at_version(connection, pl_monotonic_ms()) < 0)
		fail(question, &connection->owner->failure);
	else
		send_question(connection, question);
}

/* libpq sends what it holds whenever it reads, so the server may answer a question of a batch that
 * has not ended. */
static struct pl_async_question *take_answered(struct connection *connection)
{
	struct pl_async_question *question = take_first(&connection->asked);

	if (connection->batch == question)
		connection->batch = question->next;
	return question;
}

/* One answer after the other, as far as they are there. */
static void take_answers(struct connection *connection)
{
	struct pl_async_store *store = connection->owner;

	while (connection->store != NULL && connection->asked.count > 0) {
		struct pl_error err;
		struct pl_stmt *rows;
		struct pl_async_question *question;
		int ret = pl_pipeline_answer(connection->store, connection->asked.first->sql, &rows,
					     &err);

		if (ret == 0)
			return;
		question = take_answered(connection);
		if (ret == 1) {
			pl_breaker_succeeded(&store->breaker);
			question->answer(question->context, rows, NULL);
			if (connection->store != NULL)
				pl_reset(rows);
		} else {
			pl_store_error(store->uri, &err);
			failed(store, &err);
			fail(question, &err);
		}
	}
}

static void readable(void *context)
{
	struct connection *connection = context;
	struct pl_async_store *store = connection->owner;
	struct pl_error err;

	enter(store);
	if (pl_pipeline_read(connection->store, &err) < 0) {
		take_answers(connection);
		if (connection->store != NULL)
			lost(connection, &err);
	} else {
		take_answers(connection);
	}
	leave(store);
}

/* NULL when there is no connection. */
static struct connection *least_asked(struct pl_async_store *store)
{
	struct connection *best = NULL;

	for (size_t i = 0; i < PL_ASYNC_CONNECTIONS; i++) {
		struct connection *connection = &store->connections[i];

		if (connection->store != NULL &&
		    (best == NULL || connection->asked.count < best->asked.count))
			best = connection;
	}
	return best;
}

static void connect_next(struct pl_async_store *store);

static void use_connection(struct pl_async_store *store, struct pl_store *opened, int fd)
{
	struct connection *connection = store->connections;

	pl_breaker_succeeded(&store->breaker);
	while (connection->store != NULL)
		connection++;
	connection->store = opened;
	connection->fd = fd;
	connection->asks_version = 0;
	connection->version_at_ms = pl_monotonic_ms() + VERSION_EVERY_MS;
	connection->reading = store->loop->watch(fd, 0, readable, connection);
	while (store->waiting.count > 0 && connection->store != NULL)
		ask_on(connection, take_first(&store->waiting));
	connect_next(store);
}

/* One more may be refused where there is one already: it has reached a limit. */
static void connect_failed(struct pl_async_store *store, const struct pl_error *err)
{
	store->connect_at_ms = pl_monotonic_ms() + PL_BREAKER_MOST_MS;
	if (least_asked(store) != NULL)
		return;
	failed(store, err);
	fail_all(&store->waiting, err);
}

static void connected(void *context)
{
	struct pl_async_store *store = context;
	struct pl_store *opened = NULL;
	struct pl_error err;
	int fd = -1;

	enter(store);
	store->loop->unwatch(store->connector_watch);
	store->connector_watch = NULL;
	if (pl_connector_finish(&store->connector, &opened, &err) == 0) {
		fd = fcntl(pl_pipeline_fd(opened), F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			pl_error_set(&err, PL_ERR_RETRY, "no more file descriptors");
	}
	if (fd >= 0) {
		use_connection(store, opened, fd);
	} else {
		pl_store_close(&opened);
		connect_failed(store, &err);
	}
	leave(store);
}

/* Opens one more connection, unless there are all or one is being opened. */
static void connect_next(struct pl_async_store *store)
{
	struct pl_error err;

	if (store->is_gone || store->connector != NULL ||
	    (least_asked(store) != NULL && pl_monotonic_ms() < store->connect_at_ms))
		return;
	for (size_t i = 0; i < PL_ASYNC_CONNECTIONS; i++) {
		if (store->connections[i].store != NULL)
			continue;
		if (pl_connector_start(store->uri, store->role, store->statements,
				       store->statement_count, &store->connector, &err) < 0) {
			connect_failed(store, &err);
			return;
		}
		store->connector_watch =
			store->loop->watch(pl_connector_fd(store->connector), 0, connected, store);
		return;
	}
}

static int64_t oldest(const struct pl_async_store *store)
{
	int64_t until = store->waiting.count > 0 ? store->waiting.first->until_ms : INT64_MAX;

	for (size_t i = 0; i < PL_ASYNC_CONNECTIONS; i++) {
		const struct questions *asked = &store->connections[i].asked;

		if (asked->count > 0 && asked->first->until_ms < until)
			until = asked->first->until_ms;
	}
	return until;
}

static void time_is_up(void *context);

/* One timer for all: most questions are answered long before it goes off. */
static void watch_time(struct pl_async_store *store)
{
	const int64_t until = oldest(store), now = pl_monotonic_ms();

	if (store->deadline_timer != NULL || until == INT64_MAX || store->is_gone)
		return;
	store->deadline_timer = store->loop->timer(until > now ? (unsigned int)(until - now) : 1,
						   time_is_up, store);
}

static int is_late(const struct questions *list, int64_t now)
{
	return list->count > 0 && list->first->until_ms <= now;
}

static void fail_late(void *context)
{
	struct pl_async_store *store = context;
	struct pl_error err;

	enter(store);
	store->deadline_timer = NULL;
	for (size_t i = 0; i < PL_ASYNC_CONNECTIONS; i++) {
		if (!is_late(&store->connections[i].asked, store->late_ms))
			continue;
		pl_error_set(&err, PL_ERR_RETRY, "the server does not answer");
		lost(&store->connections[i], &err);
	}
	if (is_late(&store->waiting, store->late_ms)) {
		pl_error_set(&err, PL_ERR_RETRY, "no connection yet");
		pl_store_error(store->uri, &err);
		failed(store, &err);
		fail_all(&store->waiting, &err);
	}
	watch_time(store);
	leave(store);
}

/* Timers come before what can be read. If the process was busy, the answers may have come
 * long ago: they are read in this round, and only what is late after it fails. A timer of 0 ms
 * that a timer starts would not wait for that. */
static void time_is_up(void *context)
{
	struct pl_async_store *store = context;

	store->late_ms = pl_monotonic_ms();
	store->deadline_timer = store->loop->timer(1, fail_late, store);
}

static size_t unanswered(const struct pl_async_store *store)
{
	size_t count = store->waiting.count;

	for (size_t i = 0; i < PL_ASYNC_CONNECTIONS; i++)
		count += store->connections[i].asked.count;
	return count;
}

void pl_async_store_ask(struct pl_async_store *store, struct pl_async_question *question)
{
	const int64_t now = pl_monotonic_ms();
	struct connection *connection;
	struct pl_error err;

	if (unanswered(store) >= PL_ASYNC_MOST) {
		pl_error_set(&err, PL_ERR_RETRY, "too many logins are waiting for it");
		pl_store_error(store->uri, &err);
		fail(question, &err);
		return;
	}
	if (!pl_breaker_may_try(&store->breaker, now)) {
		fail(question, &store->failure);
		return;
	}
	enter(store);
	connection = least_asked(store);
	if (connection != NULL) {
		ask_on(connection, question);
	} else {
		question->until_ms = now + PL_ASYNC_WAIT_MS;
		append(&store->waiting, question);
	}
	connect_next(store);
	watch_time(store);
	leave(store);
}

int pl_async_store_new(const char *uri, enum pl_role role, const enum pl_sql *statements,
		       size_t count, const struct pl_event_loop *loop,
		       struct pl_async_store **store_r, struct pl_error *err)
{
	struct pl_async_store *store = calloc(1, sizeof(*store));

	*store_r = NULL;
	if (store == NULL || (store->uri = strdup(uri)) == NULL) {
		free(store);
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	}
	*store_r = store;
	store->role = role;
	store->statements = statements;
	store->statement_count = count;
	store->loop = loop;
	for (size_t i = 0; i < PL_ASYNC_CONNECTIONS; i++)
		store->connections[i].owner = store;
	connect_next(store);
	return 0;
}

static void stop_timer(const struct pl_event_loop *loop, void **timer)
{
	if (*timer != NULL)
		loop->stop_timer(*timer);
	*timer = NULL;
}

void pl_async_store_free(struct pl_async_store **store_p, int wait_ms)
{
	struct pl_async_store *store = *store_p;
	struct pl_error err;

	*store_p = NULL;
	if (store == NULL)
		return;
	enter(store);
	store->is_gone = 1;
	stop_timer(store->loop, &store->batch_timer);
	stop_timer(store->loop, &store->deadline_timer);
	if (store->connector_watch != NULL)
		store->loop->unwatch(store->connector_watch);
	pl_connector_abandon(&store->connector, wait_ms);
	pl_error_set(&err, PL_ERR_RETRY, "the connection to the database is being closed");
	for (size_t i = 0; i < PL_ASYNC_CONNECTIONS; i++)
		close_connection(&store->connections[i]);
	for (size_t i = 0; i < PL_ASYNC_CONNECTIONS; i++)
		fail_all(&store->connections[i].asked, &err);
	fail_all(&store->waiting, &err);
	leave(store);
}
