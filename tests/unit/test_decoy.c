/* test_decoy.c - decoys open nothing, and raise an alarm when they are tried. */
#include "tests/unit/fixture.h"

#include "policy/account/decoy.h"
#include "policy/admin/administrator.h"
#include "policy/login/login.h"

#define OWNER "owner@example.test"

static struct pl_app_password make(struct fixture *fixture, enum pl_app_password_kind kind,
				   struct pl_secret *secret_r)
{
	const struct pl_address owner = address_of(OWNER);
	struct pl_app_password made = { .kind = kind, .label = "passwords.txt" };

	reopen(fixture, PL_ROLE_COMMAND);
	assert_ok(fixture, pl_app_password_issue(work_of(fixture), fixture->keys, 16, &owner, &made,
						 secret_r));
	return made;
}

static void offer(struct fixture *fixture, struct pl_login *login, struct pl_login_result *result_r)
{
	assert_ok(fixture, pl_login_evaluate(fixture->store, fixture->policy, fixture->keys, login,
					     result_r, &fixture->err));
}

static void decoy_is_a_wrong_password(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret, wrong = { .len = 16, .data = "aaaabbbbccccdddd" };
	struct pl_login login = { .user = OWNER,
				  .user_len = strlen(OWNER),
				  .service = PL_SETTING_IMAP,
				  .offer = PL_OFFER_PASSWORD,
				  .now = 1000 };
	struct pl_login_result is, other;
	const struct pl_app_password decoy = make(fixture, PL_APP_PASSWORD_DECOY, &secret);

	login.secret = &secret;
	offer(fixture, &login, &is);
	assert_true(is.is_decoy);
	assert_int_equal(is.app_password.id, decoy.id);
	login.secret = &wrong;
	offer(fixture, &login, &other);
	assert_false(other.is_decoy);
	assert_int_equal(is.facts.credential, PL_CREDENTIAL_UNPROVEN);
	assert_memory_equal(&is.verdict, &other.verdict, sizeof(is.verdict));
	/* Nobody is supposed to have one. */
	login.offer = PL_OFFER_ANY_APP_PASSWORD;
	login.secret = NULL;
	reopen(fixture, PL_ROLE_COMMAND);
	offer(fixture, &login, &is);
	assert_int_equal(is.verdict.rule, PL_RULE_APP_PASSWORD_NONE);
}

/* A version that knows no decoys takes it for a script's that has expired. */
static void decoy_is_stored_as_expired(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret;
	const struct pl_app_password decoy = make(fixture, PL_APP_PASSWORD_DECOY, &secret);

	assert_true(sql_int(fixture->db, "SELECT expires_at FROM app_password") <=
		    work_of(fixture)->now);
	assert_int_not_equal(sql_int(fixture->db, "SELECT expires_at FROM app_password"), 0);
	assert_int_equal(app_password_of(fixture, decoy.member_id).expires_at, 0);
}

static void decoy_has_no_limits(void **state)
{
	static const struct pl_app_password rows[] = {
		{ .kind = PL_APP_PASSWORD_DECOY, .label = "a", .services = 1u << PL_SETTING_SMTP },
		{ .kind = PL_APP_PASSWORD_DECOY, .label = "a", .networks = "192.0.2.0/24" },
		{ .kind = PL_APP_PASSWORD_DECOY, .label = "a", .expires_at = 5000 },
	};
	struct fixture *fixture = *state;
	const struct pl_address owner = address_of(OWNER);
	struct pl_app_password narrower = { .services = 1u << PL_SETTING_SMTP };
	struct pl_secret secret;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pl_app_password wanted = rows[i];

		assert_int_equal(pl_app_password_issue(work_of(fixture), fixture->keys, 16, &owner,
						       &wanted, &secret),
				 -1);
		assert_int_equal(fixture->err.code, PL_ERR_INVALID);
	}
	assert_int_equal(pl_app_password_narrow(work_of(fixture), &owner,
						make(fixture, PL_APP_PASSWORD_DECOY, &secret).id,
						&narrower),
			 -1);
	assert_int_equal(fixture->err.code, PL_ERR_INVALID);
}

