/* test_scope.c - whom a change of a domain's setting reaches. */
#include "tests/unit/fixture.h"

#include <stdlib.h>

#include "policy/account/scope.h"

#define DOMAIN_NAME "example.test"

static struct pl_scope_result set_domain(struct fixture *fixture, const char *settings,
					 enum pl_scope scope)
{
	const struct pl_change change = change_of(settings, PL_AT_DOMAIN);
	struct pl_scope_result result;

	assert_ok(fixture, pl_domain_set(work_of(fixture), fixture->policy, DOMAIN_NAME, &change,
					 scope, &result));
	return result;
}

static enum pl_value own(struct fixture *fixture, const char *address, enum pl_setting setting)
{
	return (enum pl_value)account_of(fixture, address).member.settings.value[setting];
}

static enum pl_value held(struct fixture *fixture, const char *address, enum pl_setting setting)
{
	const struct pl_account account = account_of(fixture, address);
	struct pl_layers layers;

	pl_account_layers(&account, fixture->policy, 0, &layers);
	return pl_resolve(&layers, setting).value;
}

/* POP3 of three members, who inherit, have it on, and have it off. */
struct scope_case {
	const char *before, *change; /* of the domain */
	enum pl_scope scope;
	int64_t pinned, cleared, affected;
	enum pl_value own[3], held[3];
	enum pl_value newcomer; /* what holds for a member who joins afterwards */
};

static const struct scope_case scope_cases[] = {
	{ "",
	  "pop3=off",
	  PL_SCOPE_INHERITING,
	  0,
	  0,
	  1,
	  { PL_UNSET, PL_ON, PL_OFF },
	  { PL_OFF, PL_ON, PL_OFF },
	  PL_OFF },
	{ "",
	  "pop3=off",
	  PL_SCOPE_NEW,
	  1,
	  0,
	  0,
	  { PL_ON, PL_ON, PL_OFF },
	  { PL_ON, PL_ON, PL_OFF },
	  PL_OFF },
	{ "",
	  "pop3=off",
	  PL_SCOPE_ALL,
	  0,
	  2,
	  2,
	  { PL_UNSET, PL_UNSET, PL_UNSET },
	  { PL_OFF, PL_OFF, PL_OFF },
	  PL_OFF },
	{ "pop3=off",
	  "pop3=on",
	  PL_SCOPE_INHERITING,
	  0,
	  0,
	  1,
	  { PL_UNSET, PL_ON, PL_OFF },
	  { PL_ON, PL_ON, PL_OFF },
	  PL_ON },
	{ "pop3=off",
	  "pop3=on",
	  PL_SCOPE_NEW,
	  1,
	  0,
	  0,
	  { PL_OFF, PL_ON, PL_OFF },
	  { PL_OFF, PL_ON, PL_OFF },
	  PL_ON },
	{ "pop3=off",
	  "pop3=on",
	  PL_SCOPE_ALL,
	  0,
	  2,
	  2,
	  { PL_UNSET, PL_UNSET, PL_UNSET },
	  { PL_ON, PL_ON, PL_ON },
	  PL_ON },
	/* Back to the built-in default, which is on. */
	{ "pop3=off",
	  "pop3=inherit",
	  PL_SCOPE_INHERITING,
	  0,
	  0,
	  1,
	  { PL_UNSET, PL_ON, PL_OFF },
	  { PL_ON, PL_ON, PL_OFF },
	  PL_ON },
	{ "pop3=off",
	  "pop3=inherit",
	  PL_SCOPE_NEW,
	  1,
	  0,
	  0,
	  { PL_OFF, PL_ON, PL_OFF },
	  { PL_OFF, PL_ON, PL_OFF },
	  PL_ON },
	/* The domain says what it said: only members' own settings can change. */
	{ "pop3=off",
	  "pop3=off",
	  PL_SCOPE_INHERITING,
	  0,
	  0,
	  0,
	  { PL_UNSET, PL_ON, PL_OFF },
	  { PL_OFF, PL_ON, PL_OFF },
	  PL_OFF },
	{ "pop3=off",
	  "pop3=off",
	  PL_SCOPE_ALL,
	  0,
	  2,
	  1,
	  { PL_UNSET, PL_UNSET, PL_UNSET },
	  { PL_OFF, PL_OFF, PL_OFF },
	  PL_OFF },
};

