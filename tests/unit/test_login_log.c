/* test_login_log.c - records of logins and last-used times, written by their own thread. */
#include "tests/unit/fixture.h"

#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "policy/account/denied_service.h"
#include "policy/account/login_log.h"
#include "policy/base/monotonic.h"

#define WAIT_S 60 /* generous: the machine may be busy */

static struct pl_login_record use_of(const char *address, int64_t at)
{
	struct pl_login_record use = { .address = address_of(address),
				       .service = PL_SETTING_IMAP,
				       .credential = PL_LOGIN_BY_ACCOUNT_PASSWORD,
				       .rule = "account-password",
				       .times = 1,
				       .at = at };

	pl_ip_parse("192.0.2.7", &use.ip, NULL);
	return use;
}

static struct pl_login_log *start(struct fixture *fixture)
{
	struct pl_login_log *log;

	assert_ok(fixture, pl_login_log_open(fixture->uri, &log, &fixture->err));
	return log;
}

/* Waits until the query gives the number. */
static void await(struct fixture *fixture, const char *sql, int64_t want)
{
	time_t deadline = time(NULL) + WAIT_S;
	int64_t got;

	while ((got = sql_int(fixture->db, sql)) != want) {
		if (time(NULL) > deadline)
			fail_msg("%s: %lld and not %lld", sql, (long long)got, (long long)want);
		poll(NULL, 0, 50);
	}
}

static void await_failure(struct pl_login_log *log, struct pl_error *err_r)
{
	time_t deadline = time(NULL) + WAIT_S;

	while (!pl_login_log_failure(log, err_r)) {
		if (time(NULL) > deadline)
			fail_msg("no failure was reported");
		poll(NULL, 0, 50);
	}
}

static void use_is_written_without_being_asked(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);
	struct pl_login_record use;
	struct pl_error err;

	add_member(fixture, "user@example.test", "");
	use = use_of("user@example.test", 1234);
	use.member_id = account_of(fixture, "user@example.test").member.id;
	pl_login_log_add(log, &use);
	await(fixture,
	      "SELECT COUNT(*) FROM member_use WHERE member_id = 1 AND service = 'imap' "
	      "AND used_at = 1234 AND ip = '192.0.2.7'",
	      1);
	use.at = 1300;
	pl_login_log_add(log, &use);
	await(fixture, "SELECT used_at FROM member_use", 1300);
	assert_int_equal(pl_login_log_failure(log, &err), 0);
	pl_login_log_close(&log, 1000 * WAIT_S);
	assert_null(log);
}

/* However often a member signs in. */
static void writes_are_a_second_apart(void **state)
{
	struct fixture *fixture = *state;
	const int64_t start_ms = pl_monotonic_ms();
	struct pl_login_log *log = start(fixture);
	int64_t before = 0, now, ms;
	int writes = 0;

	add_member(fixture, "user@example.test", "");
	while ((ms = pl_monotonic_ms() - start_ms) < 3500) {
		const struct pl_login_record use = use_of("user@example.test", 1000 + ms);

		pl_login_log_add(log, &use);
		now = sql_int(fixture->db, "SELECT COALESCE(MAX(used_at), 0) FROM member_use");
		writes += now != before;
		before = now;
		poll(NULL, 0, 20);
	}
	pl_login_log_close(&log, 1000 * WAIT_S);
	assert_in_range(writes, 1, 1 + ms / 1000);
}

static void denied_services_are_recorded_once_a_day(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);
	struct pl_login_record denial = { .at = 1000000, .denied_service = "radicale" };
	static const char count[] = "SELECT COUNT(*) FROM audit WHERE action = 'service.deny'";

	pl_login_log_add(log, &denial);
	await(fixture, count, 1);
	denial.at += 3600;
	pl_login_log_add(log, &denial);
	strcpy(denial.denied_service, "xmpp");
	pl_login_log_add(log, &denial);
	await(fixture, count, 2);
	denial.at += 90000;
	pl_login_log_add(log, &denial);
	await(fixture, count, 3);
	for (int i = 0; i < PL_DENIED_SERVICE_DAILY + 10; i++) {
		snprintf(denial.denied_service, sizeof(denial.denied_service), "made-up-%d", i);
		pl_login_log_add(log, &denial);
	}
	pl_login_log_close(&log, 1000 * WAIT_S);
	assert_int_equal(sql_int(fixture->db, count), 2 + PL_DENIED_SERVICE_DAILY);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM member"), 0);
}

