/* test_breaker.c - who may try again, and when. */
#include "tests/unit/test.h"

#include "policy/base/breaker.h"

static void all_may_try_while_nothing_has_failed(void **state)
{
	struct pl_breaker breaker = { 0 };

	(void)state;
	assert_int_equal(pl_breaker_may_try(&breaker, 1), 1);
	assert_int_equal(pl_breaker_may_try(&breaker, 1), 1);
	pl_breaker_succeeded(&breaker);
	assert_int_equal(pl_breaker_may_try(&breaker, 1), 1);
}

static void one_tries_when_the_period_is_over(void **state)
{
	struct pl_breaker breaker = { 0 };

	(void)state;
	pl_breaker_failed(&breaker, 1000, PL_BREAKER_MOST_MS);
	assert_int_equal(pl_breaker_may_try(&breaker, 1000 + PL_BREAKER_FIRST_MS - 1), 0);
	assert_int_equal(pl_breaker_may_try(&breaker, 1000 + PL_BREAKER_FIRST_MS), 1);
	assert_int_equal(pl_breaker_may_try(&breaker, 1000 + PL_BREAKER_FIRST_MS), 0);
	assert_int_equal(pl_breaker_may_try(&breaker, 1000000), 0);
	pl_breaker_succeeded(&breaker);
	assert_int_equal(pl_breaker_may_try(&breaker, 1000001), 1);
	assert_int_equal(pl_breaker_may_try(&breaker, 1000001), 1);
}

static void period_doubles_up_to_the_most(void **state)
{
	static const int64_t periods[] = { 100, 200, 400, 800, 1600, 3200, 3200 };
	struct pl_breaker breaker = { 0 };
	int64_t now = 1000;

	(void)state;
	for (size_t i = 0; i < COUNT(periods); i++) {
		pl_breaker_failed(&breaker, now, PL_BREAKER_MOST_MS);
		assert_int_equal(pl_breaker_may_try(&breaker, now + periods[i] - 1), 0);
		now += periods[i];
		assert_int_equal(pl_breaker_may_try(&breaker, now), 1);
	}
	pl_breaker_succeeded(&breaker);
	pl_breaker_failed(&breaker, now, PL_BREAKER_MOST_MS);
	assert_int_equal(pl_breaker_may_try(&breaker, now + PL_BREAKER_FIRST_MS), 1);
}

static void several_that_fail_together_are_one_failure(void **state)
{
	struct pl_breaker breaker = { 0 };

	(void)state;
	for (int i = 0; i < 10; i++)
		pl_breaker_failed(&breaker, 1000, PL_BREAKER_MOST_MS);
	assert_int_equal(pl_breaker_may_try(&breaker, 1000 + PL_BREAKER_FIRST_MS), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_may_try_while_nothing_has_failed),
		cmocka_unit_test(one_tries_when_the_period_is_over),
		cmocka_unit_test(period_doubles_up_to_the_most),
		cmocka_unit_test(several_that_fail_together_are_one_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