static void check_scope(struct fixture *fixture, const struct scope_case *c)
{
	static const char *const members[] = { "inherits@" DOMAIN_NAME, "on@" DOMAIN_NAME,
					       "off@" DOMAIN_NAME };
	struct pl_scope_result result;

	add_domain(fixture, DOMAIN_NAME, c->before);
	add_member(fixture, members[0], "");
	add_member(fixture, members[1], "pop3=on");
	add_member(fixture, members[2], "pop3=off");
	result = set_domain(fixture, c->change, c->scope);
	assert_int_equal(result.members, 3);
	assert_int_equal(result.pinned, c->pinned);
	assert_int_equal(result.cleared, c->cleared);
	assert_int_equal(result.affected, c->affected);
	for (size_t i = 0; i < COUNT(members); i++) {
		assert_int_equal(own(fixture, members[i], PL_SETTING_POP3), c->own[i]);
		assert_int_equal(held(fixture, members[i], PL_SETTING_POP3), c->held[i]);
		assert_int_equal(own(fixture, members[i], PL_SETTING_IMAP), PL_UNSET);
	}
	add_member(fixture, "newcomer@" DOMAIN_NAME, "");
	assert_int_equal(held(fixture, "newcomer@" DOMAIN_NAME, PL_SETTING_POP3), c->newcomer);
}

static void each_scope_reaches_whom_it_should(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(scope_cases); i++) {
		assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
		check_scope(fixture, &scope_cases[i]);
		pl_store_rollback(fixture->store);
	}
}

static void other_domains_and_unknown_members_are_not_counted(void **state)
{
	struct fixture *fixture = *state;
	struct pl_scope_result result;

	add_domain(fixture, DOMAIN_NAME, "");
	add_member(fixture, "user@other.test", "pop3=on");
	add_member(fixture, "user@sub." DOMAIN_NAME, "");
	result = set_domain(fixture, "pop3=off", PL_SCOPE_ALL);
	assert_int_equal(result.members, 0);
	assert_int_equal(result.cleared, 0);
	assert_int_equal(own(fixture, "user@other.test", PL_SETTING_POP3), PL_ON);
	assert_int_equal(held(fixture, "user@sub." DOMAIN_NAME, PL_SETTING_POP3), PL_ON);
	assert_int_equal(held(fixture, "stranger@" DOMAIN_NAME, PL_SETTING_POP3), PL_OFF);
}

static void members_are_counted_once_for_several_settings(void **state)
{
	struct fixture *fixture = *state;
	struct pl_scope_result result;

	add_domain(fixture, DOMAIN_NAME, "");
	add_member(fixture, "user@" DOMAIN_NAME, "imap=on smtp=on sieve=off");
	result = set_domain(fixture, "imap=off smtp=off", PL_SCOPE_ALL);
	assert_int_equal(result.cleared, 1);
	assert_int_equal(result.affected, 1);
	assert_int_equal(own(fixture, "user@" DOMAIN_NAME, PL_SETTING_IMAP), PL_UNSET);
	assert_int_equal(own(fixture, "user@" DOMAIN_NAME, PL_SETTING_SMTP), PL_UNSET);
	assert_int_equal(own(fixture, "user@" DOMAIN_NAME, PL_SETTING_SIEVE), PL_OFF);
}

static void a_domain_that_is_switched_off_affects_its_active_members(void **state)
{
	struct fixture *fixture = *state;

	add_domain(fixture, DOMAIN_NAME, "");
	add_member(fixture, "user@" DOMAIN_NAME, "");
	add_member(fixture, "other@" DOMAIN_NAME, "imap=off");
	add_member(fixture, "former@" DOMAIN_NAME, "active=off");
	assert_int_equal(set_domain(fixture, "active=off", PL_SCOPE_INHERITING).affected, 2);
	assert_int_equal(set_domain(fixture, "active=off", PL_SCOPE_INHERITING).affected, 0);
	/* A member is counted once. */
	assert_int_equal(set_domain(fixture, "active=on imap=off", PL_SCOPE_INHERITING).affected,
			 3);
}

static void class_and_policy_file_are_pinned_too(void **state)
{
	struct fixture *fixture = *state;

	pl_policy_unref(&fixture->policy);
	fixture->policy = policy_of("class \"staff\" { two_factor_requirement = required "
				    "}\ndefaults { sieve = off }\n");
	add_domain(fixture, DOMAIN_NAME, "");
	add_member(fixture, "user@" DOMAIN_NAME, "class=staff");
	set_domain(fixture, "two_factor_requirement=optional sieve=on", PL_SCOPE_NEW);
	assert_int_equal(own(fixture, "user@" DOMAIN_NAME, PL_SETTING_TWO_FACTOR_REQUIREMENT),
			 PL_REQUIRED);
	assert_int_equal(own(fixture, "user@" DOMAIN_NAME, PL_SETTING_SIEVE), PL_OFF);
}