static void administer(struct fixture *fixture, const char *address, enum pl_admin_role role,
		       const char *domain)
{
	const char *const domains[] = { domain, NULL };
	const struct pl_address parsed = address_of(address);
	struct pl_account account;

	add_member(fixture, address, "");
	assert_ok(fixture, pl_account_get(fixture->store, &parsed, &account, &fixture->err));
	assert_ok(fixture, pl_administrator_set(work_of(fixture), &account, role, domains));
}

/* As the auth process records it. */
static void try(struct fixture *fixture, int64_t id, int64_t at)
{
	struct pl_app_password_use tried = { .app_password_id = id,
					     .service = PL_SETTING_IMAP,
					     .at = at };

	pl_ip_parse("192.0.2.7", &tried.ip, NULL);
	reopen(fixture, PL_ROLE_USE);
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	assert_ok(fixture, pl_decoy_tried(work_at(fixture, at), &tried));
	assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
	reopen(fixture, PL_ROLE_COMMAND);
}

static int64_t told(struct fixture *fixture, const char *address, const char *what)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "SELECT COUNT(*) FROM outbox o JOIN member m ON m.id = o.member_id JOIN domain d "
		 "ON d.id = m.domain_id WHERE m.local || '@' || d.name = '%s' AND o.what = '%s'",
		 address, what);
	return sql_int(fixture->db, sql);
}

static void owner_and_administrators_are_told_once_an_hour(void **state)
{
	static const struct {
		const char *address;
		enum pl_admin_role role;
		const char *domain;
		int64_t told;
	} rows[] = {
		{ "server@example.test", PL_ADMIN_SERVER, NULL, 1 },
		{ "domain@example.test", PL_ADMIN_DOMAIN, "example.test", 1 },
		{ "other@other.test", PL_ADMIN_DOMAIN, "other.test", 0 },
		{ "help@example.test", PL_ADMIN_HELPDESK, "example.test", 0 },
	};
	struct fixture *fixture = *state;
	struct pl_secret secret;
	struct pl_app_password decoy;

	add_domain(fixture, "example.test", "");
	add_domain(fixture, "other.test", "");
	for (size_t i = 0; i < COUNT(rows); i++)
		administer(fixture, rows[i].address, rows[i].role, rows[i].domain);
	decoy = make(fixture, PL_APP_PASSWORD_DECOY, &secret);
	for (int round = 0; round < 2; round++) {
		const int64_t at = 10000 + round * PL_DECOY_TELL_SECONDS;

		sql_run(fixture->db, "DELETE FROM outbox");
		try(fixture, decoy.id, at);
		assert_int_equal(told(fixture, OWNER, "decoy-tried"), 1);
		for (size_t i = 0; i < COUNT(rows); i++)
			assert_int_equal(told(fixture, rows[i].address, "decoy-of-member-tried"),
					 rows[i].told);
		assert_int_equal(app_password_of(fixture, decoy.member_id).last_used_at, at);
	}
	sql_run(fixture->db, "DELETE FROM outbox");
	try(fixture, decoy.id, 10000 + 2 * PL_DECOY_TELL_SECONDS - 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM outbox"), 0);
	/* It does not count as a use of app passwords. */
	assert_int_equal(sql_int(fixture->db,
				 "SELECT app_password_day FROM member WHERE local = 'owner'"),
			 -1);
	sql_run(fixture->db, "DELETE FROM app_password");
	try(fixture, decoy.id, 90000);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM outbox"), 0);
}

static void owner_is_told_that_a_decoy_is_gone(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_address owner = address_of(OWNER);
	struct pl_secret secret;
	const struct pl_app_password decoy = make(fixture, PL_APP_PASSWORD_DECOY, &secret);

	sql_run(fixture->db, "DELETE FROM outbox");
	assert_int_equal(pl_app_password_revoke(work_of(fixture), &owner, decoy.id, NULL), 1);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM outbox WHERE what = 'decoy-revoked'"),
			 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM outbox"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(decoy_is_a_wrong_password),
		TEST_WITH_DATABASE(decoy_is_stored_as_expired),
		TEST_WITH_DATABASE(decoy_has_no_limits),
		TEST_WITH_DATABASE(owner_and_administrators_are_told_once_an_hour),
		TEST_WITH_DATABASE(owner_is_told_that_a_decoy_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
