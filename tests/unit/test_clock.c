/* test_clock.c - one-time codes wait while the wall clock cannot be trusted. */
#include "tests/unit/test.h"

#include "portal/http/clock.h"

#define BOOT 5000
#define WALL 1800000000LL
#define TEN_YEARS (3652LL * 86400)

static struct clock_guard begin(void)
{
	struct clock_guard guard;

	clock_guard_start(&guard, WALL, BOOT);
	return guard;
}

/* After seconds, with a wall clock that is wrong by so much. */
static int trusted(struct clock_guard *guard, int64_t seconds, int64_t wrong)
{
	struct pl_error err = { 0 };
	int ret = clock_guard_check(guard, WALL + seconds + wrong, BOOT + seconds, &err);

	if (ret < 0) {
		assert_int_equal(err.code, PL_ERR_RETRY);
		assert_non_null(strstr(err.msg, "the clock leapt by"));
	}
	return ret == 0;
}

static void test_a_clock_that_goes_on_is_trusted(void **state)
{
	struct clock_guard guard = begin();

	(void)state;
	assert_true(trusted(&guard, 1, 0));
	assert_true(trusted(&guard, 90 * 86400, 0));
}

static void test_a_correction_is_no_leap(void **state)
{
	struct clock_guard guard = begin();

	(void)state;
	assert_true(trusted(&guard, 60, 3500));
	assert_true(trusted(&guard, 120, 0));
	assert_true(trusted(&guard, 180, -3500));
}

static void test_after_a_leap_codes_wait_until_it_is_set_right(void **state)
{
	struct clock_guard guard = begin();

	(void)state;
	assert_false(trusted(&guard, 60, TEN_YEARS));
	assert_false(trusted(&guard, 120, TEN_YEARS));
	assert_true(trusted(&guard, 121, 0));
	assert_false(trusted(&guard, 180, -TEN_YEARS));
	assert_true(trusted(&guard, 181, 0));
}

static void test_where_it_stays_ten_minutes_it_is_believed(void **state)
{
	struct clock_guard guard = begin();

	(void)state;
	assert_false(trusted(&guard, 60, 7200));
	assert_false(trusted(&guard, 60 + CLOCK_SETTLE - 1, 7200));
	assert_true(trusted(&guard, 60 + CLOCK_SETTLE, 7200));
	assert_false(trusted(&guard, 61 + CLOCK_SETTLE, 0));
}

static void test_each_leap_has_ten_minutes_of_its_own(void **state)
{
	struct clock_guard guard = begin();

	(void)state;
	assert_false(trusted(&guard, 60, 7200));
	assert_false(trusted(&guard, 600, TEN_YEARS));
	assert_false(trusted(&guard, 60 + CLOCK_SETTLE, TEN_YEARS));
	assert_true(trusted(&guard, 600 + CLOCK_SETTLE, TEN_YEARS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_clock_that_goes_on_is_trusted),
		cmocka_unit_test(test_a_correction_is_no_leap),
		cmocka_unit_test(test_after_a_leap_codes_wait_until_it_is_set_right),
		cmocka_unit_test(test_where_it_stays_ten_minutes_it_is_believed),
		cmocka_unit_test(test_each_leap_has_ten_minutes_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
