/* test_driver.c - what the Dovecot driver does when one member's row is bad, and when the database is away. */
#include "tests/unit/fixture.h"

#include <time.h>
#include <unistd.h>

#include "dovecot-plugin/driver.h"
#include "policy/session/session.h"
#include "tests/unit/poll_loop.h"

#define OWNER "owner@example.test"
#define OTHER "other@example.test"

#define DAY 86400

static char logged[4096];
static time_t wrong; /* so far the clock of this machine is ahead */

/* In place of the C library's. */
time_t time(time_t *now_r)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += wrong;
	if (now_r != NULL)
		*now_r = now.tv_sec;
	return now.tv_sec;
}

static void note_line(enum pl_driver_level level, const char *msg)
{
	(void)level;
	strncat(logged, msg, sizeof(logged) - strlen(logged) - 2);
	strcat(logged, "\n");
}

static struct pl_driver *start_with(struct fixture *fixture, const char *more, int records)
{
	const char *path = path_in(fixture, "policy.conf");
	struct pl_driver *driver;
	char text[512];

	snprintf(text, sizeof(text), "database = \"%s\"\nverify_key = \"%s/verify.key\"\n%s",
		 fixture->uri, fixture->dir, more);
	write_file(path, text, strlen(text));
	logged[0] = '\0';
	driver = pl_driver_new(&(struct pl_driver_options){ .policy_path = path,
							    .records_logins = records,
							    .log = note_line,
							    .loop = &poll_loop });
	assert_non_null(driver);
	return driver;
}

static struct pl_driver *start(struct fixture *fixture)
{
	return start_with(fixture, "", 0);
}

struct answer {
	struct pl_driver_request request; /* first, so that it is found again */
	int count, ret;
	int64_t session_id; /* of a token */
	struct pl_error err;
};

static void answered(struct pl_driver_request *request, const struct pl_login_result *result,
		     const struct pl_error *err)
{
	struct answer *answer = (struct answer *)request;

	answer->count++;
	answer->ret = result == NULL ? -1 : 0;
	if (result == NULL)
		answer->err = *err;
	else if (request->login.offer == PL_OFFER_BEARER)
		answer->session_id = result->session_id;
	else
		assert_int_equal(result->verdict.outcome, PL_NEED_CREDENTIAL);
}

static void evaluate_offer(struct pl_driver *driver, struct answer *answer, int64_t now_ms)
{
	answer->request.answer = answered;
	pl_driver_evaluate(driver, &answer->request, now_ms);
	assert_true(poll_loop_until(&answer->count, 5000));
	poll_loop_until(&(int){ 0 }, 5); /* ends the batch */
	assert_int_equal(answer->count, 1);
}

/* At now_ms, with a password that is not an app password. */
static int evaluate(struct fixture *fixture, struct pl_driver *driver, const char *user,
		    int64_t now_ms)
{
	struct pl_secret password;
	struct answer answer = { .request = { .login = { .user = user,
							 .user_len = strlen(user),
							 .service = PL_SETTING_IMAP,
							 .offer = PL_OFFER_PASSWORD,
							 .secret = &password } } };

	pl_secret_set(&password, "secret", 6);
	evaluate_offer(driver, &answer, now_ms);
	fixture->err = answer.err;
	return answer.ret;
}

static void bad_row_fails_its_member_alone(void **state)
{
	struct fixture *fixture = *state;
	struct pl_driver *driver;

	add_member(fixture, OWNER, "");
	add_member(fixture, OTHER, "");
	sql_run(fixture->db, "UPDATE member SET settings = 'push=on' WHERE local = 'owner'");
	driver = start(fixture);
	for (int64_t now_ms = 1000; now_ms < 1050; now_ms += 10) {
		assert_int_equal(evaluate(fixture, driver, OWNER, now_ms), -1);
		assert_non_null(strstr(fixture->err.msg, OWNER));
		assert_ok(fixture, evaluate(fixture, driver, OTHER, now_ms + 1));
	}
	/* Told once, and again only after a minute. */
	assert_non_null(strstr(logged, "push=on"));
	assert_null(strstr(strstr(logged, "push=on") + 1, "push=on"));
	pl_driver_free(&driver);
}

