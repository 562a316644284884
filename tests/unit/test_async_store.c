/* test_async_store.c - a server that is asked without waiting. */
#include "tests/unit/fixture.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "policy/account/member.h"
#include "policy/base/monotonic.h"
#include "policy/store/async_store.h"
#include "tests/unit/poll_loop.h"

#define MANY 500

static const enum pl_sql statements[] = { PL_SQL_ACCOUNT };

struct asked {
	struct pl_async_question question;
	struct pl_param params[3];
	char local[16];
	int *count; /* of all that were answered */
	int answers, is_found;
	struct pl_error err;
};

static void answered(void *context, struct pl_stmt *rows, const struct pl_error *err)
{
	struct asked *asked = context;
	char local[16];

	asked->answers++;
	++*asked->count;
	if (rows == NULL) {
		asked->err = *err;
		return;
	}
	asked->is_found = pl_step(rows, NULL) == 1 && !pl_col_is_null(rows, "member_id");
	if (!asked->is_found)
		return;
	pl_col_copy(rows, "local", local, sizeof(local));
	assert_string_equal(local, asked->local);
}

static void prepare(struct asked *asked, size_t number, int *count)
{
	snprintf(asked->local, sizeof(asked->local), "m%zu", number);
	asked->params[0] = (struct pl_param)PL_TEXT("local", asked->local);
	asked->params[1] = (struct pl_param)PL_TEXT("domain", "example.test");
	asked->count = count;
	asked->question = (struct pl_async_question){
		.sql = PL_SQL_ACCOUNT, .params = asked->params, .answer = answered, .context = asked
	};
}

static struct pl_async_store *start(struct fixture *fixture, const char *uri)
{
	struct pl_async_store *store;

	assert_ok(fixture, pl_async_store_new(uri, PL_ROLE_LOGIN, statements, COUNT(statements),
					      &poll_loop, &store, &fixture->err));
	return store;
}

/* Asks one question and waits for its answer: 1 a member, 0 none, -1 failed. */
static int ask_one(struct pl_async_store *store, size_t number, struct pl_error *err)
{
	struct asked asked = { .answers = 0 };
	int count = 0;

	prepare(&asked, number, &count);
	pl_async_store_ask(store, &asked.question);
	assert_true(poll_loop_until(&count, 5000));
	*err = asked.err;
	return asked.err.code != PL_OK ? -1 : asked.is_found;
}

static void ask_many(struct pl_async_store *store, struct asked *asked, int *count, int wait_ms)
{
	const int64_t until = pl_monotonic_ms() + wait_ms;

	for (size_t i = 0; i < MANY; i++) {
		prepare(&asked[i], i, count);
		pl_async_store_ask(store, &asked[i].question);
	}
	while (*count < MANY && pl_monotonic_ms() < until)
		poll_loop_until(&(int){ 0 }, 5);
	assert_int_equal(*count, MANY);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(asked[i].answers, 1);
}

static void each_question_gets_its_own_answer(void **state)
{
	struct fixture *fixture = *state;
	struct pl_async_store *store;
	struct asked *asked;
	int count = 0;

	only_postgresql(fixture);
	asked = calloc(MANY, sizeof(*asked));
	add_member(fixture, "m0@example.test", "");
	add_member(fixture, "m7@example.test", "");
	add_member(fixture, "m499@example.test", "");
	store = start(fixture, fixture->uri);
	ask_many(store, asked, &count, 5000);
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(asked[i].err.code, PL_OK);
		assert_int_equal(asked[i].is_found, i == 0 || i == 7 || i == 499);
	}
	pl_async_store_free(&store, 1000);
	free(asked);
}

static void failed_statement_fails_no_later_one(void **state)
{
	struct fixture *fixture = *state;
	struct pl_async_store *store;
	struct pl_error err;

	only_postgresql(fixture);
	add_member(fixture, "m1@example.test", "");
	store = start(fixture, fixture->uri);
	assert_int_equal(ask_one(store, 1, &err), 1);
	sql_run(fixture->db, "ALTER TABLE second_factor RENAME TO gone");
	assert_int_equal(ask_one(store, 1, &err), -1);
	/* Others do not each try for themselves. */
	assert_int_equal(ask_one(store, 1, &err), -1);
	sql_run(fixture->db, "ALTER TABLE gone RENAME TO second_factor");
	poll_loop_until(&(int){ 0 }, 300);
	assert_int_equal(ask_one(store, 1, &err), 1);
	pl_async_store_free(&store, 1000);
}

