/* test_connection_test.c - connection tests, and which attempts they show. */
#include "tests/unit/fixture.h"

#include <poll.h>
#include <time.h>

#include "policy/account/login_log.h"
#include "policy/base/monotonic.h"
#include "policy/session/prune.h"

#define USER "user@example.test"
#define OTHER "other@example.test"
#define BROWSER "192.0.2.1"
#define WAIT_S 60 /* generous: the machine may be busy */

static struct pl_connection_attempt attempt_of(const char *address, const char *name,
					       const char *ip)
{
	struct pl_connection_attempt attempt = { .service = PL_SETTING_SMTP,
						 .port = 587,
						 .tls = "yes",
						 .mechanism = "PLAIN",
						 .rule = "wrong-password",
						 .ms = pl_monotonic_ms() };

	if (address != NULL)
		attempt.address = address_of(address);
	attempt.is_nobody = address == NULL;
	snprintf(attempt.name, sizeof(attempt.name), "%s", name);
	assert_int_equal(pl_ip_parse(ip, &attempt.ip, NULL), 0);
	return attempt;
}

static int start_at(struct fixture *fixture, const char *address, int64_t now)
{
	const struct pl_account account = account_of(fixture, address);
	int started;

	reopen(fixture, PL_ROLE_PORTAL);
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	started = pl_connection_test_start(work_at(fixture, now), &account, BROWSER);
	assert_ok(fixture, started);
	assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
	return started;
}

static void start(struct fixture *fixture, const char *address)
{
	assert_int_equal(start_at(fixture, address, time(NULL)), 1);
}

/* What a test shows. */
struct shown {
	struct pl_connection_test test;
	size_t count;
	int64_t last_id;
	char text[512]; /* of the last one */
};

static void note(const struct pl_connection_row *row, void *context)
{
	struct shown *shown = context;

	shown->count++;
	assert_true(row->id > shown->last_id);
	shown->last_id = row->id;
	snprintf(shown->text, sizeof(shown->text), "%s %d %s %s %s %s %s %d", row->service,
		 (int)row->port, row->tls, row->mechanism, row->name, row->ip, row->rule,
		 row->allowed);
}

static struct shown shown_since(struct fixture *fixture, const char *address, int64_t since)
{
	const int64_t member_id = account_of(fixture, address).member.id;
	struct shown shown = { .count = 0 };

	reopen(fixture, PL_ROLE_PORTAL);
	assert_ok(fixture, pl_connection_test_read(work_of(fixture), member_id, since, &shown.test,
						   note, &shown));
	return shown;
}

static size_t shown_of(struct fixture *fixture, const char *address)
{
	return shown_since(fixture, address, 0).count;
}

/* Has the thread write them, to the last. */
static void record(struct fixture *fixture, const struct pl_connection_attempt *attempts,
		   size_t count)
{
	struct pl_login_log *log;

	assert_ok(fixture, pl_login_log_open(fixture->uri, &log, &fixture->err));
	for (size_t i = 0; i < count; i++)
		pl_login_log_show(log, &attempts[i]);
	pl_login_log_close(&log, 1000 * WAIT_S);
}

/* The same at this moment: what came before is of an earlier test. */
static void record_now(struct fixture *fixture, const struct pl_connection_attempt *attempts,
		       size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct pl_connection_attempt attempt = attempts[i];

		attempt.ms = pl_monotonic_ms();
		record(fixture, &attempt, 1);
	}
}

static void shows_what_is_known_of_an_attempt(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_connection_attempt attempt =
		attempt_of(USER, "User@Example.Test", "198.51.100.7");
	struct shown shown;

	add_member(fixture, USER, "");
	start(fixture, USER);
	record(fixture, &attempt, 1);
	shown = shown_since(fixture, USER, 0);
	assert_int_equal(shown.count, 1);
	assert_string_equal(shown.text, "smtp 587 yes PLAIN User@Example.Test 198.51.100.7 "
					"wrong-password 0");
	assert_int_equal(shown.test.attempts, 1);
	assert_int_equal(shown.test.ends_at - shown.test.started_at, PL_CONNECTION_TEST_SECONDS);
	assert_int_equal(shown_since(fixture, USER, shown.last_id).count, 0);
	assert_int_equal(shown_since(fixture, USER, shown.last_id).test.attempts, 1);
}

