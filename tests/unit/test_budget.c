/* test_budget.c - what a request may wait for the database, over all its waits. */
#include "tests/unit/fixture.h"

#include <pthread.h>
#include <unistd.h>

#include "policy/base/monotonic.h"
#include "policy/store/budget.h"
#include "policy/store/write_queue.h"

static void wait_is_limited_by_what_is_left(void **state)
{
	struct pl_budget budget = { 100 };
	const int64_t now = pl_monotonic_ms();

	(void)state;
	assert_int_equal(pl_budget_limit(&budget, 5000), 100);
	assert_int_equal(pl_budget_limit(&budget, 20), 20);
	assert_int_equal(pl_budget_limit(NULL, 5000), 5000);
	pl_budget_spend(&budget, now - 60);
	assert_in_range(budget.left_ms, 0, 40);
	pl_budget_spend(&budget, now - 1000);
	assert_int_equal(budget.left_ms, 0);
	assert_int_equal(pl_budget_limit(&budget, 5000), 0);
	pl_budget_spend(NULL, now - 1000);
}

static void turn_costs_what_has_passed_since_another_got_on(void **state)
{
	struct pl_budget budget = { 60000 };
	const int64_t now = pl_monotonic_ms();

	(void)state;
	/* Nobody has: all of it counts. */
	assert_int_equal(pl_budget_turn(&budget, 1000000, now - 60000, 0), 0);
	assert_int_equal(pl_budget_turn(NULL, 70000, now - 70000, 0), 0);
	assert_in_range(pl_budget_turn(NULL, 130000, now - 70000, 0), 1, 60000);
	/* One has, half a minute ago. */
	assert_in_range(pl_budget_turn(&budget, 1000000, now - 90000, now - 30000), 1, 30000);
	/* But not for ever. */
	assert_int_equal(pl_budget_turn(&budget, 90000, now - 90000, now), 0);
	pl_budget_spend_turn(&budget, now - 90000, now - 30000);
	assert_in_range(budget.left_ms, 1, 30000);
}

/* Somebody who writes one thing after the other. */
struct writer {
	struct pl_write_queue *queue;
	int end;
};

static void *write_on(void *context)
{
	struct writer *writer = context;

	while (!__atomic_load_n(&writer->end, __ATOMIC_ACQUIRE)) {
		pl_write_queue_got_on(writer->queue);
		usleep(1000);
	}
	return NULL;
}

/* The wait is longer than the budget, and yet it goes on. */
static void queue_that_moves_costs_next_to_nothing(void **state)
{
	struct writer writer = { .queue = pl_write_queue_new() };
	struct pl_budget budget = { 1500 };
	const int64_t begun = pl_monotonic_ms();
	pthread_t thread;

	(void)state;
	assert_int_equal(pl_write_queue_enter(writer.queue, 0, NULL), 0);
	assert_int_equal(pthread_create(&thread, NULL, write_on, &writer), 0);
	assert_int_equal(pl_write_queue_enter(writer.queue, 3000, &budget), -1);
	__atomic_store_n(&writer.end, 1, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	assert_true(pl_monotonic_ms() - begun >= 3000);
	assert_true(budget.left_ms > 0);
	pl_write_queue_leave(writer.queue);
	pl_write_queue_free(&writer.queue);
}

static void queue_that_stands_still_takes_the_budget(void **state)
{
	struct pl_write_queue *queue = pl_write_queue_new();
	struct pl_budget budget = { 50 };
	const int64_t begun = pl_monotonic_ms();

	(void)state;
	assert_int_equal(pl_write_queue_enter(queue, 0, NULL), 0);
	assert_int_equal(pl_write_queue_enter(queue, 600000, &budget), -1);
	assert_true(pl_monotonic_ms() - begun < 600000);
	assert_int_equal(budget.left_ms, 0);
	pl_write_queue_leave(queue);
	pl_write_queue_free(&queue);
}

/* Several waits for a lock, none of which reaches its own limit, take one budget together. */
static void waits_for_a_lock_take_one_budget(void **state)
{
	struct fixture *fixture = *state;
	struct pl_budget budget = { 2 * PL_STORE_WAIT - 100 };
	struct pl_store *other;

	add_member(fixture, "user@example.test", "");
	assert_ok(fixture, pl_store_open(fixture->uri, PL_ROLE_COMMAND, &other, &fixture->err));
	assert_ok(fixture, pl_store_begin_write(other, &fixture->err));
	pl_store_set_budget(fixture->store, &budget);
	assert_refused(fixture, pl_store_begin_write(fixture->store, &fixture->err), PL_ERR_RETRY,
		       "locked");
	assert_in_range(budget.left_ms, 1, PL_STORE_WAIT - 1);
	assert_int_equal(pl_store_begin_write(fixture->store, &fixture->err), -1);
	assert_int_equal(budget.left_ms, 0);
	assert_int_equal(fixture->err.code, PL_ERR_RETRY);
	/* From here on nothing is waited for at all. */
	assert_refused(fixture, pl_store_begin_write(fixture->store, &fixture->err), PL_ERR_RETRY,
		       "too slow");
	assert_refused(fixture,
		       pl_step(pl_query(fixture->store, PL_SQL_SCHEMA_VERSION, NULL),
			       &fixture->err),
		       PL_ERR_RETRY, "too slow");
	pl_store_close(&other);
	pl_store_set_budget(fixture->store, NULL);
}

static void spent_budget_sends_no_commit(void **state)
{
	struct fixture *fixture = *state;
	struct pl_budget budget = { PL_BUDGET_MS };

	pl_store_set_budget(fixture->store, &budget);
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	budget.left_ms = 0;
	assert_refused(fixture, pl_store_commit(fixture->store, &fixture->err), PL_ERR_RETRY,
		       "too slow");
	pl_store_rollback(fixture->store);
	pl_store_set_budget(fixture->store, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wait_is_limited_by_what_is_left),
		cmocka_unit_test(turn_costs_what_has_passed_since_another_got_on),
		cmocka_unit_test(queue_that_moves_costs_next_to_nothing),
		cmocka_unit_test(queue_that_stands_still_takes_the_budget),
		TEST_WITH_DATABASE(waits_for_a_lock_take_one_budget),
		TEST_WITH_DATABASE(spent_budget_sends_no_commit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
