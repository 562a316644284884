/* test_login_count.c - counts of logins, of wrong guesses, and of members with a second factor. */
#include "tests/unit/fixture.h"

#include <poll.h>
#include <stdlib.h>

#include "policy/account/login_log.h"
#include "policy/admin/adoption.h"
#include "policy/admin/count_report.h"

#define WAIT_MS 60000
#define HOUR PL_HOUR_SECONDS
#define DAY PL_DAY_SECONDS
#define T (20000 * PL_DAY_SECONDS) /* when a day begins */

static struct pl_login_log *start(struct fixture *fixture)
{
	struct pl_login_log *log;

	assert_ok(fixture, pl_login_log_open(fixture->uri, &log, &fixture->err));
	return log;
}

static void stop(struct pl_login_log **log)
{
	pl_login_log_close(log, WAIT_MS);
	assert_null(*log);
}

static struct pl_login_record login_of(struct fixture *fixture, const char *address, int64_t at)
{
	const struct pl_account account = account_of(fixture, address);
	struct pl_login_record login = { .address = account.member.address,
					 .member_id = account.member.id,
					 .domain_id = account.domain.id,
					 .service = PL_SETTING_IMAP,
					 .channel = PL_CHANNEL_CLIENT,
					 .credential = PL_LOGIN_BY_APP_PASSWORD,
					 .rule = "app-password",
					 .times = 1,
					 .at = at };

	pl_ip_parse("192.0.2.7", &login.ip, NULL);
	return login;
}

static int64_t count(struct fixture *fixture, const char *where)
{
	char sql[512];

	snprintf(sql, sizeof(sql), "SELECT COALESCE(SUM(count), 0) FROM login_count WHERE %s",
		 where);
	return sql_int(fixture->db, sql);
}

static void equal_logins_are_one_row_and_no_event(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);
	struct pl_login_record login;

	add_member(fixture, "one@example.test", "");
	add_member(fixture, "two@example.test", "");
	for (int i = 0; i < 1000; i++) {
		login = login_of(fixture, i % 2 == 0 ? "one@example.test" : "two@example.test",
				 T + i);
		pl_login_log_add(log, &login);
	}
	login.at = T + HOUR;
	pl_login_log_add(log, &login);
	login.service = PL_SETTING_POP3;
	pl_login_log_add(log, &login);
	login.refused = 1;
	login.rule = "service-off";
	login.credential = PL_LOGIN_BY_UNKNOWN;
	pl_login_log_add(log, &login);
	stop(&log);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM login_count"), 4);
	assert_int_equal(count(fixture, "hour = 1728000000 AND domain_id = 1 AND service = 'imap' "
					"AND channel = 'client' AND credential = 'app-password' "
					"AND rule = 'app-password' AND outcome = 'allowed'"),
			 1000);
	assert_int_equal(count(fixture, "hour = 1728003600"), 3);
	assert_int_equal(count(fixture, "service = 'pop3' AND outcome = 'refused' AND rule = "
					"'service-off' AND credential = 'unknown'"),
			 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM guess_count"), 0);
}

static void several_machines_add_to_the_same_rows(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log[3];
	struct pl_login_record login;

	add_member(fixture, "one@example.test", "");
	login = login_of(fixture, "one@example.test", T);
	for (int i = 0; i < 3; i++)
		log[i] = start(fixture);
	for (int i = 0; i < 300; i++)
		pl_login_log_add(log[i % 3], &login);
	for (int i = 0; i < 3; i++)
		stop(&log[i]);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM login_count"), 1);
	assert_int_equal(count(fixture, "1 = 1"), 300);
}