static void nothing_is_recorded_without_a_test(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_connection_attempt attempt = attempt_of(USER, USER, BROWSER);

	add_member(fixture, USER, "");
	record_now(fixture, &attempt, 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM connection_attempt"), 0);
	assert_int_equal(start_at(fixture, USER, time(NULL) - PL_CONNECTION_TEST_SECONDS), 1);
	record_now(fixture, &attempt, 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM connection_attempt"), 0);
	start(fixture, USER);
	record_now(fixture, &attempt, 1);
	assert_int_equal(shown_of(fixture, USER), 1);
}

static void an_attempt_from_before_the_test_is_not_shown(void **state)
{
	struct fixture *fixture = *state;
	struct pl_connection_attempt attempt = attempt_of(USER, USER, BROWSER);

	add_member(fixture, USER, "");
	start(fixture, USER);
	attempt.ms -= 1000 * WAIT_S;
	record(fixture, &attempt, 1);
	assert_int_equal(shown_of(fixture, USER), 0);
}

/* Of everybody's attempts, the one test of USER shows those. */
static void whose_an_attempt_is(void **state)
{
	static const struct {
		const char *address; /* of the account; NULL: the name can be nobody's */
		const char *name, *ip;
		int is_shown;
	} rows[] = {
		{ USER, USER, "198.51.100.1", 1 },
		{ USER, "scanner@alias.test", "198.51.100.1", 1 },
		{ OTHER, OTHER, BROWSER, 0 },
		/* A row or not: the domain may have such a member. */
		{ "user@other.test", "user@other.test", BROWSER, 0 },
		{ OTHER, USER, BROWSER, 0 },
		{ NULL, "user", BROWSER, 1 },
		{ NULL, "USER", BROWSER, 1 },
		{ NULL, "user@exmaple.test", BROWSER, 1 },
		{ NULL, "user", "192.0.2.2", 0 },
		{ NULL, "user@exmaple.test", "192.0.2.2", 0 },
		{ NULL, "other", BROWSER, 0 },
		{ NULL, "users", BROWSER, 0 },
		{ NULL, "", BROWSER, 0 },
		{ NULL, "abcd efgh ijkl mnop", BROWSER, 0 },
		{ NULL, "user@a@b", BROWSER, 0 },
		{ NULL, "\xff", BROWSER, 0 },
	};
	struct pl_running_test test = { .member_id = 1, .address = address_of(USER) };
	const struct pl_running_tests running = { 1, &test };

	(void)state;
	assert_int_equal(pl_ip_parse(BROWSER, &test.ip, NULL), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct pl_connection_attempt attempt =
			attempt_of(rows[i].address, rows[i].name, rows[i].ip);

		if ((pl_running_tests_find(&running, &attempt) != NULL) != rows[i].is_shown)
			fail_msg("row %zu, %s", i, rows[i].name);
	}
}

static void what_one_network_is(void **state)
{
	static const struct {
		const char *browser, *device;
		int is_same;
	} rows[] = {
		{ "203.0.113.5", "203.0.113.5", 1 },
		{ "203.0.113.5", "203.0.113.6", 0 },
		{ "192.168.1.20", "192.168.1.77", 1 },
		{ "192.168.1.20", "192.168.2.20", 0 },
		{ "10.1.2.3", "10.1.2.4", 1 },
		{ "172.16.0.1", "172.16.0.9", 1 },
		{ "172.32.0.1", "172.32.0.9", 0 },
		{ "2001:db8:1:2::5", "2001:db8:1:2:ffff::7", 1 },
		{ "2001:db8:1:2::5", "2001:db8:1:3::5", 0 },
		{ "2001:db8:1:2::5", "203.0.113.5", 0 },
		{ "::ffff:203.0.113.5", "203.0.113.5", 1 },
	};
	struct pl_running_test test = { .member_id = 1, .address = address_of(USER) };
	const struct pl_running_tests running = { 1, &test };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pl_connection_attempt attempt = attempt_of(NULL, "user", rows[i].device);

		assert_int_equal(pl_ip_parse(rows[i].browser, &test.ip, NULL), 0);
		if ((pl_running_tests_find(&running, &attempt) != NULL) != rows[i].is_same)
			fail_msg("%s, %s", rows[i].browser, rows[i].device);
		attempt.ip.known = test.ip.known = 0;
		assert_null(pl_running_tests_find(&running, &attempt));
	}
}

static void a_namesake_keeps_a_name_without_domain_from_both(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_connection_attempt attempts[] = { attempt_of(NULL, "user", BROWSER),
							  attempt_of(USER, USER, BROWSER) };

	add_member(fixture, USER, "");
	start(fixture, USER);
	record_now(fixture, attempts, COUNT(attempts));
	assert_int_equal(shown_of(fixture, USER), 2);
	reopen(fixture, PL_ROLE_COMMAND);
	add_member(fixture, "user@other.test", "");
	start(fixture, "user@other.test");
	record_now(fixture, attempts, COUNT(attempts));
	assert_int_equal(shown_of(fixture, USER), 3);
	assert_int_equal(shown_of(fixture, "user@other.test"), 0);
}

static void a_hundred_thousand_attempts_are_a_hundred(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_connection_attempt attempt = attempt_of(USER, USER, BROWSER);
	struct pl_connection_attempt other;
	struct pl_login_log *log;
	struct shown shown;

	add_member(fixture, USER, "");
	add_member(fixture, OTHER, "");
	start(fixture, USER);
	assert_ok(fixture, pl_login_log_open(fixture->uri, &log, &fixture->err));
	for (int i = 0; i < 100000; i++) {
		struct pl_connection_attempt one = attempt;

		one.ms = pl_monotonic_ms();
		pl_login_log_show(log, &one);
	}
	pl_login_log_close(&log, 1000 * WAIT_S);
	shown = shown_since(fixture, USER, 0);
	assert_int_equal(shown.count, PL_CONNECTION_TEST_ATTEMPTS);
	assert_int_equal(shown.test.attempts, PL_CONNECTION_TEST_ATTEMPTS);
	/* Another test is as good as ever. */
	start(fixture, OTHER);
	other = attempt_of(OTHER, OTHER, BROWSER);
	record(fixture, &other, 1);
	assert_int_equal(shown_of(fixture, OTHER), 1);
}

static void texts_from_outside_are_made_clean(void **state)
{
	struct fixture *fixture = *state;
	struct pl_connection_attempt attempt = attempt_of(USER, "us\ter\xc3\x28", BROWSER);

	snprintf(attempt.mechanism, sizeof(attempt.mechanism), "PL\nAIN");
	add_member(fixture, USER, "");
	start(fixture, USER);
	record_now(fixture, &attempt, 1);
	assert_string_equal(shown_since(fixture, USER, 0).text,
			    "smtp 587 yes PL?AIN us?er?( " BROWSER " wrong-password 0");
}

static void the_thread_shows_an_attempt_unasked(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_connection_attempt attempt = attempt_of(USER, USER, BROWSER);
	const time_t deadline = time(NULL) + WAIT_S;
	struct pl_login_log *log;

	add_member(fixture, USER, "");
	start(fixture, USER);
	assert_ok(fixture, pl_login_log_open(fixture->uri, &log, &fixture->err));
	pl_login_log_show(log, &attempt);
	while (sql_int(fixture->db, "SELECT COUNT(*) FROM connection_attempt") != 1) {
		if (time(NULL) > deadline)
			fail_msg("the attempt was not written");
		poll(NULL, 0, 50);
	}
	pl_login_log_close(&log, 1000 * WAIT_S);
}

static void a_test_is_started_once_and_leaves_its_record(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_connection_attempt attempt = attempt_of(USER, USER, BROWSER);
	const int64_t now = time(NULL);
	struct shown shown;

	add_member(fixture, USER, "");
	assert_int_equal(shown_since(fixture, USER, 0).test.ends_at, 0);
	start(fixture, USER);
	record_now(fixture, &attempt, 1);
	assert_int_equal(start_at(fixture, USER, now), 0);
	assert_int_equal(shown_of(fixture, USER), 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM audit WHERE action = "
					      "'connection-test.start' AND object = '" USER "'"),
			 1);
	assert_ok(fixture, pl_connection_test_stop(work_at(fixture, now + 5),
						   account_of(fixture, USER).member.id));
	shown = shown_since(fixture, USER, 0);
	assert_int_equal(shown.count, 1);
	assert_int_equal(shown.test.ends_at, now + 5);
	record_now(fixture, &attempt, 1);
	assert_int_equal(start_at(fixture, USER, now + 10), 1);
	assert_int_equal(shown_of(fixture, USER), 0);
}