static int note_use(const struct pl_last_use *use, void *context)
{
	*(struct pl_last_use *)context = *use;
	return 0;
}

static int stop_at(const struct pl_last_use *use, void *context)
{
	*(struct pl_last_use *)context = *use;
	return 1;
}

static void first_sign_in_adds_the_member(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);
	const struct pl_login_record use = use_of("new@example.test", 77);
	struct pl_last_use read = { .at = 0 };

	pl_login_log_add(log, &use);
	pl_login_log_close(&log, 1000 * WAIT_S);
	assert_ok(fixture, pl_last_use_list(fixture->store,
					    account_of(fixture, "new@example.test").member.id,
					    note_use, &read, &fixture->err));
	assert_int_equal(read.at, 77);
	assert_int_equal(read.service, PL_SETTING_IMAP);
	assert_string_equal(read.ip, "192.0.2.7");
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM audit WHERE who = 'dovecot' "
					      "AND object = 'new@example.test'"),
			 1);
}

static void removed_member_is_not_brought_back(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);
	struct pl_login_record use = use_of("removed@example.test", 77);

	use.member_id = 12;
	pl_login_log_add(log, &use);
	use = use_of("new@example.test", 78);
	pl_login_log_add(log, &use);
	pl_login_log_close(&log, 1000 * WAIT_S);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM member WHERE local = 'removed'"),
			 0);
	/* Of the same second. */
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM member_use WHERE used_at = 78"),
			 1);
}

/* The member has never signed in before, and so has no row. */
static void removed_domain_is_not_brought_back(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);
	struct pl_login_record use = use_of("new@removed.test", 77);

	add_domain(fixture, "removed.test", "");
	use.domain_id = account_of(fixture, "new@removed.test").domain.id;
	assert_int_not_equal(use.domain_id, 0);
	sql_run(fixture->db, "DELETE FROM domain");
	pl_login_log_add(log, &use);
	pl_login_log_close(&log, 1000 * WAIT_S);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM domain"), 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM member"), 0);
}

static void app_password_learns_its_last_use(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_address address = address_of("user@example.test");
	struct pl_app_password password = { .label = "phone" }, found;
	struct pl_login_log *log = start(fixture);
	struct pl_login_record use = use_of("user@example.test", 555);
	struct pl_secret secret;

	assert_ok(fixture, pl_app_password_issue(work_of(fixture), fixture->keys, 16, &address,
						 &password, &secret));
	use.member_id = password.member_id;
	use.credential = PL_LOGIN_BY_APP_PASSWORD;
	use.rule = "app-password";
	use.app_password_id = password.id;
	pl_login_log_add(log, &use);
	pl_login_log_close(&log, 1000 * WAIT_S);
	found = app_password_of(fixture, password.member_id);
	assert_int_equal(found.last_used_at, 555);
	assert_string_equal(found.last_used_ip, "192.0.2.7");
	assert_string_equal(found.last_used_service, "imap");
	/* Which one it was is known, also once it has been revoked. */
	sql_run(fixture->db, "DELETE FROM app_password");
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM login_record WHERE "
					      "credential = 'app-password' AND label = 'phone' AND "
					      "rule = 'app-password' AND refused = 0"),
			 1);
}