static void connections_that_were_cut_cost_no_question(void **state)
{
	struct fixture *fixture = *state;
	struct pl_async_store *store;
	struct pl_error err;

	only_postgresql(fixture);
	add_member(fixture, "m1@example.test", "");
	store = start(fixture, fixture->uri);
	assert_int_equal(ask_one(store, 1, &err), 1);
	poll_loop_until(&(int){ 0 }, 300); /* all are connected */
	sql_run(fixture->db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
			     "WHERE datname = current_database() AND pid <> pg_backend_pid()");
	poll_loop_until(&(int){ 0 }, 300);
	assert_int_equal(ask_one(store, 1, &err), 1);
	pl_async_store_free(&store, 1000);
	pl_store_close(&fixture->store);
}

static void migrated_database_is_noticed(void **state)
{
	struct fixture *fixture = *state;
	struct pl_async_store *store;
	struct pl_error err;

	only_postgresql(fixture);
	add_member(fixture, "m1@example.test", "");
	store = start(fixture, fixture->uri);
	assert_int_equal(ask_one(store, 1, &err), 1);
	sql_run(fixture->db,
		"INSERT INTO schema_history (version, title, applied_at) VALUES (9999, '', 0)");
	poll_loop_until(&(int){ 0 }, 1100);
	(void)ask_one(store, 1, &err); /* goes with the question for the version */
	(void)ask_one(store, 1, &err);
	poll_loop_until(&(int){ 0 }, 300);
	assert_int_equal(ask_one(store, 1, &err), -1);
	assert_non_null(strstr(err.msg, "version 9999"));
	pl_async_store_free(&store, 1000);
}

/* A server that takes connections and says nothing. */
static int silent_server(struct fixture *fixture, char *uri, size_t size)
{
	union {
		struct sockaddr any;
		struct sockaddr_un path;
	} address = { .path = { .sun_family = AF_UNIX } };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.path.sun_path, sizeof(address.path.sun_path), "%s/.s.PGSQL.5432",
		 fixture->dir);
	assert_int_equal(bind(fd, &address.any, sizeof(address)), 0);
	assert_int_equal(listen(fd, 16), 0);
	snprintf(uri, size, "postgresql://postlatch@/postlatch?host=%s", fixture->dir);
	return fd;
}

static void silent_server_fails_all_in_time_and_the_next_at_once(void **state)
{
	struct fixture *fixture = *state;
	struct pl_async_store *store;
	struct asked *asked;
	int64_t before;
	struct pl_error err;
	char uri[256];
	int count = 0, fd;

	only_postgresql(fixture);
	asked = calloc(MANY, sizeof(*asked));
	fd = silent_server(fixture, uri, sizeof(uri));
	store = start(fixture, uri);
	before = pl_monotonic_ms();
	ask_many(store, asked, &count, 5000);
	assert_in_range(pl_monotonic_ms() - before, PL_ASYNC_WAIT_MS / 2, 4000);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(asked[i].err.code, PL_ERR_RETRY);
	before = pl_monotonic_ms();
	assert_int_equal(ask_one(store, 1, &err), -1);
	assert_in_range(pl_monotonic_ms() - before, 0, PL_ASYNC_WAIT_MS / 2);
	pl_async_store_free(&store, 0);
	close(fd);
	free(asked);
}

/* As an event loop is while an operator's passdb computes a slow hash. */
static void be_busy(void)
{
	(void)poll(NULL, 0, PL_ASYNC_WAIT_MS + 200);
}

static void answer_that_came_while_the_process_was_busy_counts(void **state)
{
	struct fixture *fixture = *state;
	struct asked asked = { .answers = 0 };
	struct pl_async_store *store;
	struct pl_error err;
	int count = 0;

	only_postgresql(fixture);
	store = start(fixture, fixture->uri);
	assert_int_equal(ask_one(store, 1, &err), 0);
	prepare(&asked, 1, &count);
	pl_async_store_ask(store, &asked.question);
	poll_loop_until(&(int){ 0 }, 1); /* it is sent */
	be_busy();
	assert_true(poll_loop_until(&count, 5000));
	assert_int_equal(asked.err.code, PL_OK);
	pl_async_store_free(&store, 1000);
}

struct busy {
	struct asked asked, next;
	struct pl_async_store *store;
};

static void answered_by_one_who_asks_and_is_busy(void *context, struct pl_stmt *rows,
						 const struct pl_error *err)
{
	struct busy *busy = context;

	answered(&busy->asked, rows, err);
	pl_async_store_ask(busy->store, &busy->next.question);
	be_busy();
}