/* As of whoever guesses names, a few thousand in a second. */
static void random_names_make_one_row_and_no_record(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);
	struct pl_login_record login;
	char name[64];

	add_domain(fixture, "example.test", "");
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "n%d@d%d.test", i, i);
		login = login_of(fixture, "nobody@nowhere.test", T + i % 60);
		login.address = address_of(name);
		login.refused = 1;
		login.rule = "domain-unknown";
		login.credential = PL_LOGIN_BY_UNKNOWN;
		pl_login_log_add(log, &login);
	}
	login.domain_id = account_of(fixture, "nobody@example.test").domain.id;
	login.rule = "wrong-password";
	pl_login_log_add(log, &login);
	stop(&log);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM login_count"), 2);
	assert_int_equal(count(fixture, "domain_id = 0"), 3000);
	assert_int_equal(count(fixture, "domain_id = 1 AND rule = 'wrong-password'"), 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM login_record"), 0);
	assert_int_equal(sql_int(fixture->db, "SELECT count FROM guess_count WHERE domain_id = 0 "
					      "AND origin = '192.0.2.7'"),
			 3000);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM member"), 0);
}

static void a_right_password_at_the_page_is_the_portals_to_count(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);
	struct pl_login_record login;
	const struct pl_login_count pending = {
		.hour = T,
		.domain_id = 1,
		.service = "webmail",
		.channel = "webmail",
		.credential = "account-password",
		.rule = "second-factor-code",
		.outcome = PL_LOGIN_PENDING,
		.count = 1,
	};

	add_member(fixture, "one@example.test", "");
	login = login_of(fixture, "one@example.test", T);
	login.service = PL_SETTING_WEBMAIL;
	pl_login_log_add(log, &login);
	login.refused = 1;
	login.rule = "wrong-password";
	pl_login_log_add(log, &login);
	pl_login_log_count(log, &pending, NULL);
	stop(&log);
	assert_int_equal(count(fixture, "outcome = 'allowed'"), 0);
	assert_int_equal(count(fixture, "outcome = 'refused'"), 1);
	assert_int_equal(count(fixture, "outcome = 'pending'"), 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM login_record"), 2);
}

static void counts_survive_a_locked_database(void **state)
{
	struct fixture *fixture = *state;
	struct pl_login_log *log = start(fixture);
	struct pl_store *other;
	struct pl_login_record login;
	struct pl_error err;

	only_sqlite(fixture);
	add_member(fixture, "one@example.test", "");
	login = login_of(fixture, "one@example.test", T);
	assert_ok(fixture, pl_store_open(fixture->uri, PL_ROLE_COMMAND, &other, &fixture->err));
	assert_ok(fixture, pl_store_begin_write(other, &fixture->err));
	pl_login_log_add(log, &login);
	while (!pl_login_log_failure(log, &err))
		poll(NULL, 0, 50);
	pl_login_log_add(log, &login);
	pl_store_rollback(other);
	pl_store_close(&other);
	stop(&log);
	assert_int_equal(count(fixture, "1 = 1"), 2);
}

static void a_tally_is_bounded(void **state)
{
	struct pl_login_tally *tally = calloc(2, sizeof(*tally));
	struct pl_login_count counted = { .service = "imap",
					  .channel = "client",
					  .credential = "unknown",
					  .rule = "wrong-password",
					  .outcome = PL_LOGIN_REFUSED,
					  .count = 1 };
	struct pl_ip ip;
	char text[32];
	int fits = 1;

	(void)state;
	assert_non_null(tally);
	for (int i = 0; i < 1000; i++) {
		counted.domain_id = i;
		snprintf(text, sizeof(text), "10.0.%d.%d", i / 256, i % 256);
		pl_ip_parse(text, &ip, NULL);
		fits = pl_login_tally_add(&tally[0], &counted, &ip);
	}
	assert_int_equal(fits, 0);
	assert_int_equal(tally[0].rows, PL_LOGIN_COUNTS / 4 * 3);
	assert_int_equal(tally[0].guess_rows, PL_GUESS_COUNTS);
	counted.domain_id = 0;
	assert_int_equal(pl_login_tally_add(&tally[0], &counted, NULL), 1);
	assert_int_equal(pl_login_tally_merge(&tally[1], &tally[0]), 1);
	assert_int_equal(tally[1].rows, tally[0].rows);
	pl_login_tally_clear(&tally[0]);
	assert_int_equal(tally[0].rows, 0);
	assert_int_equal(pl_login_tally_add(&tally[0], &counted, NULL), 1);
	free(tally);
}