static void last_uses_are_told_apart_by_credential(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);
	struct pl_login_record use = use_of("user@example.test", 100);
	struct pl_last_use newest = { .at = 0 };

	add_member(fixture, "user@example.test", "");
	use.member_id = account_of(fixture, "user@example.test").member.id;
	pl_login_log_add(log, &use);
	use.credential = PL_LOGIN_BY_WEBMAIL;
	use.at = 200;
	pl_login_log_add(log, &use);
	pl_login_log_close(&log, 1000 * WAIT_S);
	assert_int_equal(sql_int(fixture->db, "SELECT used_at FROM member_use WHERE credential = "
					      "'account-password'"),
			 100);
	assert_int_equal(sql_int(fixture->db, "SELECT used_at FROM member_use WHERE credential = "
					      "'webmail'"),
			 200);
	assert_ok(fixture,
		  pl_last_use_list(fixture->store, use.member_id, stop_at, &newest, &fixture->err));
	assert_int_equal(newest.at, 200);
	assert_int_equal(newest.credential, PL_LOGIN_BY_WEBMAIL);
}

/* A refused login of a member that there is. */
static struct pl_login_record refusal_of(struct fixture *fixture, const char *address, int64_t at)
{
	struct pl_login_record record = use_of(address, at);

	record.member_id = account_of(fixture, address).member.id;
	record.refused = 1;
	record.credential = PL_LOGIN_BY_UNKNOWN;
	record.rule = "wrong-password";
	return record;
}

static void refused_logins_are_recorded_and_use_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);
	struct pl_login_record record;

	add_member(fixture, "user@example.test", "");
	record = refusal_of(fixture, "user@example.test", 86400 + 5);
	pl_login_log_add(log, &record);
	pl_login_log_close(&log, 1000 * WAIT_S);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM login_record WHERE member_id = "
					      "1 AND refused = 1 AND "
					      "service = 'imap' AND ip = '192.0.2.7' AND "
					      "credential = 'unknown' AND "
					      "rule = 'wrong-password' AND first_at = 86405 AND at "
					      "= 86405 AND times = 1"),
			 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM member_use"), 0);
}

/* An address that nobody has leaves nothing behind, and adds nobody. */
static void refused_names_of_nobody_leave_no_row(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);
	struct pl_login_record record = use_of("nobody@example.test", 5);

	record.refused = 1;
	pl_login_log_add(log, &record);
	record.member_id = 99; /* removed since */
	pl_login_log_add(log, &record);
	pl_login_log_close(&log, 1000 * WAIT_S);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM login_record"), 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM member"), 0);
}

static void equal_logins_of_a_day_are_one_row(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);
	struct pl_login_record record;

	add_member(fixture, "user@example.test", "");
	record = refusal_of(fixture, "user@example.test", 86400);
	for (int i = 0; i < 3; i++) {
		record.at = 86400 + i;
		pl_login_log_add(log, &record);
		await(fixture, "SELECT COALESCE(SUM(times), 0) FROM login_record", i + 1);
	}
	record.at = 2 * 86400; /* the next day */
	pl_login_log_add(log, &record);
	pl_login_log_close(&log, 1000 * WAIT_S);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM login_record WHERE first_at = "
					      "86400 AND at = 86402 AND times = 3"),
			 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM login_record WHERE first_at = "
					      "172800 AND times = 1"),
			 1);
}

#define REFUSALS 100000

/* Of two members in turn, and some from addresses that change all the time. Their own logins are
 * all kept meanwhile. */
static void a_hundred_thousand_refused_logins_stay_bounded(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);
	struct pl_login_record record[2], use;

	add_member(fixture, "a@example.test", "");
	add_member(fixture, "b@example.test", "");
	record[0] = refusal_of(fixture, "a@example.test", 86400);
	record[1] = refusal_of(fixture, "b@example.test", 86400);
	for (int i = 0; i < REFUSALS; i++) {
		if (i % 4 == 3)
			memcpy(record[1].ip.byte + 12, &i, sizeof(i));
		pl_login_log_add(log, &record[i % 2]);
		if (i % (REFUSALS / 100) != 0)
			continue;
		use = use_of("a@example.test", 86400 + i);
		use.member_id = record[0].member_id;
		memcpy(use.ip.byte + 12, &i, sizeof(i));
		pl_login_log_add(log, &use);
	}
	pl_login_log_close(&log, 1000 * WAIT_S);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM login_record WHERE member_id = "
					      "1 AND refused = 1"),
			 1);
	assert_int_equal(sql_int(fixture->db, "SELECT times FROM login_record WHERE member_id = 1 "
					      "AND refused = 1"),
			 REFUSALS / 2);
	assert_in_range(sql_int(fixture->db, "SELECT COUNT(*) FROM login_record WHERE member_id = "
					     "2 AND refused = 1"),
			1, PL_LOGIN_RECORDS);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM login_record WHERE refused = 0"),
			 100);
}

