/* test_retirement.c - who is told that the account password will not open mail clients any more. */
#include "tests/unit/fixture.h"

#include "policy/account/last_use.h"
#include "policy/account/retirement.h"
#include "policy/settings/option.h"

#define DAY INT64_C(86400)
#define TODAY 20900
#define NOW (TODAY * DAY + 3600)

static void use(struct fixture *fixture, const char *address, enum pl_setting service,
		enum pl_login_credential credential, int days_ago)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "INSERT INTO member_use (member_id, service, credential, used_at, ip) VALUES "
		 "(%lld, '%s', '%s', %lld, '')",
		 (long long)account_of(fixture, address).member.id, pl_setting_info(service)->name,
		 pl_login_credential_name(credential), (long long)(NOW - days_ago * DAY));
	sql_run(fixture->db, sql);
}

/* Tells all who are to be told on that day, as the portal does. Returns how many notices there are
 * then. */
static int64_t tell(struct fixture *fixture, const char *policy_text, int day)
{
	struct pl_policy *policy = policy_of(policy_text);
	struct pl_retirement next = { .member_id = 0 };
	const struct pl_work *work = work_at(fixture, day * DAY + 3600);
	int ret;

	while ((ret = pl_retirement_next(work, policy, next.member_id, &next)) == 1) {
		assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
		assert_ok(fixture, pl_retirement_tell(work, &next));
		assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
	}
	assert_int_equal(ret, 0);
	pl_policy_unref(&policy);
	return sql_int(fixture->db,
		       "SELECT COUNT(*) FROM outbox WHERE what = 'account-password-ends'");
}

/* "never" in 20 days, by the policy file. */
static const char ends[] = "defaults { client_password = never_from_2027-04-12 }\n";

static void only_those_who_still_use_it_are_told(void **state)
{
	struct fixture *fixture = *state;
	static const char *const members[] = { "uses@example.test", "stopped@example.test",
					       "app@example.test",  "exempt@example.test",
					       "page@example.test", "off@example.test" };

	for (size_t i = 0; i < COUNT(members); i++)
		add_member(fixture, members[i],
			   i == 3   ? "client_password=always"
			   : i == 5 ? "active=off"
				    : "");
	use(fixture, members[0], PL_SETTING_IMAP, PL_LOGIN_BY_ACCOUNT_PASSWORD, 2);
	use(fixture, members[0], PL_SETTING_SMTP, PL_LOGIN_BY_ACCOUNT_PASSWORD, 1);
	use(fixture, members[0], PL_SETTING_POP3, PL_LOGIN_BY_ACCOUNT_PASSWORD, 60);
	use(fixture, members[1], PL_SETTING_IMAP, PL_LOGIN_BY_ACCOUNT_PASSWORD, 60);
	use(fixture, members[2], PL_SETTING_IMAP, PL_LOGIN_BY_APP_PASSWORD, 1);
	use(fixture, members[3], PL_SETTING_IMAP, PL_LOGIN_BY_ACCOUNT_PASSWORD, 1);
	use(fixture, members[4], PL_SETTING_WEBMAIL, PL_LOGIN_BY_ACCOUNT_PASSWORD, 1);
	use(fixture, members[5], PL_SETTING_IMAP, PL_LOGIN_BY_ACCOUNT_PASSWORD, 1);
	assert_int_equal(tell(fixture, ends, TODAY + 10), 1);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM outbox WHERE member_id = 1 AND payload LIKE "
				 "'%day=2027-04-12%' AND payload LIKE "
				 "'%uses=IMAP (2027-03-21), SMTP (2027-03-22)%'"),
			 1);
}

static void each_number_of_days_is_told_once(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		int left;
		int64_t told;
	} rows[] = { { 15, 0 }, { 14, 1 }, { 14, 1 }, { 8, 1 },
		     { 3, 2 },  { 2, 2 },  { 1, 2 },  { 0, 2 } };

	add_member(fixture, "uses@example.test", "");
	use(fixture, "uses@example.test", PL_SETTING_IMAP, PL_LOGIN_BY_ACCOUNT_PASSWORD, 0);
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(tell(fixture, ends, TODAY + 20 - rows[i].left), rows[i].told);
	/* Another date is another matter. */
	assert_int_equal(tell(fixture, "defaults { client_password = never_from_2027-04-20 }\n",
			      TODAY + 20),
			 3);
}

static void without_a_date_or_without_days_nobody_is_told(void **state)
{
	struct fixture *fixture = *state;

	add_member(fixture, "uses@example.test", "");
	use(fixture, "uses@example.test", PL_SETTING_IMAP, PL_LOGIN_BY_ACCOUNT_PASSWORD, 0);
	assert_int_equal(tell(fixture, "", TODAY + 10), 0);
	assert_int_equal(tell(fixture, "defaults { client_password = never }\n", TODAY + 10), 0);
	assert_int_equal(tell(fixture,
			      "retirement_notice_days = \"\"\n"
			      "defaults { client_password = never_from_2027-04-12 }\n",
			      TODAY + 10),
			 0);
	/* Who has no second factor may go on. */
	assert_int_equal(tell(fixture,
			      "defaults { client_password = until_second_factor_from_2027-04-12 "
			      "}\n",
			      TODAY + 10),
			 0);
}

static void lists_of_days(void **state)
{
	static const struct {
		const char *list;
		int ret, left, due;
	} rows[] = {
		{ "14, 3", 0, 15, 0 },
		{ "14, 3", 0, 14, 14 },
		{ "14, 3", 0, 4, 14 },
		{ "3,14", 0, 3, 3 },
		{ "14, 3", 0, 1, 3 },
		{ "7", 0, 2, 7 },
		{ "", 0, 1, 0 },
		{ "0", -1, 0, 0 },
		{ "366", -1, 0, 0 },
		{ "1,2,3,4,5,6,7,8", 0, 8, 8 },
		{ "1,2,3,4,5,6,7,8,9", -1, 0, 0 },
		{ "x", -1, 0, 0 },
		{ "3 days", -1, 0, 0 },
		{ "-3", -1, 0, 0 },
		{ "3;2", -1, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pl_error err;

		assert_int_equal(pl_option_days(rows[i].list, &err), rows[i].ret);
		if (rows[i].ret == 0)
			assert_int_equal(pl_option_days_due(rows[i].list, rows[i].left),
					 rows[i].due);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(only_those_who_still_use_it_are_told),
		TEST_WITH_DATABASE(each_number_of_days_is_told_once),
		TEST_WITH_DATABASE(without_a_date_or_without_days_nobody_is_told),
		cmocka_unit_test(lists_of_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
