/* test_throttle.c - how often somebody may fail to sign in. */
#include "tests/unit/parallel.h"

#include <pthread.h>
#include <unistd.h>

#include "policy/credential/throttle.h"
#include "policy/store/write_queue.h"

#define OWNER "owner@example.test"
#define T INT64_C(1700000000)

static struct pl_ip ip_of(const char *text)
{
	struct pl_ip ip;

	assert_int_equal(pl_ip_parse(text, &ip, NULL), 0);
	return ip;
}

/* The seconds to wait; 0 when the attempt goes on, and is counted. */
static int64_t attempt(struct fixture *fixture, const struct pl_attempt *attempt, int64_t now)
{
	int64_t wait;
	int ret = pl_throttle_enter_commit(work_at(fixture, now), attempt, &wait);

	assert_ok(fixture, ret);
	assert_int_equal(ret == 1, wait == 0);
	return wait;
}

static int64_t enter_as(struct fixture *fixture, const char *ip, const char *name, int64_t now)
{
	const struct pl_ip parsed = ip_of(ip);

	return attempt(fixture, &(struct pl_attempt){ .ip = &parsed, .name = name }, now);
}

static int64_t enter(struct fixture *fixture, const char *ip, int64_t now)
{
	return enter_as(fixture, ip, OWNER, now);
}

static void clear(struct fixture *fixture, const char *ip)
{
	const struct pl_ip parsed = ip_of(ip);

	assert_ok(fixture, pl_throttle_clear(fixture->store,
					     &(struct pl_attempt){ .ip = &parsed, .name = OWNER },
					     &fixture->err));
}

static void fail_times(struct fixture *fixture, const char *ip, int times, int64_t now)
{
	for (int i = 0; i < times; i++)
		assert_int_equal(enter(fixture, ip, now), 0);
}

static void ten_are_free_then_waits_double_up_to_a_quarter_hour(void **state)
{
	static const int64_t waits[] = { 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900 };
	struct fixture *fixture = *state;
	int64_t now = T;

	fail_times(fixture, "192.0.2.1", PL_THROTTLE_FREE, now);
	for (size_t i = 0; i < COUNT(waits); i++) {
		assert_int_equal(enter(fixture, "192.0.2.1", now), 0);
		assert_int_equal(enter(fixture, "192.0.2.1", now), waits[i]);
		assert_int_equal(enter(fixture, "192.0.2.1", now + waits[i] - 1), 1);
		now += waits[i];
	}
}

static void other_addresses_do_not_wait(void **state)
{
	struct fixture *fixture = *state;

	fail_times(fixture, "192.0.2.1", PL_THROTTLE_FREE + 1, T);
	assert_int_equal(enter(fixture, "192.0.2.1", T), 2);
	assert_int_equal(enter(fixture, "192.0.2.2", T), 0);
	assert_int_equal(enter(fixture, "2001:db8::1", T), 0);
	assert_int_equal(enter(fixture, "::ffff:192.0.2.1", T), 2);
}

static void others_at_the_address_do_not_wait(void **state)
{
	struct fixture *fixture = *state;

	fail_times(fixture, "192.0.2.1", PL_THROTTLE_FREE + 1, T);
	assert_int_equal(enter(fixture, "192.0.2.1", T), 2);
	assert_int_equal(enter_as(fixture, "192.0.2.1", "other@example.test", T), 0);
}

/* Fails once with each of so many names. */
static void fail_with_names(struct fixture *fixture, int names, int64_t now)
{
	char name[64];

	for (int i = 0; i < names; i++) {
		snprintf(name, sizeof(name), "m%d@example.test", i);
		assert_int_equal(enter_as(fixture, "192.0.2.1", name, now), 0);
	}
}

static void an_address_waits_after_a_hundred_failures_in_an_hour(void **state)
{
	struct fixture *fixture = *state;

	fail_with_names(fixture, PL_THROTTLE_ADDRESS_FREE / 2, T - PL_THROTTLE_FORGET);
	fail_with_names(fixture, PL_THROTTLE_ADDRESS_FREE, T);
	assert_int_equal(enter(fixture, "192.0.2.1", T), 0);
	assert_int_equal(enter(fixture, "192.0.2.1", T), 2);
	assert_int_equal(enter(fixture, "192.0.2.2", T), 0);
	assert_int_equal(enter(fixture, "192.0.2.1", T + 2), 0);
	assert_int_equal(enter_as(fixture, "192.0.2.1", "new@example.test", T + 2), 4);
	assert_int_equal(enter(fixture, "192.0.2.1", T + PL_THROTTLE_FORGET), 0);
	assert_int_equal(enter(fixture, "192.0.2.1", T + PL_THROTTLE_FORGET), 0);
}