static void a_member_keeps_the_newest_records(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);
	struct pl_login_record record, use;

	add_member(fixture, "user@example.test", "");
	use = use_of("user@example.test", 0);
	use.member_id = account_of(fixture, "user@example.test").member.id;
	pl_login_log_add(log, &use);
	record = refusal_of(fixture, "user@example.test", 0);
	for (int i = 1; i <= PL_LOGIN_RECORDS + 50; i++) {
		record.at = 86400 * INT64_C(1) * i;
		pl_login_log_add(log, &record);
		if (i % 100 == 0)
			await(fixture, "SELECT MAX(at) FROM login_record", record.at);
	}
	pl_login_log_close(&log, 1000 * WAIT_S);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM login_record WHERE refused = 1"),
			 PL_LOGIN_RECORDS);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT MIN(day) FROM login_record WHERE refused = 1"),
			 86400 * 51);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM login_record WHERE refused = 0"),
			 1);
}

static void deliver(struct pl_login_log *log, int64_t member_id, const char *address, int64_t at)
{
	struct pl_delivery delivery = { .member_id = member_id, .at = at };

	if (member_id == 0)
		delivery.address = address_of(address);
	pl_login_log_deliver(log, &delivery);
}

#define RECEIVED "SELECT COALESCE(MAX(at), 0) FROM member_delivery"
#define NOON (20000 * INT64_C(86400) + 43200)

static void delivery_is_written_once_a_minute(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);
	struct pl_error err;
	int64_t id;

	add_member(fixture, "user@example.test", "");
	id = account_of(fixture, "user@example.test").member.id;
	deliver(log, id, NULL, NOON);
	await(fixture, RECEIVED, NOON);
	assert_int_equal(sql_int(fixture->db, "SELECT received_day FROM member"), 20000);
	deliver(log, id, NULL, NOON + PL_DELIVERY_EVERY - 1);
	pl_login_log_close(&log, 1000 * WAIT_S);
	assert_int_equal(sql_int(fixture->db, RECEIVED), NOON);
	log = start(fixture);
	/* Those that wait together are one, the last. */
	deliver(log, id, NULL, NOON + PL_DELIVERY_EVERY);
	deliver(log, id, NULL, NOON + 86400);
	/* One that is told late takes nothing back. */
	pl_login_log_close(&log, 1000 * WAIT_S);
	log = start(fixture);
	deliver(log, id, NULL, NOON - 86400);
	assert_int_equal(pl_login_log_failure(log, &err), 0);
	pl_login_log_close(&log, 1000 * WAIT_S);
	assert_int_equal(sql_int(fixture->db, RECEIVED), NOON + 86400);
	assert_int_equal(sql_int(fixture->db, "SELECT received_day FROM member"), 20001);
	/* It is no login. */
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM member_use"), 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM login_record"), 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM login_count"), 0);
}

static void delivery_to_an_address_is_its_account_s(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);

	add_domain(fixture, "example.test", "");
	add_domain(fixture, "alias.test", "alias_of=example.test");
	add_member(fixture, "other@example.test", "");
	add_member(fixture, "user@example.test", "");
	deliver(log, 0, "user@alias.test", NOON);
	deliver(log, 0, "nobody@example.test", NOON);
	deliver(log, 0, "user@elsewhere.test", NOON);
	deliver(log, 999999, NULL, NOON);
	pl_login_log_close(&log, 1000 * WAIT_S);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM member_delivery"), 1);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM member_delivery l JOIN member m "
				 "ON m.id = l.member_id WHERE m.local = 'user'"),
			 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM member"), 2);
}

