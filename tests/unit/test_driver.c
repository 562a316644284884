/* test_driver.c - what the Dovecot driver does with trouble of one member, and of all. */
#include "tests/unit/fixture.h"

#include "dovecot-plugin/driver.h"

#define OWNER "owner@example.test"
#define OTHER "other@example.test"

static char logged[4096];

static void note_line(enum pl_driver_level level, const char *msg)
{
	(void)level;
	strncat(logged, msg, sizeof(logged) - strlen(logged) - 2);
	strcat(logged, "\n");
}

static struct pl_driver *start(struct fixture *fixture)
{
	const char *path = path_in(fixture, "policy.conf");
	struct pl_driver *driver;
	char text[512];

	snprintf(text, sizeof(text), "database = \"%s\"\nverify_key = \"%s/verify.key\"\n",
		 fixture->uri, fixture->dir);
	write_file(path, text, strlen(text));
	logged[0] = '\0';
	driver = pl_driver_new(path, 0, note_line);
	assert_non_null(driver);
	return driver;
}

/* At now_ms, with a password that is no app password. */
static int judge(struct fixture *fixture, struct pl_driver *driver, const char *user,
		 int64_t now_ms)
{
	struct pl_secret password;
	struct pl_login login = { .user = user,
				  .user_len = strlen(user),
				  .service = PL_SETTING_IMAP,
				  .offer = PL_OFFER_PASSWORD,
				  .secret = &password };
	struct pl_login_result result;
	int ret;

	pl_secret_set(&password, "secret", 6);
	ret = pl_driver_judge(driver, &login, now_ms, &result, &fixture->err);
	pl_driver_end_turn(driver);
	if (ret >= 0)
		assert_int_equal(result.verdict.outcome, PL_NEED_CREDENTIAL);
	return ret;
}

static void bad_row_is_the_trouble_of_its_member_alone(void **state)
{
	struct fixture *fixture = *state;
	struct pl_driver *driver;

	add_member(fixture, OWNER, "");
	add_member(fixture, OTHER, "");
	sql_run(fixture->db, "UPDATE member SET settings = 'push=on' WHERE local = 'owner'");
	driver = start(fixture);
	for (int64_t now_ms = 1000; now_ms < 1050; now_ms += 10) {
		assert_int_equal(judge(fixture, driver, OWNER, now_ms), -1);
		assert_non_null(strstr(fixture->err.msg, OWNER));
		assert_ok(fixture, judge(fixture, driver, OTHER, now_ms + 1));
	}
	/* Told once, and again only after a minute. */
	assert_non_null(strstr(logged, "push=on"));
	assert_null(strstr(strstr(logged, "push=on") + 1, "push=on"));
	pl_driver_free(&driver);
}

static void database_that_is_away_is_the_trouble_of_all(void **state)
{
	struct fixture *fixture = *state;
	struct pl_driver *driver;
	char away[160];

	only_sqlite(fixture);
	add_member(fixture, OWNER, "");
	driver = start(fixture);
	snprintf(away, sizeof(away), "%s.away", fixture->db);
	assert_int_equal(rename(fixture->db, away), 0);
	assert_int_equal(judge(fixture, driver, OWNER, 1000), -1);
	/* Others do not each try for themselves. */
	assert_int_equal(rename(away, fixture->db), 0);
	assert_int_equal(judge(fixture, driver, OTHER, 1001), -1);
	assert_ok(fixture, judge(fixture, driver, OTHER, 2000));
	pl_driver_free(&driver);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(bad_row_is_the_trouble_of_its_member_alone),
		TEST_WITH_DATABASE(database_that_is_away_is_the_trouble_of_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
