/* test_administrator.c - what each role reaches, and which keys are good. */
#include "tests/unit/fixture.h"

#include <string.h>

#include "policy/admin/api_key.h"

#define ALICE "alice@one.test"
#define BOB "bob@one.test"

static const char *const no_domains[] = { NULL };
static const char *const one[] = { "one.test", NULL };
static const char *const both[] = { "two.test", "one.test", NULL };

static void add_names(struct fixture *fixture)
{
	add_domain(fixture, "one.test", "");
	add_domain(fixture, "two.test", "");
	add_domain(fixture, "none.test", "");
	add_member(fixture, ALICE, "");
	add_member(fixture, BOB, "");
}

static void begin(struct fixture *fixture)
{
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
}

static void commit(struct fixture *fixture)
{
	assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
}

static struct pl_administrator administrator_of(struct fixture *fixture, const char *address)
{
	const struct pl_account account = account_of(fixture, address);
	struct pl_administrator administrator;

	assert_ok(fixture, pl_administrator_of_member(fixture->store, account.member.id,
						      &administrator, &fixture->err));
	return administrator;
}

static int set(struct fixture *fixture, const char *address, enum pl_admin_role role,
	       const char *const *domains)
{
	const struct pl_account account = account_of(fixture, address);
	int ret;

	begin(fixture);
	ret = pl_administrator_set(work_of(fixture), &account, role, domains);
	if (ret < 0)
		pl_store_rollback(fixture->store);
	else
		commit(fixture);
	return ret;
}

static int reaches(struct fixture *fixture, const struct pl_administrator *administrator,
		   const char *name)
{
	struct pl_domain domain;
	int ret;

	assert_int_equal(pl_domain_get(fixture->store, name, &domain, &fixture->err), 1);
	ret = pl_administrator_reaches(fixture->store, administrator, domain.id, &fixture->err);
	assert_ok(fixture, ret);
	return ret;
}

static void roles_have_names(void **state)
{
	static const char *const others[] = { "", "nobody", "Server", "server ", "boss" };

	(void)state;
	for (int role = PL_ADMIN_HELPDESK; role <= PL_ADMIN_SERVER; role++)
		assert_int_equal(pl_admin_role_by_name(pl_admin_role_name(role)), role);
	for (size_t i = 0; i < COUNT(others); i++)
		assert_int_equal(pl_admin_role_by_name(others[i]), PL_ADMIN_NOBODY);
	assert_int_equal(pl_admin_role_by_name(NULL), PL_ADMIN_NOBODY);
}

static void the_scope_is_that_of_the_role(void **state)
{
	static const struct {
		int64_t id;
		enum pl_admin_role role;
		int64_t scope;
	} rows[] = {
		{ 7, PL_ADMIN_SERVER, 0 },    { 7, PL_ADMIN_DOMAIN, 7 },
		{ 7, PL_ADMIN_HELPDESK, 7 },  { 7, PL_ADMIN_NOBODY, -1 },
		{ 0, PL_ADMIN_NOBODY, -1 },   { 0, PL_ADMIN_SERVER, -1 },
		{ -1, PL_ADMIN_SERVER, -1 },  { 0, PL_ADMIN_DOMAIN, -1 },
		{ 0, PL_ADMIN_HELPDESK, -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct pl_administrator administrator = { .id = rows[i].id,
								.role = rows[i].role };

		assert_int_equal(pl_administrator_scope(&administrator), rows[i].scope);
	}
}

static void each_role_reaches_its_domains(void **state)
{
	static const struct {
		enum pl_admin_role role;
		const char *const *domains;
		int reaches[3]; /* one.test, two.test, none.test */
	} rows[] = {
		{ PL_ADMIN_SERVER, no_domains, { 1, 1, 1 } },
		{ PL_ADMIN_DOMAIN, one, { 1, 0, 0 } },
		{ PL_ADMIN_HELPDESK, both, { 1, 1, 0 } },
	};
	static const char *const names[] = { "one.test", "two.test", "none.test" };
	struct fixture *fixture = *state;

	add_names(fixture);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pl_administrator administrator;

		assert_ok(fixture, set(fixture, ALICE, rows[i].role, rows[i].domains));
		administrator = administrator_of(fixture, ALICE);
		assert_int_equal(administrator.role, rows[i].role);
		for (size_t name = 0; name < COUNT(names); name++)
			assert_int_equal(reaches(fixture, &administrator, names[name]),
					 rows[i].reaches[name]);
	}
}