static void records_of_starts_are_bounded(void **state)
{
	static const char count[] = "SELECT COUNT(*) FROM audit WHERE action = "
				    "'connection-test.start' AND object = '" USER "'";
	struct fixture *fixture = *state;
	const int64_t now = time(NULL);

	add_member(fixture, USER, "");
	for (int i = 0; i < 3 * PL_CONNECTION_TEST_RECORDS; i++) {
		assert_int_equal(start_at(fixture, USER, now + i), 1);
		assert_ok(fixture, pl_connection_test_stop(work_at(fixture, now + i),
							   account_of(fixture, USER).member.id));
	}
	assert_int_equal(sql_int(fixture->db, count), PL_CONNECTION_TEST_RECORDS);
	assert_int_equal(start_at(fixture, USER, now + PL_CONNECTION_TEST_DAY), 1);
	assert_int_equal(sql_int(fixture->db, count), PL_CONNECTION_TEST_RECORDS + 1);
}

static void tests_are_bounded(void **state)
{
	struct fixture *fixture = *state;
	struct pl_account account;
	char sql[512];

	add_member(fixture, USER, "");
	account = account_of(fixture, USER);
	snprintf(sql, sizeof(sql),
		 "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
		 "INSERT INTO member (domain_id, local, active, class, created_at, settings) "
		 "SELECT %lld, 'm' || i, 1, '', 0, '' FROM n",
		 PL_CONNECTION_TESTS, (long long)account.domain.id);
	sql_run(fixture->db, sql);
	sql_run(fixture->db,
		"INSERT INTO connection_test (member_id, started_at, ends_at, ip, "
		"attempts) SELECT id, 100, 700, '', 0 FROM member WHERE local LIKE 'm%'");
	reopen(fixture, PL_ROLE_PORTAL);
	assert_refused(fixture, pl_connection_test_start(work_at(fixture, 699), &account, BROWSER),
		       PL_ERR_CONFLICT, "try again");
	assert_int_equal(start_at(fixture, USER, 700), 1);
}