static void known_browsers_count_by_themselves(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_ip ip = ip_of("192.0.2.1");
	const struct pl_attempt browsers[] = {
		{ .ip = &ip, .name = OWNER, .device_id = 7 },
		{ .ip = &ip, .name = OWNER, .device_id = 8 },
		{ .ip = &ip, .name = OWNER, .session_id = 7 },
		{ .ip = &ip, .name = OWNER, .session_id = 8, .device_id = 8 },
	};

	fail_times(fixture, "192.0.2.1", PL_THROTTLE_FREE + 1, T);
	for (size_t i = 0; i < COUNT(browsers); i++) {
		for (int times = 0; times <= PL_THROTTLE_FREE; times++)
			assert_int_equal(attempt(fixture, &browsers[i], T), 0);
		assert_int_equal(attempt(fixture, &browsers[i], T), 2);
	}
}

static void ipv6_counts_by_its_64(void **state)
{
	struct fixture *fixture = *state;
	char ip[64];

	for (int i = 0; i <= PL_THROTTLE_FREE; i++) {
		snprintf(ip, sizeof(ip), "2001:db8:0:1:%x::%d", i + 1, i + 1);
		assert_int_equal(enter(fixture, ip, T), 0);
	}
	assert_int_equal(enter(fixture, "2001:db8:0:1:ffff::9", T), 2);
	assert_int_equal(enter(fixture, "2001:db8:0:2::1", T), 0);
}

static void an_hour_without_failure_forgets(void **state)
{
	struct fixture *fixture = *state;

	fail_times(fixture, "192.0.2.1", PL_THROTTLE_FREE, T);
	fail_times(fixture, "192.0.2.1", 1, T + PL_THROTTLE_FORGET - 1);
	assert_int_equal(enter(fixture, "192.0.2.1", T + PL_THROTTLE_FORGET - 1), 2);
	fail_times(fixture, "192.0.2.1", PL_THROTTLE_FREE, T + 2 * PL_THROTTLE_FORGET);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM sign_in_failure"),
			 PL_THROTTLE_FREE);
}

/* A busy office with one address is never kept out by its successes, and they
 * do not keep its old failures alive. */
static void success_takes_back_what_it_counted(void **state)
{
	struct fixture *fixture = *state;

	fail_times(fixture, "192.0.2.1", PL_THROTTLE_FREE, T);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(enter(fixture, "192.0.2.1", T + i), 0);
		clear(fixture, "192.0.2.1");
	}
	assert_int_equal(sql_int(fixture->db, "SELECT MAX(failed_at) FROM sign_in_failure"), T);
	fail_times(fixture, "192.0.2.1", PL_THROTTLE_FREE, T + PL_THROTTLE_FORGET);
}

/* An own account does not help to guess at another's. */
static void success_shortens_no_wait_of_a_failure(void **state)
{
	struct fixture *fixture = *state;

	fail_times(fixture, "192.0.2.1", PL_THROTTLE_FREE, T - 400);
	for (int64_t now = T - 300; now <= T; now += 100)
		fail_times(fixture, "192.0.2.1", 1, now);
	assert_int_equal(enter(fixture, "192.0.2.1", T), 16);
	assert_int_equal(enter(fixture, "192.0.2.1", T + 16), 0);
	clear(fixture, "192.0.2.1");
	fail_times(fixture, "192.0.2.1", 1, T + 16);
	assert_int_equal(enter(fixture, "192.0.2.1", T + 16), 32);
}

static void request_that_came_before_the_last_failure_waits_too(void **state)
{
	struct fixture *fixture = *state;

	fail_times(fixture, "192.0.2.1", PL_THROTTLE_FREE + 1, T);
	assert_int_equal(enter(fixture, "192.0.2.1", T - 1), 3);
	assert_int_equal(enter(fixture, "192.0.2.1", T - 30), 32);
}

static void clock_set_back_locks_nobody_out(void **state)
{
	struct fixture *fixture = *state;

	fail_times(fixture, "192.0.2.1", PL_THROTTLE_FREE + 1, T + 86400);
	assert_int_equal(enter(fixture, "192.0.2.1", T), 0);
}

static void failure_of_a_wrong_clock_does_not_hide_later_ones(void **state)
{
	struct fixture *fixture = *state;

	fail_times(fixture, "192.0.2.1", PL_THROTTLE_FREE, T);
	fail_times(fixture, "192.0.2.1", 1, T + PL_THROTTLE_FORGET - 1);
	assert_int_equal(enter(fixture, "192.0.2.1", T), 2);
}