static void nobody_reaches_nothing(void **state)
{
	const struct pl_administrator nobody = { 0 };
	struct fixture *fixture = *state;

	add_names(fixture);
	assert_int_equal(reaches(fixture, &nobody, "one.test"), 0);
	assert_int_equal(administrator_of(fixture, ALICE).id, 0);
}

static void what_makes_no_sense_is_refused_and_leaves_nothing(void **state)
{
	static const char *const unknown[] = { "one.test", "unknown.test", NULL };
	struct fixture *fixture = *state;

	add_names(fixture);
	assert_refused(fixture, set(fixture, ALICE, PL_ADMIN_NOBODY, one), PL_ERR_INVALID, "role");
	assert_refused(fixture, set(fixture, ALICE, PL_ADMIN_SERVER, one), PL_ERR_INVALID,
		       "all domains");
	assert_refused(fixture, set(fixture, ALICE, PL_ADMIN_DOMAIN, no_domains), PL_ERR_INVALID,
		       "needs a domain");
	assert_refused(fixture, set(fixture, ALICE, PL_ADMIN_HELPDESK, unknown), PL_ERR_CONFLICT,
		       "unknown.test");
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM administrator"), 0);
}

static void removed_domains_and_members_take_their_rows_along(void **state)
{
	const struct pl_address bob = address_of(BOB);
	struct fixture *fixture = *state;
	struct pl_administrator administrator;
	int64_t members;

	add_names(fixture);
	assert_ok(fixture, set(fixture, ALICE, PL_ADMIN_DOMAIN, one));
	assert_ok(fixture, set(fixture, BOB, PL_ADMIN_HELPDESK, both));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM administrator_domain"), 3);
	begin(fixture);
	assert_ok(fixture, pl_domain_remove(work_of(fixture), "two.test", &members));
	commit(fixture);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM administrator_domain"), 2);
	begin(fixture);
	assert_int_equal(pl_member_remove(work_of(fixture), &bob), 1);
	commit(fixture);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM administrator_domain"), 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM administrator"), 1);
	/* Who is left without a domain reaches none, and does not become one of all. */
	sql_run(fixture->db, "DELETE FROM administrator_domain");
	administrator = administrator_of(fixture, ALICE);
	assert_int_equal(reaches(fixture, &administrator, "one.test"), 0);
	assert_true(pl_administrator_scope(&administrator) > 0);
}

static int may_change(struct fixture *fixture, const char *who, const char *whom)
{
	const struct pl_administrator administrator = administrator_of(fixture, who);
	const struct pl_account account = account_of(fixture, whom);
	int ret = pl_administrator_may_change(fixture->store, &administrator, account.member.id,
					      &fixture->err);

	assert_ok(fixture, ret);
	return ret;
}

static void only_a_server_administrator_changes_administrators(void **state)
{
	struct fixture *fixture = *state;

	add_names(fixture);
	add_member(fixture, "carol@one.test", "");
	assert_ok(fixture, set(fixture, BOB, PL_ADMIN_HELPDESK, one));
	for (int role = PL_ADMIN_HELPDESK; role <= PL_ADMIN_SERVER; role++) {
		assert_ok(fixture,
			  set(fixture, ALICE, role, role == PL_ADMIN_SERVER ? no_domains : one));
		assert_int_equal(may_change(fixture, ALICE, "carol@one.test"), 1);
		assert_int_equal(may_change(fixture, ALICE, ALICE), 1);
		assert_int_equal(may_change(fixture, ALICE, BOB), role == PL_ADMIN_SERVER);
	}
}