/* Deliveries do not take the places of logins, and are kept while the database is locked. */
static void deliveries_wait_for_a_locked_database(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);
	struct pl_error err;
	int64_t id;

	add_member(fixture, "user@example.test", "");
	id = account_of(fixture, "user@example.test").member.id;
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	deliver(log, id, NULL, NOON);
	await_failure(log, &err);
	assert_string_equal(pl_errc_name(err.code), "retry");
	pl_store_rollback(fixture->store);
	await(fixture, RECEIVED, NOON);
	pl_login_log_close(&log, 1000 * WAIT_S);
}

static void flood_of_deliveries_is_bounded_and_told(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);
	struct pl_login_record use;
	struct pl_error err;

	add_member(fixture, "user@example.test", "");
	use = use_of("user@example.test", 1);
	for (int i = 1; i <= 10 * PL_LOGIN_LOG_DELIVERIES; i++)
		deliver(log, i, NULL, NOON);
	pl_login_log_add(log, &use);
	await_failure(log, &err);
	assert_non_null(strstr(err.msg, "were left out"));
	pl_login_log_close(&log, 1000 * WAIT_S);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM member_use"), 1);
	assert_int_equal(sql_int(fixture->db, RECEIVED), NOON);
}

/* The lock is held for longer than the writer waits; what it was about to
 * write is lost, which is told, and the next use is written. */
static void locked_database_is_survived(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);
	struct pl_login_record use = use_of("lost@example.test", 1);
	struct pl_error err;

	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	pl_login_log_add(log, &use);
	await_failure(log, &err);
	assert_string_equal(pl_errc_name(err.code), "retry");
	assert_non_null(strstr(err.msg, "locked"));
	pl_store_rollback(fixture->store);
	use = use_of("kept@example.test", 2);
	pl_login_log_add(log, &use);
	await(fixture, "SELECT COUNT(*) FROM member WHERE local = 'kept'", 1);
	pl_login_log_close(&log, 1000 * WAIT_S);
}

static void replaced_database_is_opened_anew(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log;
	struct pl_login_record use = use_of("before@example.test", 1);

	only_sqlite(fixture);
	log = start(fixture);
	pl_login_log_add(log, &use);
	await(fixture, "SELECT COUNT(*) FROM member WHERE local = 'before'", 1);
	pl_store_close(&fixture->store);
	assert_int_equal(rename(fixture->db, path_in(fixture, "aside.db")), 0);
	rename(path_in(fixture, "test.db-wal"), path_in(fixture, "aside.db-wal"));
	rename(path_in(fixture, "test.db-shm"), path_in(fixture, "aside.db-shm"));
	assert_ok(fixture, pl_schema_create(fixture->uri, &fixture->err));
	use = use_of("after@example.test", 2);
	pl_login_log_add(log, &use);
	await(fixture, "SELECT COUNT(*) FROM member WHERE local = 'after'", 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM member WHERE local = 'before'"),
			 0);
	pl_login_log_close(&log, 1000 * WAIT_S);
}

static void missing_database_is_told_and_survived(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);
	struct pl_login_record use = use_of("user@example.test", 1);
	struct pl_error err;

	pl_login_log_add(log, &use);
	await_failure(log, &err);
	assert_ok(fixture, pl_schema_create(fixture->uri, &fixture->err));
	pl_login_log_add(log, &use);
	await(fixture, "SELECT COUNT(*) FROM member", 1);
	pl_login_log_close(&log, 1000 * WAIT_S);
}

#define FLOOD (10 * PL_LOGIN_LOG_PENDING)

/* Many more in one go than there is room for, even if the writer takes some
 * of them away meanwhile. */
static void flood_is_bounded_and_told(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);
	struct pl_error err;

	for (int i = 0; i < FLOOD; i++) {
		char address[64];
		struct pl_login_record use;

		snprintf(address, sizeof(address), "user%d@example.test", i);
		use = use_of(address, i);
		pl_login_log_add(log, &use);
	}
	await_failure(log, &err);
	assert_non_null(strstr(err.msg, "were left out"));
	assert_int_equal(pl_login_log_failure(log, &err), 0);
	pl_login_log_close(&log, 1000 * WAIT_S);
	assert_in_range(sql_int(fixture->db, "SELECT COUNT(*) FROM member_use"),
			PL_LOGIN_LOG_PENDING, FLOOD - 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM member WHERE local = 'user0'"),
			 1);
}