static int enter_once(struct fixture *fixture, struct pl_store *store, struct pl_error *err)
{
	struct pl_ip ip;
	int64_t wait;

	(void)fixture;
	return pl_ip_parse("192.0.2.1", &ip, err) < 0
		       ? -1
		       : pl_throttle_enter_commit(WORK(store, T, err),
						  &(struct pl_attempt){ .ip = &ip, .name = OWNER },
						  &wait);
}

static void parallel_guesses_count(void **state)
{
	struct fixture *fixture = *state;
	int results[PROCESSES];

	fail_times(fixture, "192.0.2.1", PL_THROTTLE_FREE - 2, T);
	in_parallel(fixture, enter_once, results);
	/* The two that are still free, and the one that costs the first wait. */
	assert_int_equal(count_results(results, 1), 3);
	assert_int_equal(count_results(results, 0), PROCESSES - 3);
}

struct success {
	struct fixture *fixture;
	int ret, is_over;
};

static void *succeed(void *context)
{
	struct success *success = context;
	const struct pl_ip ip = ip_of("192.0.2.1");

	success->ret = pl_throttle_clear(success->fixture->store,
					 &(struct pl_attempt){ .ip = &ip, .name = OWNER },
					 &success->fixture->err);
	__atomic_store_n(&success->is_over, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

/* What is no transaction of more than one statement stands in line as well. */
static void success_waits_for_its_turn_to_write(void **state)
{
	struct success success = { .fixture = *state, .ret = -1 };
	struct pl_write_queue *queue = pl_write_queue_new();
	pthread_t thread;

	pl_store_set_queue(success.fixture->store, queue);
	assert_int_equal(enter(success.fixture, "192.0.2.1", T), 0);
	assert_int_equal(pl_write_queue_enter(queue, 0, NULL), 0);
	assert_int_equal(pthread_create(&thread, NULL, succeed, &success), 0);
	usleep(200000); /* much longer than it takes */
	assert_int_equal(__atomic_load_n(&success.is_over, __ATOMIC_SEQ_CST), 0);
	assert_int_equal(sql_int(success.fixture->db, "SELECT COUNT(*) FROM sign_in_failure"), 1);
	pl_write_queue_leave(queue);
	pthread_join(thread, NULL);
	assert_ok(success.fixture, success.ret);
	assert_int_equal(sql_int(success.fixture->db, "SELECT COUNT(*) FROM sign_in_failure"), 0);
	assert_int_equal(pl_write_queue_enter(queue, 0, NULL), 0);
	pl_store_set_queue(success.fixture->store, NULL);
	pl_write_queue_leave(queue);
	pl_write_queue_free(&queue);
}

static void prune_keeps_what_still_counts(void **state)
{
	struct fixture *fixture = *state;

	fail_times(fixture, "192.0.2.1", 3, T);
	fail_times(fixture, "192.0.2.2", 3, T);
	fail_times(fixture, "192.0.2.2", 1, T + PL_THROTTLE_FORGET - 1);
	assert_ok(fixture, prune_at(fixture, T + PL_THROTTLE_FORGET));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM sign_in_failure"), 4);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM sign_in_failure "
					      "WHERE origin = '192.0.2.1'"),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(ten_are_free_then_waits_double_up_to_a_quarter_hour),
		TEST_WITH_DATABASE(other_addresses_do_not_wait),
		TEST_WITH_DATABASE(others_at_the_address_do_not_wait),
		TEST_WITH_DATABASE(an_address_waits_after_a_hundred_failures_in_an_hour),
		TEST_WITH_DATABASE(known_browsers_count_by_themselves),
		TEST_WITH_DATABASE(ipv6_counts_by_its_64),
		TEST_WITH_DATABASE(an_hour_without_failure_forgets),
		TEST_WITH_DATABASE(success_takes_back_what_it_counted),
		TEST_WITH_DATABASE(success_shortens_no_wait_of_a_failure),
		TEST_WITH_DATABASE(request_that_came_before_the_last_failure_waits_too),
		TEST_WITH_DATABASE(clock_set_back_locks_nobody_out),
		TEST_WITH_DATABASE(failure_of_a_wrong_clock_does_not_hide_later_ones),
		TEST_WITH_DATABASE(parallel_guesses_count),
		TEST_WITH_DATABASE(success_waits_for_its_turn_to_write),
		TEST_WITH_DATABASE(prune_keeps_what_still_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