static void write_guesses(struct fixture *fixture, const struct pl_guess_count *guess)
{
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	assert_ok(fixture, pl_guess_count_write(work_at(fixture, T), guess, 1));
	assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
}

static void a_day_keeps_its_largest_guessers(void **state)
{
	struct fixture *fixture = *state;
	struct pl_guess_count guess = { .day = T, .count = 7 };

	sql_run(fixture->db,
		"INSERT INTO guess_count SELECT 1728000000, 0, 'o' || n, 1 + n % 5 FROM "
		"(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE "
		"n < 1000) SELECT n FROM c) numbers");
	strcpy(guess.origin, "2001:db8::/64");
	reopen(fixture, PL_ROLE_USE);
	write_guesses(fixture, &guess);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM guess_count"),
			 PL_GUESS_ROWS_KEPT);
	assert_int_equal(sql_int(fixture->db, "SELECT MAX(count) FROM guess_count"), 7);
	guess.day = T + DAY;
	write_guesses(fixture, &guess);
	write_guesses(fixture, &guess);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT count FROM guess_count WHERE day = 1728086400"),
			 14);
}

/* -- adoption -- */

static struct pl_adoption adoption;
static int days;

static int keep(const struct pl_adoption *row, void *context)
{
	(void)context;
	adoption = *row;
	days++;
	return 0;
}

static void list_adoption(struct fixture *fixture, int64_t scope, int64_t domain_id)
{
	days = 0;
	memset(&adoption, 0, sizeof(adoption));
	assert_ok(fixture,
		  pl_adoption_list(fixture->store, scope, domain_id, 0, keep, NULL, &fixture->err));
}

static void register_factor(struct fixture *fixture, const char *local)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "INSERT INTO second_factor (member_id, kinds, registered_at, registered_ip) "
		 "SELECT id, 1, 1, '' FROM member WHERE local = '%s'",
		 local);
	sql_run(fixture->db, sql);
}

static void add_members_of_all_kinds(struct fixture *fixture)
{
	add_domain(fixture, "must.test", "two_factor_requirement=required");
	add_member(fixture, "has@must.test", "");
	add_member(fixture, "lacks@must.test", "");
	add_member(fixture, "may@must.test", "two_factor_requirement=optional");
	add_member(fixture, "skips@must.test", "two_factor_mode=skip");
	add_member(fixture, "off@must.test", "");
	add_domain(fixture, "may.test", "");
	add_member(fixture, "staff@may.test", "");
	add_member(fixture, "same@may.test", "pop3=on");
	add_member(fixture, "other@may.test", "pop3=off");
	sql_run(fixture->db, "UPDATE member SET active = 0 WHERE local = 'off'");
	sql_run(fixture->db, "UPDATE member SET class = 'staff' WHERE local = 'staff'");
	sql_run(fixture->db, "UPDATE member SET opted_out = 1 WHERE local IN ('other', 'lacks')");
	register_factor(fixture, "has");
	sql_run(fixture->db,
		"INSERT INTO member_use (member_id, service, credential, used_at, ip) "
		"SELECT id, 'imap', 'account-password', 1728000000 - 29 * 86400, '' FROM "
		"member WHERE local IN ('has', 'other', 'off')");
	sql_run(fixture->db,
		"INSERT INTO member_use (member_id, service, credential, used_at, ip) "
		"SELECT id, 'pop3', 'account-password', 1728000000 - 31 * 86400, '' FROM "
		"member WHERE local IN ('lacks', 'other')");
	sql_run(fixture->db,
		"INSERT INTO member_use (member_id, service, credential, used_at, ip) "
		"SELECT id, 'webmail', 'account-password', 1728000000, '' FROM member");
}

