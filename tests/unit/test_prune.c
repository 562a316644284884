/* test_prune.c - what is removed when it is too old, and what stays. */
#include "tests/unit/fixture.h"

#include "policy/credential/throttle.h"
#include "policy/session/prune.h"

#define T INT64_C(1700000000)
#define DAY INT64_C(86400)

static void record_at(struct fixture *fixture, const char *action, int64_t at)
{
	assert_ok(fixture, pl_audit_add(work_at(fixture, at), action, "m@example.test", "", ""));
}

static int64_t records(struct fixture *fixture, const char *action)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM audit WHERE action = '%s'", action);
	return sql_int(fixture->db, sql);
}

static void prune_with(struct fixture *fixture, const char *policy_text, int portions)
{
	struct pl_policy *policy = policy_of(policy_text);

	assert_ok(fixture, pl_prune(work_at(fixture, T), policy, portions, NULL, NULL));
	pl_policy_unref(&policy);
}

static void records_are_kept_as_long_as_the_policy_says(void **state)
{
	struct fixture *fixture = *state;
	static const char *const sign_ins[] = { "session.open", "session.revoke",
						"trusted-device.add", "token.revoke" };

	for (int days = 1; days <= 10; days++) {
		record_at(fixture, "member.set", T - days * DAY);
		record_at(fixture, "trusted-device.stolen", T - days * DAY);
		for (size_t i = 0; i < COUNT(sign_ins); i++)
			record_at(fixture, sign_ins[i], T - days * DAY);
	}
	prune_with(fixture, "audit_days = 7\nsign_in_days = 3\n", 0);
	assert_int_equal(records(fixture, "member.set"), 7);
	assert_int_equal(records(fixture, "trusted-device.stolen"), 7);
	for (size_t i = 0; i < COUNT(sign_ins); i++)
		assert_int_equal(records(fixture, sign_ins[i]), 3);
	assert_int_equal(sql_int(fixture->db, "SELECT MIN(at) FROM audit"), T - 7 * DAY);
}

static void zero_days_keep_records_for_ever(void **state)
{
	struct fixture *fixture = *state;

	record_at(fixture, "member.set", 1);
	record_at(fixture, "session.open", 1);
	prune_with(fixture, "audit_days = 0\nsign_in_days = 1\n", 0);
	assert_int_equal(records(fixture, "member.set"), 1);
	assert_int_equal(records(fixture, "session.open"), 0);
	record_at(fixture, "session.open", 1);
	prune_with(fixture, "audit_days = 1\nsign_in_days = 0\n", 0);
	assert_int_equal(records(fixture, "member.set"), 0);
	assert_int_equal(records(fixture, "session.open"), 1);
}

static void logins_are_kept_for_activity_days(void **state)
{
	struct fixture *fixture = *state;

	add_member(fixture, "user@example.test", "");
	sql_run(fixture->db,
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200) "
		"INSERT INTO login_record (member_id, refused, day, first_at, at, times, service, "
		"ip, "
		"credential, app_password_id, label, rule) SELECT 1, 0, 0, 0, 1600000000 + i, 1, "
		"'imap', "
		"'', 'unknown', 0, '', '' FROM n");
	for (int days = 9; days > 0; days--) {
		char sql[256];

		snprintf(sql, sizeof(sql),
			 "INSERT INTO login_record (member_id, refused, day, first_at, at, times, "
			 "service, ip, credential, app_password_id, label, rule) VALUES (1, 1, 0, "
			 "0, "
			 "%lld, 1, 'imap', '', 'unknown', 0, '', '')",
			 (long long)(T - days * DAY));
		sql_run(fixture->db, sql);
	}
	prune_with(fixture, "activity_days = 7\n", 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM login_record"),
			 1209 - PL_PRUNE_PORTION);
	prune_with(fixture, "activity_days = 7\n", 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM login_record"), 7);
	assert_int_equal(sql_int(fixture->db, "SELECT MIN(at) FROM login_record"), T - 7 * DAY);
	prune_with(fixture, "activity_days = 1\n", 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM login_record"), 1);
}

static void counts_are_kept_for_count_days(void **state)
{
	struct fixture *fixture = *state;
	char sql[512];

	add_domain(fixture, "example.test", "");
	for (int days = 1; days < 12; days++) {
		const long long day = (T - T % DAY) - days * DAY;

		snprintf(sql, sizeof(sql),
			 "INSERT INTO login_count VALUES (%lld, 1, 'imap', 'client', 'unknown', "
			 "'', "
			 "'refused', 1), (%lld, 1, 'pop3', 'client', 'unknown', '', 'refused', 1); "
			 "INSERT INTO guess_count VALUES (%lld, 1, '192.0.2.1', 1); "
			 "INSERT INTO adoption VALUES (%lld, 1, 1, 0, 0, 0, 0, 0, 0)",
			 day, day, day, day);
		sql_run(fixture->db, sql);
	}
	prune_with(fixture, "count_days = 7\nactivity_days = 3\n", 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM login_count"), 2 * 6);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM adoption"), 6);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM guess_count"), 2);
}