/* One without a rule, which the database refuses. */
static void attempt_that_cannot_be_shown_costs_no_record(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);
	struct pl_connection_attempt attempt = { .address = address_of("user@example.test") };
	struct pl_login_record use;
	struct pl_error err;

	add_member(fixture, "user@example.test", "");
	use = use_of("user@example.test", 1234);
	use.member_id = account_of(fixture, "user@example.test").member.id;
	sql_run(fixture->db,
		"INSERT INTO connection_test (member_id, started_at, ends_at, ip, attempts) "
		"SELECT id, 0, 9000000000, '', 0 FROM member");
	pl_login_log_show(log, &attempt);
	pl_login_log_add(log, &use);
	await(fixture, "SELECT COUNT(*) FROM member_use", 1);
	await_failure(log, &err);
	pl_login_log_close(&log, 1000 * WAIT_S);
}

static void same_use_again_takes_no_room(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);
	struct pl_error err;

	for (int i = 0; i < 3 * PL_LOGIN_LOG_PENDING; i++) {
		const struct pl_login_record use = use_of("busy@example.test", i);

		pl_login_log_add(log, &use);
	}
	assert_int_equal(pl_login_log_failure(log, &err), 0);
	pl_login_log_close(&log, 1000 * WAIT_S);
	assert_int_equal(sql_int(fixture->db, "SELECT used_at FROM member_use"),
			 3 * PL_LOGIN_LOG_PENDING - 1);
}

static void close_writes_what_is_pending(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);

	for (int i = 0; i < 100; i++) {
		char address[64];
		struct pl_login_record use;

		snprintf(address, sizeof(address), "user%d@example.test", i);
		use = use_of(address, i);
		pl_login_log_add(log, &use);
	}
	pl_login_log_close(&log, 1000 * WAIT_S);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM member_use"), 100);
	pl_login_log_close(&log, 0); /* NULL */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(use_is_written_without_being_asked),
		TEST_WITH_DATABASE(writes_are_a_second_apart),
		TEST_WITH_DATABASE(denied_services_are_recorded_once_a_day),
		TEST_WITH_DATABASE(first_sign_in_adds_the_member),
		TEST_WITH_DATABASE(removed_member_is_not_brought_back),
		TEST_WITH_DATABASE(removed_domain_is_not_brought_back),
		TEST_WITH_DATABASE(app_password_learns_its_last_use),
		TEST_WITH_DATABASE(last_uses_are_told_apart_by_credential),
		TEST_WITH_DATABASE(refused_logins_are_recorded_and_use_nothing),
		TEST_WITH_DATABASE(refused_names_of_nobody_leave_no_row),
		TEST_WITH_DATABASE(equal_logins_of_a_day_are_one_row),
		TEST_WITH_DATABASE(a_hundred_thousand_refused_logins_stay_bounded),
		TEST_WITH_DATABASE(a_member_keeps_the_newest_records),
		TEST_WITH_DATABASE(delivery_is_written_once_a_minute),
		TEST_WITH_DATABASE(delivery_to_an_address_is_its_account_s),
		TEST_WITH_DATABASE(deliveries_wait_for_a_locked_database),
		TEST_WITH_DATABASE(flood_of_deliveries_is_bounded_and_told),
		TEST_WITH_DATABASE(locked_database_is_survived),
		TEST_WITH_DATABASE(replaced_database_is_opened_anew),
		TEST_IN_FOLDER(missing_database_is_told_and_survived),
		TEST_WITH_DATABASE(flood_is_bounded_and_told),
		TEST_WITH_DATABASE(attempt_that_cannot_be_shown_costs_no_record),
		TEST_WITH_DATABASE(same_use_again_takes_no_room),
		TEST_WITH_DATABASE(close_writes_what_is_pending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