static void adoption_follows_the_layers_of_the_policy(void **state)
{
	struct fixture *fixture = *state;
	struct pl_policy *policy =
		policy_of("class \"staff\" { two_factor_requirement = required }\n");

	add_members_of_all_kinds(fixture);
	assert_ok(fixture, pl_adoption_count(work_at(fixture, T + 5), policy));
	list_adoption(fixture, 0, account_of(fixture, "has@must.test").domain.id);
	assert_int_equal(days, 1);
	assert_int_equal(adoption.day, T);
	assert_int_equal(adoption.members, 4);
	assert_int_equal(adoption.required, 2);
	assert_int_equal(adoption.registered, 1);
	assert_int_equal(adoption.overdue, 1);
	assert_int_equal(adoption.opted_out, 0);
	assert_int_equal(adoption.different, 2);
	assert_int_equal(adoption.account_password, 1);
	list_adoption(fixture, 0, 0);
	assert_int_equal(adoption.members, 7);
	assert_int_equal(adoption.required, 3);
	assert_int_equal(adoption.overdue, 2);
	assert_int_equal(adoption.opted_out, 1);
	assert_int_equal(adoption.different, 3);
	assert_int_equal(adoption.account_password, 2);
	list_adoption(fixture, -1, 0);
	assert_int_equal(days, 0);
	pl_policy_unref(&policy);
}

static void nobody_is_overdue_before_the_day(void **state)
{
	struct fixture *fixture = *state;
	struct pl_policy *policy = policy_of("two_factor_grace_days = 10\n");
	char sql[128];

	add_domain(fixture, "must.test", "two_factor_requirement=required");
	add_member(fixture, "new@must.test", "");
	add_member(fixture, "old@must.test", "");
	add_domain(fixture, "soon.test", "two_factor_requirement=required_from_2030-01-01");
	add_member(fixture, "one@soon.test", "");
	snprintf(sql, sizeof(sql), "UPDATE member SET created_at = %lld",
		 (long long)(T - 11 * DAY));
	sql_run(fixture->db, sql);
	snprintf(sql, sizeof(sql), "UPDATE member SET created_at = %lld WHERE local = 'new'",
		 (long long)(T - 9 * DAY));
	sql_run(fixture->db, sql);
	assert_ok(fixture, pl_adoption_count(work_at(fixture, T), policy));
	list_adoption(fixture, 0, 0);
	assert_int_equal(adoption.required, 3);
	assert_int_equal(adoption.overdue, 1);
	pl_policy_unref(&policy);
}

static void a_day_has_one_row_of_a_domain_whoever_writes_it(void **state)
{
	struct fixture *fixture = *state;

	add_member(fixture, "one@example.test", "");
	assert_ok(fixture, pl_adoption_count(work_at(fixture, T), fixture->policy));
	add_member(fixture, "two@example.test", "");
	assert_ok(fixture, pl_adoption_count(work_at(fixture, T + 60), fixture->policy));
	list_adoption(fixture, 0, 0);
	assert_int_equal(adoption.members, 1);
	/* Another portal has begun before the row was there. */
	assert_ok(fixture,
		  pl_exec(fixture->store, PL_SQL_ADOPTION_INSERT,
			  PL_PARAMS(PL_INT("day", T), PL_INT("domain_id", 1), PL_INT("members", 9),
				    PL_INT("required", 0), PL_INT("registered", 0),
				    PL_INT("overdue", 0), PL_INT("opted_out", 0),
				    PL_INT("different", 0), PL_INT("account_password", 0)),
			  &fixture->err));
	assert_ok(fixture, pl_adoption_count(work_at(fixture, T + DAY), fixture->policy));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM adoption"), 2);
	assert_int_equal(sql_int(fixture->db, "SELECT SUM(members) FROM adoption"), 3);
}

static void a_large_domain_is_read_in_portions(void **state)
{
	struct fixture *fixture = *state;

	add_domain(fixture, "example.test", "");
	sql_run(fixture->db,
		"INSERT INTO member (domain_id, local, active, class, created_at, settings) "
		"SELECT 1, 'm' || n, 1, '', 0, '' FROM (WITH RECURSIVE c(n) AS (SELECT 1 "
		"UNION ALL SELECT n + 1 FROM c WHERE n < 2500) SELECT n FROM c) numbers");
	assert_ok(fixture, pl_adoption_count(work_at(fixture, T), fixture->policy));
	list_adoption(fixture, 0, 0);
	assert_int_equal(adoption.members, 2500);
}