static void jobs_are_kept_as_long_as_records_of_changes(void **state)
{
	struct fixture *fixture = *state;
	char sql[512];

	for (int days = 1; days < 12; days++) {
		snprintf(sql, sizeof(sql),
			 "INSERT INTO job (id, administrator_id, who, source, action, change, "
			 "filter, "
			 "made_at, ended_at, state, reason, position, highest, total, changed, "
			 "same, "
			 "skipped, failed, runner, leased_until) VALUES (%d, 1, '', '', 'change', "
			 "'', "
			 "'', 1, %lld, 'done', '', 1, 1, 1, 1, 0, 0, 0, '', 0); "
			 "INSERT INTO job_member VALUES (%d, 1, '', 'changed', '', '', '')",
			 days, (long long)(T - days * DAY), days);
		sql_run(fixture->db, sql);
	}
	prune_with(fixture, "audit_days = 0\n", 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM job"), 11);
	prune_with(fixture, "audit_days = 7\n", 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM job"), 7);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM job_member"), 7);
}

static void the_defaults_keep_nothing_for_ever(void **state)
{
	struct fixture *fixture = *state;

	record_at(fixture, "member.set", T - 366 * DAY);
	record_at(fixture, "session.open", T - 91 * DAY);
	add_member(fixture, "user@example.test", "");
	sql_run(fixture->db, "INSERT INTO login_record (member_id, refused, day, first_at, at, "
			     "times, service, ip, "
			     "credential, app_password_id, label, rule) VALUES (1, 0, 0, 0, "
			     "1697407999, 1, 'imap', "
			     "'', 'unknown', 0, '', '')");
	prune_with(fixture, "", 0);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM audit WHERE object = 'm@example.test'"),
			 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM login_record"), 0);
}

static void a_portion_at_a_time(void **state)
{
	struct fixture *fixture = *state;

	sql_run(fixture->db,
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200) "
		"INSERT INTO audit (at, who, source, action, object, before, after) "
		"SELECT i, '', '', 'member.set', '', '', '' FROM n");
	prune_with(fixture, "", 1);
	assert_int_equal(records(fixture, "member.set"), 1200 - PL_PRUNE_PORTION);
	/* The oldest go first. */
	assert_int_equal(sql_int(fixture->db, "SELECT MIN(at) FROM audit"), PL_PRUNE_PORTION + 1);
	prune_with(fixture, "", 0);
	assert_int_equal(records(fixture, "member.set"), 0);
}

struct told {
	int64_t sessions, tokens, sign_in_records, all;
};

static void tell(const char *kind, int64_t count, void *context)
{
	struct told *told = context;

	told->all += count;
	if (strcmp(kind, "sessions") == 0)
		told->sessions = count;
	if (strcmp(kind, "tokens") == 0)
		told->tokens = count;
	if (strcmp(kind, "sign_in_records") == 0)
		told->sign_in_records = count;
}

static void what_is_gone_is_told_by_kind(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_address address = address_of("m@example.test");
	struct told told = { 0 };

	for (int i = 0; i < 3; i++) {
		struct pl_session session = { .expires_at =
						      T - 100 * DAY + 60 + i * 2 * 100 * DAY };
		struct pl_secret token;

		assert_ok(fixture, issue_token(work_at(fixture, T - 100 * DAY),
					       account_at(fixture, &address), &session,
					       i == 1 ? T - 1 : T + 1, &token));
	}
	sql_run(fixture->db, "UPDATE session SET seen_at = expires_at");
	assert_ok(fixture, pl_prune(work_at(fixture, T), fixture->policy, 0, tell, &told));
	assert_int_equal(told.sessions, 1);
	assert_int_equal(told.tokens, 1);
	assert_int_equal(told.sign_in_records, 3);
	assert_int_equal(told.all, 5);
}

