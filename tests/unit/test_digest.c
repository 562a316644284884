/* test_digest.c - what administrators are told once a week, and when. */
#include "tests/unit/fixture.h"

#include <string.h>

#include "policy/admin/digest.h"
#include "policy/outbox/digest_message.h"

#define BOSS "boss@one.test"
#define HELP "help@two.test"
/* Monday, 2026-11-30 06:00 UTC. */
#define MONDAY INT64_C(1796018400)
#define HOUR INT64_C(3600)

static void administrator(struct fixture *fixture, const char *address, enum pl_admin_role role,
			  const char *const *domains)
{
	const struct pl_account account = account_of(fixture, address);

	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	assert_ok(fixture, pl_administrator_set(work_of(fixture), &account, role, domains));
	assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
	sql_run(fixture->db, "DELETE FROM outbox");
}

/* Two administrators, of all domains and of one. */
static void add_both(struct fixture *fixture)
{
	static const char *const none[] = { NULL };
	static const char *const two[] = { "two.test", NULL };

	add_domain(fixture, "one.test", "");
	add_domain(fixture, "two.test", "");
	add_member(fixture, BOSS, "");
	add_member(fixture, HELP, "");
	administrator(fixture, BOSS, PL_ADMIN_SERVER, none);
	administrator(fixture, HELP, PL_ADMIN_HELPDESK, two);
	fixture->policy->administrator_digest = 1;
}

static void tell(struct fixture *fixture, int64_t now)
{
	reopen(fixture, PL_ROLE_CONSOLE);
	assert_ok(fixture, pl_digest_tell(work_at(fixture, now), fixture->policy));
}

static int64_t told(struct fixture *fixture)
{
	return sql_int(fixture->db, "SELECT COUNT(*) FROM outbox WHERE kind = 'digest'");
}

static struct pl_digest_message digest_of(struct fixture *fixture, const char *address, int64_t now)
{
	struct pl_message messages[4];
	struct pl_digest_message digest = { .members = "" };
	char text[PL_ADDRESS_MAX + 1];
	int count;

	reopen(fixture, PL_ROLE_SENDER);
	count = pl_outbox_due(work_at(fixture, now), PL_OUTBOX_NEW, messages, 4);
	for (int i = 0; i < count; i++) {
		if (strcmp(pl_address_format(&messages[i].address, text), address) != 0)
			continue;
		assert_string_equal(messages[i].kind, PL_DIGEST_KIND);
		assert_ok(fixture,
			  pl_digest_message_open(&messages[i], NULL, &digest, &fixture->err));
		return digest;
	}
	fail_msg("%s was told nothing", address);
	return digest;
}

static void a_week_begins_on_monday(void **state)
{
	(void)state;
	assert_int_equal(pl_digest_week(MONDAY), MONDAY);
	assert_int_equal(pl_digest_week(MONDAY - 1), MONDAY - 7 * PL_DAY_SECONDS);
	assert_int_equal(pl_digest_week(MONDAY + 7 * PL_DAY_SECONDS - 1), MONDAY);
}

static void each_is_told_once_a_week(void **state)
{
	struct fixture *fixture = *state;

	add_both(fixture);
	tell(fixture, MONDAY - HOUR);
	assert_int_equal(told(fixture), 2);
	tell(fixture, MONDAY - 1);
	assert_int_equal(told(fixture), 2);
	tell(fixture, MONDAY);
	assert_int_equal(told(fixture), 4);
	tell(fixture, MONDAY + 6 * PL_DAY_SECONDS);
	assert_int_equal(told(fixture), 4);
	tell(fixture, MONDAY + 7 * PL_DAY_SECONDS);
	assert_int_equal(told(fixture), 6);
}

static void nobody_is_told_who_is_not_to_be(void **state)
{
	struct fixture *fixture = *state;

	add_both(fixture);
	fixture->policy->administrator_digest = 0;
	tell(fixture, MONDAY);
	assert_int_equal(told(fixture), 0);
	fixture->policy->administrator_digest = 1;
	sql_run(fixture->db, "UPDATE member SET active = 0 WHERE local = 'boss'");
	tell(fixture, MONDAY);
	assert_int_equal(told(fixture), 1);
}

static void each_is_told_of_the_own_domains(void **state)
{
	struct fixture *fixture = *state;
	struct pl_digest_message all, own;

	add_both(fixture);
	/* For each domain one that was used, one that was not, one that ends, one that has ended. */
	for (int64_t id = 1; id <= 8; id++) {
		static const struct {
			int64_t used, expires;
		} rows[] = { { MONDAY - 1, 0 },
			     { MONDAY - 91 * PL_DAY_SECONDS, 0 },
			     { MONDAY - 1, MONDAY + 13 * PL_DAY_SECONDS },
			     { MONDAY - 1, MONDAY - 1 } };
		char text[512];

		snprintf(text, sizeof(text),
			 "INSERT INTO app_password (member_id, mac, key_id, label, services, "
			 "networks, expires_at, created_at, last_used_at) SELECT m.id, '%lld', 1, "
			 "'x', '', '', %lld, 1, %lld FROM member m WHERE m.local = '%s'",
			 (long long)id, (long long)rows[id % 4].expires,
			 (long long)rows[id % 4].used, id <= 4 ? "boss" : "help");
		sql_run(fixture->db, text);
	}
	sql_run(fixture->db,
		"INSERT INTO administrator (role, made_at, made_by) VALUES ('server', 1, 'x')");
	sql_run(fixture->db,
		"INSERT INTO api_key (administrator_id, digest, label, networks, expires_at) "
		"SELECT MAX(id), 'd', 'x', '', 1796018401 FROM administrator");
	sql_run(fixture->db,
		"INSERT INTO adoption (day, domain_id, members, required, registered, overdue, "
		"opted_out, different, account_password) SELECT 1795910400, d.id, 10, 5, 4, 3, 2, "
		"1, "
		"6 FROM domain d");
	sql_run(fixture->db,
		"INSERT INTO guess_count (day, domain_id, origin, count) SELECT 1795910400, d.id, "
		"'192.0.2.' || d.id, d.id FROM domain d");
	tell(fixture, MONDAY);
	all = digest_of(fixture, BOSS, MONDAY);
	own = digest_of(fixture, HELP, MONDAY);
	assert_string_equal(all.members, "20");
	assert_string_equal(all.registered, "8");
	assert_string_equal(all.overdue, "6");
	assert_string_equal(all.account_password, "12");
	assert_string_equal(all.unused, "2");
	assert_string_equal(all.ending, "2");
	assert_string_equal(all.keys, "1");
	assert_string_equal(all.forwards, "0");
	assert_non_null(strstr(all.guessers, "), 192.0.2."));
	assert_string_equal(own.members, "10");
	assert_string_equal(own.unused, "1");
	assert_string_equal(own.ending, "1");
	assert_string_equal(own.keys, "");
	assert_null(strchr(own.guessers, ','));
	assert_true(strncmp(own.guessers, "192.0.2.", 8) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_week_begins_on_monday),
		TEST_WITH_DATABASE(each_is_told_once_a_week),
		TEST_WITH_DATABASE(nobody_is_told_who_is_not_to_be),
		TEST_WITH_DATABASE(each_is_told_of_the_own_domains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