/* -- what the counts say -- */

static char said[1024];

static int say(const struct pl_count_row *row, void *context)
{
	const size_t used = strlen(said);

	(void)context;
	snprintf(said + used, sizeof(said) - used, "%lld %s %lld %lld %lld; ",
		 (long long)((row->at - T) / HOUR), row->value, (long long)row->allowed,
		 (long long)row->refused, (long long)row->pending);
	return 0;
}

static void assert_counts(struct fixture *fixture, struct pl_count_filter filter, const char *want)
{
	said[0] = '\0';
	assert_ok(fixture, pl_count_list(fixture->store, &filter, say, NULL, &fixture->err));
	assert_string_equal(said, want);
}

static int say_pair(const char *text, int64_t number, void *context)
{
	const size_t used = strlen(said);

	(void)context;
	snprintf(said + used, sizeof(said) - used, "%s %lld; ", text, (long long)number);
	return 0;
}

static void add_counts(struct fixture *fixture)
{
	add_domain(fixture, "a.test", "");
	add_domain(fixture, "b.test", "");
	add_member(fixture, "helpdesk@a.test", "");
	sql_run(fixture->db,
		"INSERT INTO administrator (id, member_id, role, made_at, made_by) VALUES "
		"(5, 1, 'helpdesk', 0, '')");
	sql_run(fixture->db,
		"INSERT INTO administrator_domain (administrator_id, domain_id) VALUES (5, 1)");
	sql_run(fixture->db,
		"INSERT INTO login_count (hour, domain_id, service, channel, credential, rule, "
		"outcome, "
		"count) VALUES "
		"(1728000000, 1, 'imap', 'client', 'app-password', 'app-password', 'allowed', 3), "
		"(1728003600, 1, 'imap', 'webmail', 'webmail', 'token', 'allowed', 4), "
		"(1728003600, 1, 'imap', 'client', 'unknown', 'wrong-password', 'refused', 5), "
		"(1728003600, 2, 'pop3', 'client', 'account-password', 'account-password', "
		"'allowed', 6), "
		"(1728003600, 1, 'webmail', 'webmail', 'account-password', 'second-factor-code', "
		"'pending', 8), "
		"(1728086400, 0, 'smtp', 'client', 'unknown', 'domain-unknown', 'refused', 7)");
	sql_run(fixture->db, "INSERT INTO guess_count (day, domain_id, origin, count) VALUES "
			     "(1728000000, 1, '192.0.2.1', 5), (1728000000, 2, '192.0.2.1', 2), "
			     "(1728086400, 1, '192.0.2.2', 6), (1728086400, 0, '192.0.2.3', 9)");
}

static void counts_are_summed_up_by_step_and_column(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_count_filter all = { .since = T, .until = T + 2 * DAY, .step = HOUR };
	struct pl_count_filter filter = all;

	add_counts(fixture);
	assert_counts(fixture, filter, "0  3 0 0; 1  10 5 8; 24  0 7 0; ");
	filter.step = DAY;
	filter.by = PL_COUNT_BY_SERVICE;
	assert_counts(fixture, filter,
		      "0 imap 7 5 0; 0 pop3 6 0 0; 0 webmail 0 0 8; 24 smtp 0 7 0; ");
	filter.by = PL_COUNT_BY_CHANNEL;
	assert_counts(fixture, filter, "0 client 9 5 0; 0 webmail 4 0 8; 24 client 0 7 0; ");
	filter.until = T + DAY;
	filter.by = PL_COUNT_BY_RULE;
	filter.domain_id = 2;
	assert_counts(fixture, filter, "0 account-password 6 0 0; ");
	filter.domain_id = 0;
	filter.scope = 5;
	filter.by = PL_COUNT_BY_CREDENTIAL;
	assert_counts(fixture, filter,
		      "0 account-password 0 0 8; 0 app-password 3 0 0; 0 unknown 0 5 0; 0 webmail "
		      "4 0 0; ");
	filter.domain_id = 2;
	assert_counts(fixture, filter, "");
	filter = all;
	filter.scope = -1;
	assert_counts(fixture, filter, "");
	assert_int_equal(pl_count_by_of("channel"), PL_COUNT_BY_CHANNEL);
	assert_int_equal(pl_count_by_of("member"), PL_COUNT_BY_END);
}