static struct pl_api_key make_key(struct fixture *fixture, const char *networks, int64_t expires_at,
				  struct pl_secret *secret_r)
{
	struct pl_api_key key = { .administrator.role = PL_ADMIN_DOMAIN,
				  .label = "test",
				  .expires_at = expires_at };

	snprintf(key.networks, sizeof(key.networks), "%s", networks);
	begin(fixture);
	assert_ok(fixture, pl_api_key_add(work_at(fixture, 1000), &key, one, secret_r));
	commit(fixture);
	return key;
}

static int finds_key(struct fixture *fixture, const struct pl_secret *secret, const char *from,
		     int64_t now)
{
	struct pl_api_key key;
	struct pl_ip ip;
	int ret;

	assert_int_equal(pl_ip_parse(from, &ip, &fixture->err), 0);
	ret = pl_api_key_find(work_at(fixture, now), secret, &ip, &key);
	assert_ok(fixture, ret);
	if (ret == 1) {
		assert_string_equal(key.label, "test");
		assert_int_equal(reaches(fixture, &key.administrator, "one.test"), 1);
		assert_int_equal(reaches(fixture, &key.administrator, "two.test"), 0);
	}
	return ret;
}

static void a_key_is_good_in_its_networks_until_it_expires(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret, other;

	add_names(fixture);
	make_key(fixture, "192.0.2.0/24", 2000, &secret);
	assert_int_equal(finds_key(fixture, &secret, "192.0.2.1", 1999), 1);
	assert_int_equal(finds_key(fixture, &secret, "192.0.2.1", 2000), 0);
	assert_int_equal(finds_key(fixture, &secret, "192.0.3.1", 1999), 0);
	make_key(fixture, "", 0, &other);
	assert_int_equal(finds_key(fixture, &other, "2001:db8::1", 99999), 1);
	assert_false(database_holds(fixture, (const char *)other.data));
	other.data[10] ^= 1;
	assert_int_equal(finds_key(fixture, &other, "2001:db8::1", 99999), 0);
	pl_secret_wipe(&secret);
	pl_secret_wipe(&other);
}

static void a_removed_key_is_gone(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret;
	struct pl_api_key key;

	add_names(fixture);
	key = make_key(fixture, "", 0, &secret);
	begin(fixture);
	assert_int_equal(pl_administrator_remove(work_of(fixture), key.administrator.id), 1);
	assert_int_equal(pl_administrator_remove(work_of(fixture), key.administrator.id), 0);
	commit(fixture);
	assert_int_equal(finds_key(fixture, &secret, "192.0.2.1", 1999), 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM api_key"), 0);
	pl_secret_wipe(&secret);
}

static void the_last_use_is_recorded_once_a_minute(void **state)
{
	static const struct {
		int64_t now, recorded;
	} rows[] = { { 1000, 1000 }, { 1059, 1000 }, { 1060, 1060 } };
	struct fixture *fixture = *state;
	struct pl_secret secret;
	struct pl_api_key key;

	add_names(fixture);
	key = make_key(fixture, "", 0, &secret);
	reopen(fixture, PL_ROLE_CONSOLE);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_ok(fixture,
			  pl_api_key_used(work_at(fixture, rows[i].now), &key, "192.0.2.1"));
		key.last_used_at = sql_int(fixture->db, "SELECT last_used_at FROM api_key");
		assert_int_equal(key.last_used_at, rows[i].recorded);
	}
	pl_secret_wipe(&secret);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles_have_names),
		cmocka_unit_test(the_scope_is_that_of_the_role),
		TEST_WITH_DATABASE(each_role_reaches_its_domains),
		TEST_WITH_DATABASE(nobody_reaches_nothing),
		TEST_WITH_DATABASE(what_makes_no_sense_is_refused_and_leaves_nothing),
		TEST_WITH_DATABASE(removed_domains_and_members_take_their_rows_along),
		TEST_WITH_DATABASE(only_a_server_administrator_changes_administrators),
		TEST_WITH_DATABASE(a_key_is_good_in_its_networks_until_it_expires),
		TEST_WITH_DATABASE(a_removed_key_is_gone),
		TEST_WITH_DATABASE(the_last_use_is_recorded_once_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