static void go_with_time_and_with_their_member(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_connection_attempt attempt = attempt_of(USER, USER, BROWSER);
	const struct pl_address address = address_of(USER);
	const int64_t end = time(NULL) + PL_CONNECTION_TEST_SECONDS;
	static const char count[] = "SELECT COUNT(*) FROM connection_attempt";

	add_member(fixture, USER, "");
	start(fixture, USER);
	record_now(fixture, &attempt, 1);
	assert_ok(fixture, prune_at(fixture, end + PL_CONNECTION_TEST_KEPT - WAIT_S));
	assert_int_equal(sql_int(fixture->db, count), 1);
	assert_ok(fixture, prune_at(fixture, end + PL_CONNECTION_TEST_KEPT + WAIT_S));
	assert_int_equal(sql_int(fixture->db, count), 0);
	start(fixture, USER);
	record_now(fixture, &attempt, 1);
	assert_int_equal(sql_int(fixture->db, count), 1);
	reopen(fixture, PL_ROLE_COMMAND);
	assert_int_equal(pl_member_remove(work_of(fixture), &address), 1);
	assert_int_equal(sql_int(fixture->db, count), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(shows_what_is_known_of_an_attempt),
		TEST_WITH_DATABASE(nothing_is_recorded_without_a_test),
		TEST_WITH_DATABASE(an_attempt_from_before_the_test_is_not_shown),
		cmocka_unit_test(whose_an_attempt_is),
		cmocka_unit_test(what_one_network_is),
		TEST_WITH_DATABASE(a_namesake_keeps_a_name_without_domain_from_both),
		TEST_WITH_DATABASE(a_hundred_thousand_attempts_are_a_hundred),
		TEST_WITH_DATABASE(texts_from_outside_are_made_clean),
		TEST_WITH_DATABASE(the_thread_shows_an_attempt_unasked),
		TEST_WITH_DATABASE(a_test_is_started_once_and_leaves_its_record),
		TEST_WITH_DATABASE(records_of_starts_are_bounded),
		TEST_WITH_DATABASE(tests_are_bounded),
		TEST_WITH_DATABASE(go_with_time_and_with_their_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