/* By each column. */
static char said_by[PL_COUNT_BY_END][1024];

static int say_by(enum pl_count_by by, const struct pl_count_row *row, void *context)
{
	said[0] = '\0';
	say(row, context);
	strcat(said_by[by], said);
	return 0;
}

static void assert_all_counts(struct fixture *fixture, struct pl_count_filter filter)
{
	char want[1024];

	memset(said_by, 0, sizeof(said_by));
	assert_ok(fixture, pl_count_list_all(fixture->store, &filter, say_by, NULL, &fixture->err));
	for (filter.by = PL_COUNT_BY_SERVICE; filter.by < PL_COUNT_BY_RULE; filter.by++) {
		said[0] = '\0';
		assert_ok(fixture,
			  pl_count_list(fixture->store, &filter, say, NULL, &fixture->err));
		memcpy(want, said, sizeof(want));
		assert_string_equal(said_by[filter.by], want);
	}
}

static void one_look_at_the_counts_has_the_sums_by_every_column(void **state)
{
	struct fixture *fixture = *state;
	struct pl_count_filter filter = { .since = T, .until = T + 2 * DAY, .step = DAY };

	add_counts(fixture);
	assert_all_counts(fixture, filter);
	assert_string_equal(said_by[PL_COUNT_BY_SERVICE],
			    "0 imap 7 5 0; 0 pop3 6 0 0; 0 webmail 0 0 8; 24 smtp 0 7 0; ");
	/* The days are one step. */
	assert_string_equal(said_by[PL_COUNT_BY_RULE],
			    "24 account-password 6 0 0; 24 app-password 3 0 0; 24 domain-unknown 0 "
			    "7 0; 24 second-factor-code 0 0 8; 24 token 4 0 0; 24 wrong-password 0 "
			    "5 "
			    "0; ");
	filter.step = HOUR;
	filter.scope = 5;
	assert_all_counts(fixture, filter);
	assert_string_equal(said_by[PL_COUNT_BY_CHANNEL],
			    "0 client 3 0 0; 1 client 0 5 0; 1 webmail 4 0 8; ");
	filter.domain_id = 2;
	assert_all_counts(fixture, filter);
	assert_string_equal(said_by[PL_COUNT_BY_SERVICE], "");
	filter.scope = 0;
	assert_all_counts(fixture, filter);
	assert_string_equal(said_by[PL_COUNT_BY_SERVICE], "1 pop3 6 0 0; ");
}

static void assert_guessers(struct fixture *fixture, int64_t scope, int64_t domain_id,
			    const char *want)
{
	said[0] = '\0';
	assert_ok(fixture, pl_guesser_list(fixture->store, scope, domain_id, T, 10, say_pair, NULL,
					   &fixture->err));
	assert_string_equal(said, want);
}

static void guesses_at_no_domain_are_for_server_administrators(void **state)
{
	struct fixture *fixture = *state;

	add_counts(fixture);
	assert_guessers(fixture, 0, 0, "192.0.2.3 9; 192.0.2.1 7; 192.0.2.2 6; ");
	assert_guessers(fixture, 5, 0, "192.0.2.2 6; 192.0.2.1 5; ");
	assert_guessers(fixture, 5, 2, "");
	assert_guessers(fixture, 0, 2, "192.0.2.1 2; ");
	assert_guessers(fixture, -1, 0, "");
}

static void assert_account_passwords(struct fixture *fixture, int64_t scope, const char *want)
{
	const struct pl_member_query all = { .domain = "" };
	struct pl_member_index *index = pl_member_index_new();
	struct pl_member_search *search;

	assert_ok(fixture, pl_member_index_update(index, fixture->store, &fixture->err));
	assert_ok(fixture, pl_member_search_open(fixture->store, fixture->policy, scope, &all, T,
						 &search, &fixture->err));
	said[0] = '\0';
	assert_ok(fixture, pl_account_password_list(search, index, say_pair, NULL, &fixture->err));
	assert_string_equal(said, want);
	pl_member_search_close(&search);
	pl_member_index_free(&index);
}

