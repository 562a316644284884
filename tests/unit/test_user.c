/* test_user.c - members by number, by an identity provider's id, and in pages by position. */
#include "tests/unit/fixture.h"

#include <string.h>

#include "policy/admin/administrator.h"
#include "policy/admin/user.h"

static const struct pl_user_filter all = { .external_id = NULL };

/* Two domains, and an administrator who was given the first one. Returns its scope. */
static int64_t add_domains(struct fixture *fixture)
{
	static const char *const one[] = { "one.test", NULL };
	struct pl_administrator administrator;
	struct pl_account account;

	add_domain(fixture, "one.test", "");
	add_domain(fixture, "two.test", "");
	for (int i = 0; i < 5; i++) {
		char address[32];

		snprintf(address, sizeof(address), "m%d@%s.test", i, i % 2 == 0 ? "one" : "two");
		add_member(fixture, address, "");
	}
	account = account_of(fixture, "m0@one.test");
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	assert_ok(fixture, pl_administrator_set(work_of(fixture), &account, PL_ADMIN_DOMAIN, one));
	assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
	reopen(fixture, PL_ROLE_CONSOLE);
	assert_int_equal(pl_administrator_of_member(fixture->store, account.member.id,
						    &administrator, &fixture->err),
			 1);
	return pl_administrator_scope(&administrator);
}

static int64_t id_of(struct fixture *fixture, const char *address)
{
	return account_of(fixture, address).member.id;
}

static int get(struct fixture *fixture, int64_t scope, const char *address, struct pl_user *user_r)
{
	return pl_user_get(fixture->store, scope, id_of(fixture, address), user_r, &fixture->err);
}

static int set(struct fixture *fixture, const char *address, const char *external_id)
{
	struct pl_user user;
	int ret;

	assert_int_equal(get(fixture, 0, address, &user), 1);
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	ret = pl_user_set_external_id(work_of(fixture), &user, external_id);
	assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
	assert_string_equal(user.external_id, external_id);
	return ret;
}

/* "m0 m2 m4": the local parts, and whether it is as many as are counted when nothing is skipped. */
static int add_name(const struct pl_user *user, void *context)
{
	char *names = context;

	strcat(names, names[0] == '\0' ? "" : " ");
	strcat(names, user->account.member.address.local);
	return 0;
}

static void assert_page(struct fixture *fixture, int64_t scope, const struct pl_user_filter *filter,
			int64_t skip, int limit, const char *wanted)
{
	char names[256] = "";

	assert_ok(fixture, pl_user_list(fixture->store, scope, filter, skip, limit, add_name, names,
					&fixture->err));
	assert_string_equal(names, wanted);
}

static void a_user_is_found_by_its_number_where_it_is_reached(void **state)
{
	struct fixture *fixture = *state;
	const int64_t scope = add_domains(fixture);
	struct pl_user user;

	assert_int_equal(get(fixture, 0, "m1@two.test", &user), 1);
	assert_string_equal(user.account.member.address.local, "m1");
	assert_string_equal(user.account.domain.name, "two.test");
	assert_string_equal(user.external_id, "");
	assert_int_equal(get(fixture, scope, "m1@two.test", &user), 0);
	assert_int_equal(get(fixture, scope, "m2@one.test", &user), 1);
	assert_int_equal(pl_user_get(fixture->store, 0, 987654, &user, &fixture->err), 0);
	/* -1 is the scope of who reaches nothing. */
	assert_int_equal(get(fixture, -1, "m2@one.test", &user), 0);
}

static void pages_go_by_position(void **state)
{
	struct fixture *fixture = *state;
	const int64_t scope = add_domains(fixture);
	const struct pl_user_filter off = { .has_active = 1, .active = 0 };
	const struct pl_user_filter on = { .has_active = 1, .active = 1 };

	assert_page(fixture, 0, &all, 0, 100, "m0 m1 m2 m3 m4");
	assert_page(fixture, 0, &all, 1, 2, "m1 m2");
	assert_page(fixture, 0, &all, 5, 2, "");
	assert_page(fixture, scope, &all, 0, 100, "m0 m2 m4");
	assert_page(fixture, scope, &all, 2, 100, "m4");
	assert_int_equal(pl_user_count(fixture->store, 0, &all, &fixture->err), 5);
	assert_int_equal(pl_user_count(fixture->store, scope, &all, &fixture->err), 3);
	assert_int_equal(pl_user_count(fixture->store, -1, &all, &fixture->err), 0);
	sql_run(fixture->db, "UPDATE member SET active = 0 WHERE local = 'm2' OR local = 'm3'");
	assert_page(fixture, 0, &off, 0, 100, "m2 m3");
	assert_page(fixture, scope, &on, 0, 100, "m0 m4");
	assert_int_equal(pl_user_count(fixture->store, scope, &off, &fixture->err), 1);
}

static void an_external_id_is_kept_and_found_where_it_is_reached(void **state)
{
	struct fixture *fixture = *state;
	const int64_t scope = add_domains(fixture);
	const struct pl_user_filter john = { .external_id = "John" };
	const struct pl_user_filter other = { .external_id = "john" };
	struct pl_user user;

	/* Two tenants may call their people alike. */
	assert_int_equal(set(fixture, "m2@one.test", "John"), 1);
	assert_int_equal(set(fixture, "m1@two.test", "John"), 1);
	assert_page(fixture, 0, &john, 0, 100, "m1 m2");
	assert_page(fixture, scope, &john, 0, 100, "m2");
	assert_page(fixture, 0, &john, 1, 100, "m2");
	assert_int_equal(pl_user_count(fixture->store, 0, &john, &fixture->err), 2);
	assert_int_equal(pl_user_count(fixture->store, scope, &john, &fixture->err), 1);
	assert_page(fixture, 0, &other, 0, 100, "");
	assert_int_equal(get(fixture, 0, "m2@one.test", &user), 1);
	assert_string_equal(user.external_id, "John");
	assert_int_equal(set(fixture, "m2@one.test", "John"), 0);
	assert_int_equal(set(fixture, "m2@one.test", ""), 1);
	assert_page(fixture, scope, &john, 0, 100, "");
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM member WHERE external_id = ''"),
			 0);
}

static void a_record_of_it_hides_no_other_word(void **state)
{
	struct fixture *fixture = *state;

	add_domains(fixture);
	assert_int_equal(set(fixture, "m2@one.test", "a webmail=on 100%"), 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM audit WHERE action = "
					      "'member.set' AND object = "
					      "'m2@one.test' AND before = '' AND after = "
					      "'external_id=a%20webmail=on%20100%25'"),
			 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(a_user_is_found_by_its_number_where_it_is_reached),
		TEST_WITH_DATABASE(pages_go_by_position),
		TEST_WITH_DATABASE(an_external_id_is_kept_and_found_where_it_is_reached),
		TEST_WITH_DATABASE(a_record_of_it_hides_no_other_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