static void what_is_announced_is_pinned_with_its_day(void **state)
{
	static const struct {
		const char *change;
		enum pl_value own;
		int64_t affected;
	} cases[] = {
		{ "client_password=never_from_2099-06-01", PL_NEVER, 0 },
		{ "client_password=inherit", PL_NEVER, 0 },
		{ "client_password=always", PL_NEVER, 0 },
		/* Until the day something else would hold. */
		{ "client_password=never", PL_ALWAYS, 1 },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		char name[32], address[64];
		const struct pl_change change = change_of(cases[i].change, PL_AT_DOMAIN);
		struct pl_scope_result result;

		snprintf(name, sizeof(name), "d%zu.test", i);
		snprintf(address, sizeof(address), "user@%s", name);
		add_domain(fixture, name, "client_password=never_from_2099-01-01");
		add_member(fixture, address, "");
		assert_ok(fixture, pl_domain_set(work_of(fixture), fixture->policy, name, &change,
						 PL_SCOPE_NEW, &result));
		assert_int_equal(result.affected, cases[i].affected);
		assert_int_equal(own(fixture, address, PL_SETTING_CLIENT_PASSWORD), cases[i].own);
		assert_int_equal(held(fixture, address, PL_SETTING_CLIENT_PASSWORD), PL_ALWAYS);
	}
}

/* A member may not have it of its own: a row that has it cannot be read any more. */
static void what_only_the_policy_file_may_say_is_not_pinned(void **state)
{
	struct fixture *fixture = *state;

	pl_policy_unref(&fixture->policy);
	fixture->policy = policy_of("defaults { two_factor_requirement = step_up }\n");
	add_domain(fixture, DOMAIN_NAME, "");
	add_member(fixture, "user@" DOMAIN_NAME, "");
	assert_int_equal(set_domain(fixture, "two_factor_requirement=required", PL_SCOPE_NEW)
				 .affected,
			 1);
	assert_int_equal(own(fixture, "user@" DOMAIN_NAME, PL_SETTING_TWO_FACTOR_REQUIREMENT),
			 PL_OPTIONAL);
}

/* More than the list of members to rewrite has room for at first. */
static void large_domain_is_pinned_whole(void **state)
{
	struct fixture *fixture = *state;
	struct pl_scope_result result;

	add_domain(fixture, DOMAIN_NAME, "");
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	for (int i = 0; i < 300; i++) {
		char address[64];

		snprintf(address, sizeof(address), "user%d@" DOMAIN_NAME, i);
		add_member(fixture, address, "");
	}
	result = set_domain(fixture, "imap=off", PL_SCOPE_NEW);
	assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
	assert_int_equal(result.pinned, 300);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM member WHERE settings = 'imap=on'"),
			 300);
}

static void forbid_pop3(struct fixture *fixture, const char *policy)
{
	pl_policy_unref(&fixture->policy);
	fixture->policy = policy_of(policy);
}

static void what_is_forbidden_cannot_be_switched_on(void **state)
{
	static const char *const policies[] = {
		"defaults { pop3 = forbidden }",
		"domain \"" DOMAIN_NAME "\" { pop3 = forbidden }",
	};
	const struct pl_change domain_on = change_of("pop3=on", PL_AT_DOMAIN);
	const struct pl_change member_on = change_of("pop3=on", PL_AT_MEMBER);
	const struct pl_address address = address_of("user@" DOMAIN_NAME);
	struct fixture *fixture = *state;
	struct pl_scope_result result;
	char *before, *after;

	add_domain(fixture, DOMAIN_NAME, "");
	add_member(fixture, "user@" DOMAIN_NAME, "pop3=on");
	before = sql_everything(fixture->db);
	for (size_t i = 0; i < COUNT(policies); i++) {
		forbid_pop3(fixture, policies[i]);
		for (int scope = PL_SCOPE_INHERITING; scope <= PL_SCOPE_ALL; scope++)
			assert_refused(fixture,
				       pl_domain_set(work_of(fixture), fixture->policy, DOMAIN_NAME,
						     &domain_on, (enum pl_scope)scope, &result),
				       PL_ERR_CONFLICT, "pop3 cannot be switched on");
		assert_refused(fixture,
			       pl_member_set(work_of(fixture), fixture->policy,
					     account_at(fixture, &address), &member_on, NULL, NULL),
			       PL_ERR_CONFLICT, "pop3 cannot be switched on");
		assert_int_equal(held(fixture, "user@" DOMAIN_NAME, PL_SETTING_POP3), PL_OFF);
	}
	after = sql_everything(fixture->db);
	assert_string_equal(after, before);
	free(before);
	free(after);
}

static void what_is_forbidden_can_be_switched_off(void **state)
{
	const struct pl_change off = change_of("pop3=off imap=on", PL_AT_MEMBER);
	const struct pl_address address = address_of("user@" DOMAIN_NAME);
	struct fixture *fixture = *state;

	forbid_pop3(fixture, "defaults { pop3 = forbidden }");
	add_domain(fixture, DOMAIN_NAME, "");
	assert_int_equal(set_domain(fixture, "pop3=off", PL_SCOPE_ALL).affected, 0);
	assert_int_equal(pl_member_set_or_add(work_of(fixture), fixture->policy,
					      account_at(fixture, &address), &off, NULL, NULL),
			 2);
}