static void members_with_the_account_password_are_counted_by_service(void **state)
{
	struct fixture *fixture = *state;

	add_members_of_all_kinds(fixture);
	sql_run(fixture->db,
		"UPDATE member SET imap_day = 20000 - 30 WHERE local IN ('has', 'other')");
	sql_run(fixture->db, "UPDATE member SET pop3_day = 20000 - 31 WHERE local = 'lacks'");
	sql_run(fixture->db, "UPDATE member SET pop3_day = 20000 WHERE local = 'other'");
	assert_account_passwords(fixture, 0, "imap 2; pop3 1; ");
	assert_account_passwords(fixture, -1, "");
}

static void hours_of_old_days_are_added_up(void **state)
{
	struct fixture *fixture = *state;
	char sql[512];

	for (int hour = 0; hour < 5 * 24; hour++) {
		snprintf(sql, sizeof(sql),
			 "INSERT INTO login_count (hour, domain_id, service, channel, credential, "
			 "rule, outcome, count) VALUES (%lld, 1, 'imap', 'client', 'x', 'y', "
			 "'allowed', 1), (%lld, 2, 'imap', 'client', 'x', 'y', 'refused', 10)",
			 (long long)(T - 4 * DAY + hour * HOUR),
			 (long long)(T - 4 * DAY + hour * HOUR));
		sql_run(fixture->db, sql);
	}
	for (int again = 0; again < 2; again++) {
		assert_ok(fixture, pl_login_count_add_up_commit(work_at(fixture, T + 5 * HOUR)));
		assert_int_equal(count(fixture, "outcome = 'allowed'"), 5 * 24);
		assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM login_count"),
				 2 * (2 + 3 * 24));
		for (int day = 3; day <= 4; day++) {
			snprintf(sql, sizeof(sql), "hour = %lld AND domain_id = 2",
				 (long long)(T - day * DAY));
			assert_int_equal(count(fixture, sql), 240);
		}
	}
	/* What is written late, as after an outage, comes to the rest of its day. */
	snprintf(sql, sizeof(sql),
		 "INSERT INTO login_count VALUES (%lld, 1, 'imap', 'client', 'x', 'y', 'allowed', "
		 "7)",
		 (long long)(T - 4 * DAY + 23 * HOUR));
	sql_run(fixture->db, sql);
	assert_ok(fixture, pl_login_count_add_up_commit(work_at(fixture, T + 5 * HOUR)));
	snprintf(sql, sizeof(sql), "hour = %lld AND domain_id = 1", (long long)(T - 4 * DAY));
	assert_int_equal(count(fixture, sql), 31);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(equal_logins_are_one_row_and_no_event),
		TEST_WITH_DATABASE(several_machines_add_to_the_same_rows),
		TEST_WITH_DATABASE(random_names_make_one_row_and_no_record),
		TEST_WITH_DATABASE(a_right_password_at_the_page_is_the_portals_to_count),
		TEST_WITH_DATABASE(counts_survive_a_locked_database),
		cmocka_unit_test(a_tally_is_bounded),
		TEST_WITH_DATABASE(a_day_keeps_its_largest_guessers),
		TEST_WITH_DATABASE(adoption_follows_the_layers_of_the_policy),
		TEST_WITH_DATABASE(nobody_is_overdue_before_the_day),
		TEST_WITH_DATABASE(a_day_has_one_row_of_a_domain_whoever_writes_it),
		TEST_WITH_DATABASE(a_large_domain_is_read_in_portions),
		TEST_WITH_DATABASE(counts_are_summed_up_by_step_and_column),
		TEST_WITH_DATABASE(one_look_at_the_counts_has_the_sums_by_every_column),
		TEST_WITH_DATABASE(guesses_at_no_domain_are_for_server_administrators),
		TEST_WITH_DATABASE(members_with_the_account_password_are_counted_by_service),
		TEST_WITH_DATABASE(hours_of_old_days_are_added_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
