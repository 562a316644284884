/* test_domain.c - domains, and those that are another name of a domain. */
#include "tests/unit/fixture.h"

#include "policy/account/scope.h"

#define USER "user@example.test"
#define ALIAS "user@alias.test"

static void set_domain(struct fixture *fixture, const char *name, const char *settings)
{
	const struct pl_change change = change_of(settings, PL_AT_DOMAIN);
	struct pl_scope_result result;

	assert_ok(fixture, pl_domain_set(work_of(fixture), fixture->policy, name, &change,
					 PL_SCOPE_INHERITING, &result));
}

/* The milter's questions; the command goes on after them. */
static int64_t newest_record(struct fixture *fixture)
{
	int64_t newest = 0;

	reopen(fixture, PL_ROLE_MILTER);
	assert_ok(fixture, pl_audit_newest(fixture->store, &newest, &fixture->err));
	reopen(fixture, PL_ROLE_COMMAND);
	return newest;
}

static int concerns_alias(struct fixture *fixture, int64_t since)
{
	const struct pl_address alias = address_of(ALIAS);
	int ret;

	reopen(fixture, PL_ROLE_MILTER);
	ret = pl_audit_concerns(fixture->store, &alias, since, &fixture->err);
	reopen(fixture, PL_ROLE_COMMAND);
	return ret;
}

static void aliases_have_the_accounts_of_their_domain(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_address alias = address_of(ALIAS);
	struct pl_change change = change_of("pop3=off", PL_AT_MEMBER);
	struct pl_account account;
	struct pl_domain domain;
	struct pl_address address = alias;
	int64_t newest;

	add_domain(fixture, "example.test", "imap=off");
	add_domain(fixture, "alias.test", "alias_of=example.test");
	add_member(fixture, USER, "");
	account = account_of(fixture, ALIAS);
	assert_string_equal(account.member.address.domain, "example.test");
	assert_true(account.member.id != 0 && account.domain.active);
	assert_int_equal(account.domain.settings.value[PL_SETTING_IMAP], PL_OFF);
	assert_ok(fixture, pl_domain_of_alias(fixture->store, &address, &fixture->err));
	assert_string_equal(address.domain, "example.test");

	/* What is changed of the account concerns who signed in by the alias. */
	newest = newest_record(fixture);
	pl_account_unknown(&alias, &account);
	assert_int_equal(pl_member_set(work_of(fixture), fixture->policy, &account, &change, NULL,
				       NULL),
			 1);
	assert_int_equal(concerns_alias(fixture, newest), 1);
	newest = newest_record(fixture);
	assert_int_equal(concerns_alias(fixture, newest), 0);
	set_domain(fixture, "example.test", "smtp=off");
	assert_int_equal(concerns_alias(fixture, newest), 1);

	/* An alias can be switched off by itself. */
	set_domain(fixture, "alias.test", "active=off");
	assert_false(account_of(fixture, ALIAS).domain.active);
	assert_true(account_of(fixture, USER).domain.active);

	set_domain(fixture, "alias.test", "alias_of=");
	assert_int_equal(account_of(fixture, ALIAS).member.id, 0);
	assert_int_equal(pl_domain_get(fixture->store, "example.test", &domain, &fixture->err), 1);
	assert_ok(fixture, pl_domain_count(fixture->store, &domain, &fixture->err));
	assert_int_equal(domain.aliases, 0);
}

static void what_cannot_be_an_alias(void **state)
{
	static const struct {
		const char *domain, *change, *why;
	} rows[] = {
		{ "new.test", "alias_of=none.test", "there is no domain none.test" },
		{ "new.test", "alias_of=alias.test", "use example.test" },
		{ "new.test", "alias_of=new.test", "there is no domain new.test" },
		{ "new.test", "alias_of=example.test imap=off", "change them there" },
		{ "section.test", "alias_of=example.test", "section in the policy file" },
	};
	struct fixture *fixture = *state;
	struct pl_policy *policy = policy_of("domain \"section.test\" { }");
	struct pl_scope_result result;
	struct pl_change change;

	add_domain(fixture, "example.test", "");
	add_domain(fixture, "alias.test", "alias_of=example.test");
	add_member(fixture, USER, "");
	for (size_t i = 0; i < COUNT(rows); i++) {
		change = change_of(rows[i].change, PL_AT_DOMAIN);
		assert_refused(fixture,
			       pl_domain_add(work_of(fixture), policy, rows[i].domain, &change),
			       PL_ERR_CONFLICT, rows[i].why);
	}
	add_domain(fixture, "other.test", "");
	change = change_of("alias_of=other.test", PL_AT_DOMAIN);
	assert_refused(fixture,
		       pl_domain_set(work_of(fixture), policy, "example.test", &change,
				     PL_SCOPE_INHERITING, &result),
		       PL_ERR_CONFLICT, "members or aliases of its own");
	change = change_of("pop3=off", PL_AT_DOMAIN);
	assert_refused(fixture,
		       pl_domain_set(work_of(fixture), policy, "alias.test", &change,
				     PL_SCOPE_INHERITING, &result),
		       PL_ERR_CONFLICT, "it is an alias of example.test");
	pl_policy_unref(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(aliases_have_the_accounts_of_their_domain),
		TEST_WITH_DATABASE(what_cannot_be_an_alias),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