static void question_that_could_not_be_sent_meanwhile_has_its_time(void **state)
{
	struct fixture *fixture = *state;
	struct busy busy = { .store = NULL };
	int count = 0, next_count = 0;

	only_postgresql(fixture);
	busy.store = start(fixture, fixture->uri);
	prepare(&busy.asked, 1, &count);
	prepare(&busy.next, 2, &next_count);
	busy.asked.question.answer = answered_by_one_who_asks_and_is_busy;
	busy.asked.question.context = &busy;
	pl_async_store_ask(busy.store, &busy.asked.question);
	assert_true(poll_loop_until(&next_count, 5000));
	assert_int_equal(busy.asked.err.code, PL_OK);
	assert_int_equal(busy.next.err.code, PL_OK);
	pl_async_store_free(&busy.store, 1000);
}

/* A loop that holds the end of batches back, as another descriptor's work would. */
static struct {
	int is_holding;
	pl_loop_call_t *call;
	void *context;
} batch_end;

static void *timer_of_slow_loop(unsigned int ms, pl_loop_call_t *call, void *context)
{
	if (ms > 0 || !batch_end.is_holding)
		return poll_loop.timer(ms, call, context);
	batch_end.call = call;
	batch_end.context = context;
	return &batch_end;
}

static void stop_timer_of_slow_loop(void *timer)
{
	if (timer != &batch_end)
		poll_loop.stop_timer(timer);
}

struct chain {
	struct asked asked;
	struct pl_async_store *store;
	int *next_count; /* NULL: nothing follows */
};

static void answered_by_one_who_asks_again(void *context, struct pl_stmt *rows,
					   const struct pl_error *err)
{
	struct chain *chain = context;
	int *next_count = chain->next_count;

	answered(&chain->asked, rows, err);
	chain->next_count = NULL;
	if (next_count == NULL) {
		free(chain);
		return;
	}
	batch_end.is_holding = 1;
	prepare(&chain->asked, 1, next_count);
	chain->asked.question.answer = answered_by_one_who_asks_again;
	chain->asked.question.context = chain;
	pl_async_store_ask(chain->store, &chain->asked.question);
}

/* The server answers what libpq has sent while it read, once there is enough of it. */
static void answer_before_its_batch_has_ended_is_forgotten(void **state)
{
	struct fixture *fixture = *state;
	struct pl_event_loop loop = poll_loop;
	struct pl_async_store *store;
	struct pl_error err;
	int count = 0, next_count = 0;

	only_postgresql(fixture);
	loop.timer = timer_of_slow_loop;
	loop.stop_timer = stop_timer_of_slow_loop;
	batch_end.is_holding = 0;
	assert_ok(fixture, pl_async_store_new(fixture->uri, PL_ROLE_LOGIN, statements,
					      COUNT(statements), &loop, &store, &fixture->err));
	assert_int_equal(ask_one(store, 1, &err), 0);
	for (size_t i = 0; i < MANY; i++) {
		struct chain *chain = calloc(1, sizeof(*chain));

		chain->store = store;
		chain->next_count = &next_count;
		prepare(&chain->asked, 1, &count);
		chain->asked.question.answer = answered_by_one_who_asks_again;
		chain->asked.question.context = chain;
		pl_async_store_ask(store, &chain->asked.question);
	}
	poll_loop_until(&(int){ 0 }, 500);
	assert_int_equal(count, MANY);
	assert_in_range(next_count, 1, MANY - 1);
	batch_end.is_holding = 0;
	batch_end.call(batch_end.context);
	poll_loop_until(&(int){ 0 }, 500);
	assert_int_equal(next_count, MANY);
	pl_async_store_free(&store, 1000);
}

static void what_waits_is_answered_when_the_store_is_freed(void **state)
{
	struct fixture *fixture = *state;
	struct asked asked = { .answers = 0 };
	struct pl_async_store *store;
	char uri[256];
	int count = 0, fd;

	only_postgresql(fixture);
	fd = silent_server(fixture, uri, sizeof(uri));
	store = start(fixture, uri);
	prepare(&asked, 1, &count);
	pl_async_store_ask(store, &asked.question);
	assert_int_equal(asked.answers, 0);
	pl_async_store_free(&store, 0);
	assert_int_equal(asked.answers, 1);
	assert_int_equal(asked.err.code, PL_ERR_RETRY);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(each_question_gets_its_own_answer),
		TEST_WITH_DATABASE(failed_statement_fails_no_later_one),
		TEST_WITH_DATABASE(connections_that_were_cut_cost_no_question),
		TEST_WITH_DATABASE(migrated_database_is_noticed),
		TEST_WITH_DATABASE(silent_server_fails_all_in_time_and_the_next_at_once),
		TEST_WITH_DATABASE(answer_that_came_while_the_process_was_busy_counts),
		TEST_WITH_DATABASE(question_that_could_not_be_sent_meanwhile_has_its_time),
		TEST_WITH_DATABASE(answer_before_its_batch_has_ended_is_forgotten),
		TEST_WITH_DATABASE(what_waits_is_answered_when_the_store_is_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