/* A dry run is the same work, undone: it must say the same and leave nothing. */
static void dry_run_says_the_same_and_changes_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct pl_scope_result preview, result;
	char *before, *after;

	add_domain(fixture, DOMAIN_NAME, "");
	add_member(fixture, "a@" DOMAIN_NAME, "");
	add_member(fixture, "b@" DOMAIN_NAME, "pop3=on");
	before = sql_everything(fixture->db);
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	preview = set_domain(fixture, "pop3=off", PL_SCOPE_ALL);
	pl_store_rollback(fixture->store);
	after = sql_everything(fixture->db);
	assert_string_equal(after, before);
	result = set_domain(fixture, "pop3=off", PL_SCOPE_ALL);
	assert_memory_equal(&preview, &result, sizeof(result));
	free(before);
	free(after);
}

static void record_of_a_change_has_before_and_after(void **state)
{
	static const char newest[] =
		"SELECT who || ' ' || source || ' ' || action || ' ' || object || ': ' || "
		"before || ' -> ' || after FROM audit ORDER BY id DESC LIMIT 1";
	struct fixture *fixture = *state;
	char text[512];

	add_domain(fixture, DOMAIN_NAME, "pop3=on");
	sql_text(fixture->db, newest, text, sizeof(text));
	assert_string_equal(text,
			    "tester 192.0.2.1 domain.add example.test:  -> active=on pop3=on");
	add_member(fixture, "user@" DOMAIN_NAME, "imap=off");
	sql_text(fixture->db, newest, text, sizeof(text));
	assert_string_equal(text, "tester 192.0.2.1 member.add user@example.test:  -> imap=off");
	set_domain(fixture, "pop3=off imap=off active=off", PL_SCOPE_NEW);
	sql_text(fixture->db, newest, text, sizeof(text));
	assert_string_equal(text, "tester 192.0.2.1 domain.set example.test: active=on "
				  "imap=inherit pop3=on -> "
				  "active=off imap=off pop3=off scope=new members-changed=1");
}

static void inactive_domain_is_kept(void **state)
{
	struct fixture *fixture = *state;

	add_domain(fixture, DOMAIN_NAME, "active=off");
	assert_int_equal(account_of(fixture, "user@" DOMAIN_NAME).domain.active, 0);
	set_domain(fixture, "pop3=off", PL_SCOPE_INHERITING);
	assert_int_equal(account_of(fixture, "user@" DOMAIN_NAME).domain.active, 0);
	set_domain(fixture, "active=on", PL_SCOPE_INHERITING);
	assert_int_equal(account_of(fixture, "user@" DOMAIN_NAME).domain.active, 1);
}

static void unknown_domain_is_refused(void **state)
{
	const struct pl_change change = change_of("pop3=off", PL_AT_DOMAIN);
	struct fixture *fixture = *state;
	struct pl_scope_result result;
	enum pl_scope scope;

	assert_refused(fixture,
		       pl_domain_set(work_of(fixture), fixture->policy, "nosuch.test", &change,
				     PL_SCOPE_ALL, &result),
		       PL_ERR_CONFLICT, "there is no domain nosuch.test");
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM audit"), 0);
	assert_int_equal(pl_scope_by_name("everybody", &scope), 0);
	assert_int_equal(pl_scope_by_name("new", &scope), 1);
	assert_int_equal(scope, PL_SCOPE_NEW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(each_scope_reaches_whom_it_should),
		TEST_WITH_DATABASE(other_domains_and_unknown_members_are_not_counted),
		TEST_WITH_DATABASE(members_are_counted_once_for_several_settings),
		TEST_WITH_DATABASE(a_domain_that_is_switched_off_affects_its_active_members),
		TEST_WITH_DATABASE(class_and_policy_file_are_pinned_too),
		TEST_WITH_DATABASE(what_is_announced_is_pinned_with_its_day),
		TEST_WITH_DATABASE(what_only_the_policy_file_may_say_is_not_pinned),
		TEST_WITH_DATABASE(large_domain_is_pinned_whole),
		TEST_WITH_DATABASE(what_is_forbidden_cannot_be_switched_on),
		TEST_WITH_DATABASE(what_is_forbidden_can_be_switched_off),
		TEST_WITH_DATABASE(dry_run_says_the_same_and_changes_nothing),
		TEST_WITH_DATABASE(record_of_a_change_has_before_and_after),
		TEST_WITH_DATABASE(inactive_domain_is_kept),
		TEST_WITH_DATABASE(unknown_domain_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
