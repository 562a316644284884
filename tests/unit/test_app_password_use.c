/* test_app_password_use.c - where app passwords are used from, and what the member is told. */
#include "tests/unit/fixture.h"

#include "policy/account/app_password_use.h"

#define OWNER "owner@example.test"

static int64_t issue(struct fixture *fixture, const char *label)
{
	const struct pl_address owner = address_of(OWNER);
	struct pl_app_password wanted = { .id = 0 };
	struct pl_secret secret;

	strcpy(wanted.label, label);
	assert_ok(fixture, pl_app_password_issue(work_of(fixture), fixture->keys, 16, &owner,
						 &wanted, &secret));
	return wanted.id;
}

/* As the auth process records it. */
static void use(struct fixture *fixture, int64_t id, const char *ip, int64_t at)
{
	struct pl_app_password_use used = { .app_password_id = id,
					    .service = PL_SETTING_IMAP,
					    .at = at };

	pl_ip_parse(ip, &used.ip, NULL);
	reopen(fixture, PL_ROLE_USE);
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	assert_ok(fixture, pl_app_password_used(work_at(fixture, at), &used));
	assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
	reopen(fixture, PL_ROLE_COMMAND);
}

static int64_t notices(struct fixture *fixture, const char *what)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM outbox WHERE what = '%s'", what);
	return sql_int(fixture->db, sql);
}

#define FIRST "app-password-first-used"
#define NEW "app-password-new-network"

static void member_is_told_of_each_network_once(void **state)
{
	static const struct {
		const char *ip;
		int64_t first, new;
	} rows[] = {
		{ "192.0.2.1", 1, 0 },
		{ "192.0.2.254", 1, 0 },
		{ "192.0.3.1", 1, 1 },
		{ "192.0.2.1", 1, 1 },
		{ "2001:db8:1::1", 1, 2 },
		{ "2001:db8:1:ffff::9", 1, 2 },
		{ "2001:db8:2::1", 1, 3 },
		{ "::ffff:192.0.3.9", 1, 3 },
		{ "", 1, 3 },
	};
	struct fixture *fixture = *state;
	const int64_t id = issue(fixture, "phone");

	for (size_t i = 0; i < COUNT(rows); i++) {
		use(fixture, id, rows[i].ip, 100 + (int64_t)i);
		assert_int_equal(notices(fixture, FIRST), rows[i].first);
		assert_int_equal(notices(fixture, NEW), rows[i].new);
		assert_int_equal(sql_int(fixture->db, "SELECT last_used_at FROM app_password"),
				 100 + (int64_t)i);
	}
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM outbox WHERE payload IN "
				 "('ip=192.0.2.1\ndevice=phone\n', 'ip=192.0.3.1\ndevice=phone\n', "
				 "'ip=2001:db8:1::1\ndevice=phone\n', "
				 "'ip=2001:db8:2::1\ndevice=phone\n')"),
			 4);
}

static void each_app_password_has_its_own(void **state)
{
	struct fixture *fixture = *state;
	const int64_t one = issue(fixture, "phone"), other = issue(fixture, "scanner");

	use(fixture, one, "192.0.2.1", 100);
	use(fixture, other, "192.0.2.1", 101);
	assert_int_equal(notices(fixture, FIRST), 2);
	assert_int_equal(notices(fixture, NEW), 0);
}

/* One that was in use before networks were recorded: the member knows it already. */
static void old_use_is_not_told_as_the_first(void **state)
{
	struct fixture *fixture = *state;
	const int64_t id = issue(fixture, "phone");

	sql_run(fixture->db, "UPDATE app_password SET last_used_at = 50");
	use(fixture, id, "192.0.2.1", 100);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM outbox"), 0);
	use(fixture, id, "192.0.3.1", 101);
	assert_int_equal(notices(fixture, NEW), 1);
}

static void revoked_meanwhile_leaves_nothing(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_address owner = address_of(OWNER);
	const int64_t id = issue(fixture, "phone");

	use(fixture, id, "192.0.2.1", 100);
	assert_int_equal(pl_app_password_revoke(work_of(fixture), &owner, id, NULL), 1);
	use(fixture, id, "192.0.3.1", 101);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM app_password_network"), 0);
	assert_int_equal(notices(fixture, NEW), 0);
	assert_int_equal(notices(fixture, "app-password-revoked"), 1);
}

static void count_network(const char *network, void *context)
{
	int *count = context;

	/* The newest come first. */
	if (*count == 0)
		assert_string_equal(network, "10.0.69.0/24");
	++*count;
}

static void networks_are_bounded_and_the_newest_stay(void **state)
{
	struct fixture *fixture = *state;
	const int64_t id = issue(fixture, "phone");
	int count = 0;

	for (int i = 0; i < PL_APP_PASSWORD_PLACES + 6; i++) {
		char ip[32];

		snprintf(ip, sizeof(ip), "10.0.%d.1", i);
		use(fixture, id, ip, 100 + i);
	}
	assert_ok(fixture, pl_app_password_networks(fixture->store, id, count_network, &count,
						    &fixture->err));
	assert_int_equal(count, PL_APP_PASSWORD_PLACES);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM app_password_network WHERE "
					      "network IN ('10.0.0.0/24', '10.0.5.0/24')"),
			 0);
}

/* A label whose end does not fit into the notice is cut between two characters. */
static void long_label_is_told_in_part(void **state)
{
	struct fixture *fixture = *state;
	char label[3 * PL_APP_PASSWORD_LABEL + 1] = "";

	for (int i = 0; i < PL_APP_PASSWORD_LABEL; i++)
		strcat(label, "\xeb\xb3\xb5");
	use(fixture, issue(fixture, label), "192.0.2.1", 100);
	assert_int_equal(sql_int(fixture->db, "SELECT length(payload) - "
					      "length('ip=192.0.2.1\ndevice=\n') FROM outbox"),
			 (PL_NOTICE_DEVICE - 1) / 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(member_is_told_of_each_network_once),
		TEST_WITH_DATABASE(each_app_password_has_its_own),
		TEST_WITH_DATABASE(old_use_is_not_told_as_the_first),
		TEST_WITH_DATABASE(revoked_meanwhile_leaves_nothing),
		TEST_WITH_DATABASE(networks_are_bounded_and_the_newest_stay),
		TEST_WITH_DATABASE(long_label_is_told_in_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