static void database_that_is_away_fails_everybody(void **state)
{
	struct fixture *fixture = *state;
	struct pl_driver *driver;
	char away[160];

	only_sqlite(fixture);
	add_member(fixture, OWNER, "");
	driver = start(fixture);
	snprintf(away, sizeof(away), "%s.away", fixture->db);
	assert_int_equal(rename(fixture->db, away), 0);
	assert_int_equal(evaluate(fixture, driver, OWNER, 1000), -1);
	/* Others do not each try for themselves. */
	assert_int_equal(rename(away, fixture->db), 0);
	assert_int_equal(evaluate(fixture, driver, OTHER, 1001), -1);
	assert_ok(fixture, evaluate(fixture, driver, OTHER, 2000));
	pl_driver_free(&driver);
}

/* The session of the token of OWNER, or 0 when it is refused. */
static int64_t offer_token(struct pl_driver *driver, const struct pl_secret *token, int64_t now_ms)
{
	struct answer answer = { .request = { .login = { .user = OWNER,
							 .user_len = strlen(OWNER),
							 .service = PL_SETTING_IMAP,
							 .offer = PL_OFFER_BEARER,
							 .secret = token } } };

	evaluate_offer(driver, &answer, now_ms);
	assert_int_equal(answer.ret, 0);
	return answer.session_id;
}

/* The first login of a process waits for the connection that tells the time. */
static void token_is_good_as_long_as_the_server_says(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_address owner = address_of(OWNER);
	struct pl_session session = { .channel = PL_CHANNEL_WEBMAIL };
	struct pl_driver *driver;
	struct pl_secret token;

	only_postgresql(fixture);
	wrong = 0;
	add_member(fixture, OWNER, "");
	session.expires_at = time(NULL) + 600;
	assert_ok(fixture, issue_token(work_of(fixture), account_at(fixture, &owner), &session,
				       session.expires_at, &token));
	for (int days = -1; days <= 1; days++) {
		wrong = days * DAY;
		driver = start(fixture);
		assert_int_not_equal(offer_token(driver, &token, 1000), 0);
		pl_driver_free(&driver);
	}
	wrong = 0;
	sql_run(fixture->db, "UPDATE token SET expires_at = expires_at - 1200");
	for (int days = -1; days <= 1; days++) {
		wrong = days * DAY;
		driver = start(fixture);
		assert_int_equal(offer_token(driver, &token, 1000), 0);
		pl_driver_free(&driver);
	}
	wrong = 0;
}

static int64_t received(struct fixture *fixture, const char *local)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "SELECT COALESCE(MAX(l.at), 0) FROM member_delivery l JOIN member "
		 "m ON m.id = l.member_id WHERE m.local = '%s'",
		 local);
	return sql_int(fixture->db, sql);
}

/* By the id that a look-up has found, or by a name that the operator's userdb has given. */
static void deliveries_are_recorded_for_the_account(void **state)
{
	struct fixture *fixture = *state;
	struct pl_driver *driver;

	add_member(fixture, OWNER, "");
	add_member(fixture, OTHER, "");
	driver = start_with(fixture, "default_domain = \"example.test\"\n", 1);
	pl_driver_deliver(driver, "whoever", account_of(fixture, OWNER).member.id, 1000000);
	pl_driver_deliver(driver, "OTHER", 0, 2000000);
	pl_driver_deliver(driver, "not an@address@", 0, 3000000);
	pl_driver_free(&driver);
	assert_int_equal(received(fixture, "owner"), 1000000);
	assert_int_equal(received(fixture, "other"), 2000000);
	assert_string_equal(logged, "");
	driver = start(fixture);
	pl_driver_deliver(driver, OWNER, 0, 4000000);
	pl_driver_free(&driver);
	assert_int_equal(received(fixture, "owner"), 1000000);
}

static void deliveries_without_a_policy_or_a_database_are_dropped(void **state)
{
	struct fixture *fixture = *state;
	struct pl_driver *driver = pl_driver_new(
		&(struct pl_driver_options){ .policy_path = path_in(fixture, "nosuch.conf"),
					     .records_logins = 1,
					     .log = note_line,
					     .loop = &poll_loop });

	assert_non_null(driver);
	pl_driver_deliver(driver, OWNER, 0, 1000000);
	pl_driver_free(&driver);
	only_sqlite(fixture);
	assert_int_equal(unlink(fixture->db), 0);
	driver = start_with(fixture, "", 1);
	pl_driver_deliver(driver, OWNER, 0, 1000000);
	pl_driver_free(&driver);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(bad_row_fails_its_member_alone),
		TEST_WITH_DATABASE(database_that_is_away_fails_everybody),
		TEST_WITH_DATABASE(token_is_good_as_long_as_the_server_says),
		TEST_WITH_DATABASE(deliveries_are_recorded_for_the_account),
		TEST_WITH_DATABASE(deliveries_without_a_policy_or_a_database_are_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