/* A program with a wrong password that tries again and again, and never pauses for an hour. */
static void failures_that_never_pause_are_thinned_out(void **state)
{
	struct fixture *fixture = *state;
	struct pl_ip ip;
	const struct pl_attempt attempt = { .ip = &ip, .name = "m@example.test" };
	int64_t wait;

	assert_ok(fixture, pl_ip_parse("192.0.2.1", &ip, &fixture->err));
	for (int i = 0; i < 100; i++)
		assert_int_equal(pl_throttle_enter_commit(work_at(fixture, T - (100 - i) * 1000),
							  &attempt, &wait),
				 1);
	prune_with(fixture, "", 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM sign_in_failure"),
			 PL_THROTTLE_ENOUGH);
	/* The wait is as long as before. */
	assert_int_equal(pl_throttle_enter_commit(work_at(fixture, T - 999), &attempt, &wait), 0);
	assert_int_equal(wait, PL_THROTTLE_WAIT_MAX - 1);
	assert_ok(fixture, prune_at(fixture, T + PL_THROTTLE_FORGET));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM sign_in_failure"), 0);
}

/* A table that is new needs a limit before it gets a place here. */
static void every_table_has_a_limit(void **state)
{
	struct fixture *fixture = *state;
	static const char tables[] =
		"administrator "        /* what operators make */
		"administrator_domain " /* and the domains that they name */
		"adoption "             /* swept: count_days; a row a day for a domain */
		"api_key "              /* what operators make */
		"app_password "         /* what members make: a few each */
		"app_password_network " /* the newest few for each */
		"approval_device "      /* five for a member */
		"approval_enrolment "   /* swept; one for a member */
		"approval_request "     /* swept */
		"approval_try "         /* swept */
		"attachment_download "  /* swept */
		"attachment_file "      /* a hundred for a link */
		"attachment_link "      /* swept, and with its member */
		"attachment_traffic "   /* swept: count_days; a row a day for a member */
		"attachment_upload "    /* swept, and few for a member */
		"audit "                /* swept: audit_days, sign_in_days */
		"connection_attempt "   /* with its test, so many each */
		"connection_test "      /* swept */
		"consent_request "      /* swept, and few for a session */
		"domain "               /* what operators make */
		"factor_failure "       /* a row for a member */
		"forward "              /* a row for a member */
		"forward_code "         /* swept */
		"forward_target "       /* twenty for a member */
		"guess_count "          /* swept: activity_days; so many a day */
		"job "                  /* swept: audit_days */
		"job_file "             /* with its job, and until that is done */
		"job_member "           /* with its job */
		"login_count "          /* swept: count_days; a few an hour for a domain */
		"login_record "         /* swept: activity_days; so many for a member */
		"member "               /* a row for an account */
		"member_change "        /* swept: an hour */
		"member_delivery "      /* a row for a member */
		"member_use "           /* a row for a member, service, credential */
		"oauth_client "         /* what operators make; those that register are swept */
		"oauth_grant "          /* swept, and with its session */
		"outbox "               /* swept */
		"passkey "              /* twenty for a member */
		"passkey_challenge "    /* swept */
		"passkey_sign_in "      /* swept */
		"profile_link "         /* swept */
		"recovery_change "      /* swept, two for a member */
		"recovery_code "        /* ten for a member */
		"recovery_code_sent "   /* swept */
		"recovery_contact "     /* two for a member */
		"recovery_decision "    /* swept: recovery_record_days; what members decide */
		"recovery_request "     /* swept */
		"refresh_token "        /* swept, and with its grant */
		"retirement_notice "    /* a row for a member */
		"schema_history "       /* a row for a migration */
		"second_factor "        /* a row for a member */
		"session "              /* swept */
		"sign_in_failure "      /* swept */
		"signing_key "          /* swept */
		"token "                /* swept */
		"totp "                 /* a row for a member */
		"totp_pending "         /* swept */
		"trusted_device "       /* swept */
		"web_push_key ";        /* one */
	char found[1024];

	sql_text(fixture->db,
		 is_postgresql(fixture->db)
			 ? "SELECT string_agg(tablename || ' ', '' ORDER BY tablename COLLATE "
			   "\"C\") "
			   "FROM pg_tables WHERE schemaname = 'postlatch'"
			 : "SELECT group_concat(name || ' ', '') FROM (SELECT name FROM "
			   "sqlite_master "
			   "WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name)",
		 found, sizeof(found));
	assert_string_equal(found, tables);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(records_are_kept_as_long_as_the_policy_says),
		TEST_WITH_DATABASE(zero_days_keep_records_for_ever),
		TEST_WITH_DATABASE(logins_are_kept_for_activity_days),
		TEST_WITH_DATABASE(counts_are_kept_for_count_days),
		TEST_WITH_DATABASE(jobs_are_kept_as_long_as_records_of_changes),
		TEST_WITH_DATABASE(the_defaults_keep_nothing_for_ever),
		TEST_WITH_DATABASE(a_portion_at_a_time),
		TEST_WITH_DATABASE(what_is_gone_is_told_by_kind),
		TEST_WITH_DATABASE(failures_that_never_pause_are_thinned_out),
		TEST_WITH_DATABASE(every_table_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
