/* test_log_limit.c - which lines about a failure that lasts are logged. */
#include "tests/unit/test.h"

#include "policy/base/log_limit.h"

#define MINUTE PL_LOG_LIMIT_REPEAT_MS

static void line_is_logged_at_once_and_then_once_a_minute(void **state)
{
	struct pl_log_limit limit = { 0 };
	int logged = 0;

	(void)state;
	for (int64_t now_ms = 0; now_ms < 3 * MINUTE; now_ms += 100)
		logged += pl_log_limit_failed(&limit, "database: away", now_ms);
	assert_int_equal(logged, 3);
	assert_int_equal(pl_log_limit_failed(&limit, "database: away", 3 * MINUTE - 1), 0);
	assert_int_equal(pl_log_limit_failed(&limit, "database: away", 3 * MINUTE), 1);
}

static void another_line_is_logged_at_once(void **state)
{
	struct pl_log_limit limit = { 0 };

	(void)state;
	assert_int_equal(pl_log_limit_failed(&limit, "database: away", 1), 1);
	assert_int_equal(pl_log_limit_failed(&limit, "database: locked", 2), 1);
}

static void failures_that_alternate_do_not_make_each_other_new(void **state)
{
	struct pl_log_limit limit = { 0 };
	int logged = 0;

	(void)state;
	for (int64_t now_ms = 0; now_ms < MINUTE; now_ms += 10) {
		logged += pl_log_limit_failed(&limit, "row of one", now_ms);
		logged += pl_log_limit_failed(&limit, "row of another", now_ms);
	}
	assert_int_equal(logged, 2);
}

static void lines_that_are_all_different_are_bounded(void **state)
{
	struct pl_log_limit limit = { 0 };
	char line[32];
	int logged = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line), "row of member %d", i);
		logged += pl_log_limit_failed(&limit, line, i);
	}
	assert_int_equal(logged, PL_LOG_LIMIT_LINES);
	assert_int_equal(pl_log_limit_failed(&limit, "row of member 2000", 2 * MINUTE), 1);
}

static void end_is_told_once_and_only_after_a_failure(void **state)
{
	struct pl_log_limit limit = { 0 };

	(void)state;
	assert_int_equal(pl_log_limit_ended(&limit), 0);
	pl_log_limit_failed(&limit, "database: away", 1);
	assert_int_equal(pl_log_limit_ended(&limit), 1);
	assert_int_equal(pl_log_limit_ended(&limit), 0);
}

static void failure_that_comes_back_is_new(void **state)
{
	struct pl_log_limit limit = { 0 };

	(void)state;
	pl_log_limit_failed(&limit, "database: away", 1);
	pl_log_limit_ended(&limit);
	assert_int_equal(pl_log_limit_failed(&limit, "database: away", 2), 1);
}

static void end_is_told_of_a_failure_that_was_logged_long_ago(void **state)
{
	struct pl_log_limit limit = { 0 };

	(void)state;
	pl_log_limit_failed(&limit, "database: away", 1);
	assert_int_equal(pl_log_limit_failed(&limit, "database: away", 2), 0);
	assert_int_equal(pl_log_limit_ended(&limit), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_is_logged_at_once_and_then_once_a_minute),
		cmocka_unit_test(another_line_is_logged_at_once),
		cmocka_unit_test(failures_that_alternate_do_not_make_each_other_new),
		cmocka_unit_test(lines_that_are_all_different_are_bounded),
		cmocka_unit_test(end_is_told_once_and_only_after_a_failure),
		cmocka_unit_test(failure_that_comes_back_is_new),
		cmocka_unit_test(end_is_told_of_a_failure_that_was_logged_long_ago),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
