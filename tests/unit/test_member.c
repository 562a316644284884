/* test_member.c - members, what is recorded of them, and who reads the records. */
#include "tests/unit/fixture.h"

#include <stdlib.h>

#include "policy/account/scope.h"
#include "policy/account/settings_row.h"

#define USER "user@example.test"

static int set_member(struct fixture *fixture, const char *address, const char *settings,
		      char *before_r, char *after_r)
{
	const struct pl_change change = change_of(settings, PL_AT_MEMBER);
	const struct pl_address parsed = address_of(address);

	return pl_member_set(work_of(fixture), fixture->policy, account_at(fixture, &parsed),
			     &change, before_r, after_r);
}

/* A mistyped one must not come into being by a change of its settings. */
static void member_that_does_not_exist_is_not_changed(void **state)
{
	struct fixture *fixture = *state;

	assert_refused(fixture, set_member(fixture, USER, "pop3=off", NULL, NULL), PL_ERR_CONFLICT,
		       "no such member");
	assert_int_equal(account_of(fixture, USER).domain.id, 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM audit"), 0);
}

static void unheard_of_member_is_added_without_making_its_domain_known(void **state)
{
	const struct pl_change change = change_of("pop3=off", PL_AT_MEMBER);
	const struct pl_address address = address_of(USER);
	struct fixture *fixture = *state;
	struct pl_account account;

	account = account_of(fixture, USER);
	assert_int_equal(account.member.id, 0);
	assert_int_equal(account.domain.id, 0);
	assert_true(account.member.active && account.domain.active);
	assert_int_equal(pl_member_set_or_add(work_of(fixture), fixture->policy,
					      account_at(fixture, &address), &change, NULL, NULL),
			 2);
	account = account_of(fixture, USER);
	assert_int_not_equal(account.member.id, 0);
	assert_int_not_equal(account.domain.id, 0);
	assert_false(account.domain.known || account.domains_known);
	assert_int_equal(account.member.settings.value[PL_SETTING_POP3], PL_OFF);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM audit WHERE action = 'domain.add'"),
			 0);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM audit WHERE action = 'member.add'"),
			 1);
}

static void change_loses_no_other_and_shows_both(void **state)
{
	const struct pl_change change = change_of("imap=off", PL_AT_MEMBER);
	const struct pl_address address = address_of(USER);
	struct fixture *fixture = *state;
	struct pl_account account;

	pl_account_unknown(&address, &account);
	add_member(fixture, USER, "pop3=off");
	assert_int_equal(pl_member_set(work_of(fixture), fixture->policy, &account, &change, NULL,
				       NULL),
			 1);
	assert_int_not_equal(account.member.id, 0);
	assert_int_equal(account.member.settings.value[PL_SETTING_POP3], PL_OFF);
	assert_int_equal(account.member.settings.value[PL_SETTING_IMAP], PL_OFF);
	account = account_of(fixture, USER);
	assert_int_equal(account.member.settings.value[PL_SETTING_POP3], PL_OFF);
	assert_int_equal(account.member.settings.value[PL_SETTING_IMAP], PL_OFF);
}

static void domain_with_members_becomes_known_by_command_only(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_change change = change_of("imap=off", PL_AT_DOMAIN);
	struct pl_scope_result result;
	struct pl_account account;

	add_member(fixture, USER, "pop3=off");
	assert_refused(fixture,
		       pl_domain_set(work_of(fixture), fixture->policy, "example.test", &change,
				     PL_SCOPE_INHERITING, &result),
		       PL_ERR_CONFLICT, "domain add");
	add_domain(fixture, "Example.test", "imap=off");
	account = account_of(fixture, USER);
	assert_true(account.domain.known && account.domains_known);
	assert_int_equal(account.domain.settings.value[PL_SETTING_IMAP], PL_OFF);
	assert_int_equal(account.member.settings.value[PL_SETTING_POP3], PL_OFF);
	assert_int_equal(pl_domain_import(work_of(fixture), "example.test"), 0);
	assert_int_equal(pl_domain_import(work_of(fixture), "other.test"), 1);
	assert_refused(fixture, pl_domain_import(work_of(fixture), "no domain"), PL_ERR_INVALID,
		       "not a domain name");
	assert_false(account_of(fixture, "who@third.test").domain.known);
}

static void change_tells_before_and_after(void **state)
{
	struct fixture *fixture = *state;
	char before[PL_AUDIT_TEXT], after[PL_AUDIT_TEXT], record[512];

	add_member(fixture, USER, "pop3=on class=staff");
	assert_int_equal(set_member(fixture, USER,
				    "active=off class= pop3=off two_factor_mode=skip", before,
				    after),
			 1);
	assert_string_equal(before, "active=on class=staff pop3=on two_factor_mode=inherit");
	assert_string_equal(after, "active=off class= pop3=off two_factor_mode=skip");
	sql_text(fixture->db,
		 "SELECT action || ' ' || object || ' ' || before || ' -> ' || after FROM audit "
		 "ORDER BY id DESC LIMIT 1",
		 record, sizeof(record));
	assert_string_equal(record, "member.set " USER
				    " active=on class=staff pop3=on two_factor_mode=inherit -> "
				    "active=off class= pop3=off two_factor_mode=skip");
}

static void change_to_what_is_so_already_is_none(void **state)
{
	struct fixture *fixture = *state;
	int64_t records;

	add_member(fixture, USER, "pop3=off");
	records = sql_int(fixture->db, "SELECT COUNT(*) FROM audit");
	assert_int_equal(set_member(fixture, USER, "pop3=off active=on imap=inherit", NULL, NULL),
			 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM audit"), records);
	assert_int_equal(set_member(fixture, USER, "pop3=inherit", NULL, NULL), 1);
	assert_int_equal(account_of(fixture, USER).member.settings.value[PL_SETTING_POP3],
			 PL_UNSET);
}

/* As many networks as a list may have, at their longest. */
#define NET(digit) "2001:db8:1111:1111:1111:1111:1111:111" digit "/128"
#define LONGEST_LIST \
	NET("1")     \
	"," NET("2") "," NET("3") "," NET("4") "," NET("5") "," NET("6") "," NET("7") "," NET("8")

static void every_setting_at_once_is_kept(void **state)
{
	struct fixture *fixture = *state;
	char all[PL_SETTINGS_TEXT] = "";
	struct pl_account account;

	/* The last value of each has the longest name. */
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		for (unsigned int value = PL_VALUE_COUNT; value-- > PL_ON;) {
			if (!pl_setting_accepts((enum pl_setting)i, PL_AT_MEMBER,
						(enum pl_value)value))
				continue;
			snprintf(all + strlen(all), sizeof(all) - strlen(all), " %s=%s",
				 pl_setting_info((enum pl_setting)i)->name,
				 value == PL_LISTED ? LONGEST_LIST
						    : pl_value_name((enum pl_value)value));
			break;
		}
	}
	add_member(fixture, USER, all);
	account = account_of(fixture, USER);
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++)
		assert_int_not_equal(account.member.settings.value[i], PL_UNSET);
	assert_string_equal(account.member.settings.networks, LONGEST_LIST);
}

/* By hand, or by a program that is not this one: to skip them could open what they shut. */
static void settings_that_are_none_of_ours_are_an_error(void **state)
{
	static const char *const words[] = {
		"pop3=offf",
		"pop=off",
		"pop3",
		"pop3=",
		"pop3=forbidden",
		"two_factor_mode=skip imap=required",
		"pop3=off use=skip",
		"123456789012345678901234567890123456789012345678901234567890=12345"
	};
	struct fixture *fixture = *state;
	const struct pl_address address = address_of(USER);
	struct pl_account account;
	char sql[256];

	add_member(fixture, USER, "");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		snprintf(sql, sizeof(sql), "UPDATE member SET settings = '%s'", words[i]);
		sql_run(fixture->db, sql);
		assert_refused(fixture,
			       pl_account_get(fixture->store, &address, &account, &fixture->err),
			       PL_ERR_DATA, "member " USER ": its settings");
	}
	sql_run(fixture->db, "UPDATE domain SET settings = 'pop3=offf'");
	assert_refused(fixture, pl_account_get(fixture->store, &address, &account, &fixture->err),
		       PL_ERR_DATA, "domain example.test: its settings");
}

static void member_is_added_once(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_address address = address_of(USER);

	add_member(fixture, USER, "");
	assert_refused(fixture, pl_member_add(work_of(fixture), &address, NULL), PL_ERR_CONFLICT,
		       USER);
	assert_ok(fixture, pl_domain_add(work_of(fixture), fixture->policy, "example.test", NULL));
	assert_refused(fixture,
		       pl_domain_add(work_of(fixture), fixture->policy, "Example.TEST", NULL),
		       PL_ERR_CONFLICT, "example.test");
}

/* It is no setting: a change of settings leaves it alone, and the records tell the two apart. */
static void own_choice_is_kept_apart_from_the_setting(void **state)
{
	struct fixture *fixture = *state;
	struct pl_change change = change_of("two_factor_mode=inherit pop3=off", PL_AT_MEMBER);
	const struct pl_address address = address_of("user@example.test");
	struct pl_member member;
	char text[256];

	add_member(fixture, "user@example.test", "");
	member = account_of(fixture, "user@example.test").member;
	assert_int_equal(member.opted_out, 0);
	assert_int_equal(pl_member_opt_out(work_of(fixture), &member, 1), 1);
	assert_int_equal(pl_member_opt_out(work_of(fixture), &member, 1), 0);
	assert_int_equal(pl_member_set(work_of(fixture), fixture->policy,
				       account_at(fixture, &address), &change, NULL, NULL),
			 1);
	member = account_of(fixture, "user@example.test").member;
	assert_int_equal(member.opted_out, 1);
	assert_int_equal(member.settings.value[PL_SETTING_TWO_FACTOR_MODE], PL_UNSET);
	assert_int_equal(pl_member_opt_out(work_of(fixture), &member, 0), 1);
	assert_int_equal(account_of(fixture, "user@example.test").member.opted_out, 0);
	sql_text(fixture->db,
		 "SELECT action || ' ' || object FROM audit WHERE action LIKE 'two-factor.%' "
		 "ORDER BY id LIMIT 1",
		 text, sizeof(text));
	assert_string_equal(text, "two-factor.opt-out user@example.test");
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM audit WHERE action LIKE "
					      "'two-factor.%'"),
			 2);
}

static void removal_is_recorded_and_takes_all_along(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_address address = address_of(USER);
	struct pl_app_password password = { .label = "phone" };
	struct pl_secret secret;
	int64_t members;

	add_member(fixture, USER, "pop3=off");
	add_member(fixture, "second@example.test", "");
	assert_ok(fixture, pl_app_password_issue(work_of(fixture), fixture->keys, 16, &address,
						 &password, &secret));
	assert_int_equal(pl_member_remove(work_of(fixture), &address), 1);
	assert_int_equal(pl_member_remove(work_of(fixture), &address), 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM app_password"), 0);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM audit WHERE action = 'member.remove' "
				 "AND before = 'pop3=off' AND after = ''"),
			 1);
	assert_ok(fixture, pl_domain_remove(work_of(fixture), "example.test", &members));
	assert_int_equal(members, 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM member"), 0);
	assert_refused(fixture, pl_domain_remove(work_of(fixture), "example.test", &members),
		       PL_ERR_CONFLICT, "example.test");
}

/* A member that is added again must not get what the removed one had: ids
 * are in app passwords' MACs. */
static void ids_are_never_used_again(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_address address = address_of(USER);
	int64_t id;

	add_member(fixture, USER, "");
	id = account_of(fixture, USER).member.id;
	assert_int_equal(pl_member_remove(work_of(fixture), &address), 1);
	add_member(fixture, USER, "");
	assert_int_not_equal(account_of(fixture, USER).member.id, id);
}

static int append_name(const struct pl_member *member, void *context)
{
	char address[PL_ADDRESS_MAX + 1];

	strcat(context, pl_address_format(&member->address, address));
	strcat(context, " ");
	return 0;
}

static const char *names(struct fixture *fixture, const char *domain, const char *class_name)
{
	static char text[512];
	const struct pl_member_filter filter = { .domain = domain, .class_name = class_name };

	text[0] = '\0';
	assert_ok(fixture,
		  pl_member_list(fixture->store, &filter, append_name, text, &fixture->err));
	return text;
}

static void lists_are_sorted_and_filtered(void **state)
{
	struct fixture *fixture = *state;

	add_member(fixture, "c@b.test", "class=staff");
	add_member(fixture, "b@a.test", "class=staff");
	add_member(fixture, "a@b.test", "");
	assert_string_equal(names(fixture, NULL, NULL), "b@a.test a@b.test c@b.test ");
	assert_string_equal(names(fixture, "b.test", NULL), "a@b.test c@b.test ");
	assert_string_equal(names(fixture, NULL, "staff"), "b@a.test c@b.test ");
	assert_string_equal(names(fixture, "b.test", "staff"), "c@b.test ");
	assert_string_equal(names(fixture, "nosuch.test", NULL), "");
}

static int append_object(const struct pl_audit_record *record, void *context)
{
	strcat(context, record->object);
	strcat(context, " ");
	return 0;
}

static const char *objects(struct fixture *fixture, const char *object, int64_t since, int limit)
{
	static char text[2048];
	const struct pl_audit_filter filter = { .object = object, .since = since, .limit = limit };

	text[0] = '\0';
	assert_ok(fixture,
		  pl_audit_list(fixture->store, &filter, append_object, text, &fixture->err));
	return text;
}

static void records_are_found_by_object_domain_and_time(void **state)
{
	struct fixture *fixture = *state;

	add_domain(fixture, "a_b.test", "");
	add_domain(fixture, "axb.test", "");
	add_member(fixture, "one@a_b.test", "");
	add_member(fixture, "two@axb.test", "");
	assert_string_equal(objects(fixture, NULL, 0, 10),
			    "two@axb.test one@a_b.test axb.test a_b.test ");
	assert_string_equal(objects(fixture, NULL, 0, 2), "two@axb.test one@a_b.test ");
	assert_string_equal(objects(fixture, "one@a_b.test", 0, 10), "one@a_b.test ");
	/* '_' is a letter here, and no pattern. */
	assert_string_equal(objects(fixture, "@a_b.test", 0, 10), "one@a_b.test a_b.test ");
	assert_string_equal(objects(fixture, "@b.test", 0, 10), "");
	sql_run(fixture->db, "UPDATE audit SET at = id * 100");
	assert_string_equal(objects(fixture, NULL, 300, 10), "two@axb.test one@a_b.test ");
}

/* Whether a client that signed in before the change must do so again. */
static int concerns(struct fixture *fixture, const char *address, int64_t since)
{
	const struct pl_address member = address_of(address);
	struct pl_store *store;
	int ret;

	assert_ok(fixture, pl_store_open(fixture->uri, PL_ROLE_MILTER, &store, &fixture->err));
	ret = pl_audit_concerns(store, &member, since, &fixture->err);
	assert_ok(fixture, ret);
	pl_store_close(&store);
	return ret;
}

static int64_t newest(struct fixture *fixture)
{
	struct pl_store *store;
	int64_t id;

	assert_ok(fixture, pl_store_open(fixture->uri, PL_ROLE_MILTER, &store, &fixture->err));
	assert_ok(fixture, pl_audit_newest(store, &id, &fixture->err));
	pl_store_close(&store);
	return id;
}

static void changes_concern_the_member_or_all_of_the_domain(void **state)
{
	struct fixture *fixture = *state;
	const struct {
		const char *action, *object, *after;
		int user, other, elsewhere;
	} rows[] = {
		{ "member.set", USER, "pop3=off", 1, 0, 0 },
		{ "member.remove", USER, "", 1, 0, 0 },
		{ "member.add", USER, "smtp=off", 1, 0, 0 },
		{ "member.add", USER, "", 0, 0, 0 },
		{ "domain.set", "example.test", "smtp=off", 1, 1, 0 },
		{ "domain.add", "third.test", "active=on", 1, 1, 1 },
		{ "app-password.revoke", USER, "", 1, 0, 0 },
		{ "app-password.create", USER, "id=1", 0, 0, 0 },
		{ "session.revoke", USER, "", 1, 0, 0 },
		{ "session.open", USER, "id=1", 0, 0, 0 },
		{ "totp.register", USER, "", 1, 0, 0 },
		{ "client.remove", "client phone", "", 1, 1, 1 },
		{ "client.add", "client phone", "public", 0, 0, 0 },
	};
	int64_t since;

	assert_int_equal(newest(fixture), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		since = newest(fixture);
		assert_ok(fixture, pl_audit_add(work_of(fixture), rows[i].action, rows[i].object,
						"", rows[i].after));
		assert_int_equal(newest(fixture), since + 1);
		assert_int_equal(concerns(fixture, USER, since), rows[i].user);
		assert_int_equal(concerns(fixture, "other@example.test", since), rows[i].other);
		assert_int_equal(concerns(fixture, "user@elsewhere.test", since),
				 rows[i].elsewhere);
		assert_int_equal(concerns(fixture, USER, since + 1), 0);
	}
	/* As after a backup is put back. */
	assert_int_equal(concerns(fixture, USER, newest(fixture) + 1), 1);
}

static void record_of_an_action_that_is_not_in_the_table_is_refused(void **state)
{
	struct fixture *fixture = *state;

	assert_refused(fixture, pl_audit_add(work_of(fixture), "member.sing", USER, "", ""),
		       PL_ERR_INTERNAL, "member.sing");
	assert_int_equal(newest(fixture), 0);
}

#define JOINED INT64_C(1800000000) /* on 2027-01-15 */

/* What holds for the requirement so many days after the member has joined, and what will. */
static struct pl_resolved requirement(struct fixture *fixture, const char *address, int days)
{
	const int64_t now = JOINED + days * PL_DAY_SECONDS;
	const struct pl_account account = account_of(fixture, address);
	struct pl_layers layers;

	pl_account_layers(&account, fixture->policy, now, &layers);
	return pl_resolve(&layers, PL_SETTING_TWO_FACTOR_REQUIREMENT);
}

static void new_members_have_days_of_grace(void **state)
{
	struct fixture *fixture = *state;
	struct pl_resolved resolved;

	pl_policy_unref(&fixture->policy);
	fixture->policy = policy_of("two_factor_grace_days = 14\n"
				    "defaults { two_factor_requirement = required }\n");
	add_member(fixture, "new@example.test", "");
	sql_run(fixture->db, "UPDATE member SET created_at = 1800000000");
	assert_int_equal(requirement(fixture, "new@example.test", 0).value, PL_OPTIONAL);
	resolved = requirement(fixture, "new@example.test", 13);
	assert_int_equal(resolved.value, PL_OPTIONAL);
	assert_int_equal(resolved.next, PL_REQUIRED);
	assert_int_equal(resolved.next_from, pl_day_of(JOINED) + 14);
	assert_int_equal(requirement(fixture, "new@example.test", 14).value, PL_REQUIRED);
	/* Who signs in for the first time joins today. */
	assert_int_equal(requirement(fixture, "unheard-of@example.test", 100).value, PL_OPTIONAL);
	/* The later of both days counts. */
	pl_policy_unref(&fixture->policy);
	fixture->policy =
		policy_of("two_factor_grace_days = 14\n"
			  "defaults { two_factor_requirement = required_from_2027-03-01 }\n");
	assert_int_equal(requirement(fixture, "new@example.test", 44).value, PL_OPTIONAL);
	assert_int_equal(requirement(fixture, "new@example.test", 45).value, PL_REQUIRED);
}

static void a_domain_may_have_days_of_grace_of_its_own(void **state)
{
	struct fixture *fixture = *state;

	pl_policy_unref(&fixture->policy);
	fixture->policy = policy_of("two_factor_grace_days = 14\n"
				    "defaults { two_factor_requirement = required }\n");
	add_domain(fixture, "own.test", "two_factor_grace_days=3");
	add_domain(fixture, "none.test", "two_factor_grace_days=0");
	add_domain(fixture, "others.test", "two_factor_grace_days=3");
	change_grace(fixture, "others.test", "inherit");
	add_member(fixture, "new@own.test", "");
	add_member(fixture, "new@none.test", "");
	add_member(fixture, "new@others.test", "");
	sql_run(fixture->db, "UPDATE member SET created_at = 1800000000");
	assert_int_equal(requirement(fixture, "new@own.test", 2).value, PL_OPTIONAL);
	assert_int_equal(requirement(fixture, "new@own.test", 3).value, PL_REQUIRED);
	assert_int_equal(requirement(fixture, "unheard-of@own.test", 100).value, PL_OPTIONAL);
	assert_int_equal(requirement(fixture, "new@none.test", 0).value, PL_REQUIRED);
	assert_int_equal(requirement(fixture, "new@others.test", 13).value, PL_OPTIONAL);
	assert_int_equal(requirement(fixture, "new@others.test", 14).value, PL_REQUIRED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(change_loses_no_other_and_shows_both),
		TEST_WITH_DATABASE(new_members_have_days_of_grace),
		TEST_WITH_DATABASE(a_domain_may_have_days_of_grace_of_its_own),
		TEST_WITH_DATABASE(member_that_does_not_exist_is_not_changed),
		TEST_WITH_DATABASE(unheard_of_member_is_added_without_making_its_domain_known),
		TEST_WITH_DATABASE(domain_with_members_becomes_known_by_command_only),
		TEST_WITH_DATABASE(change_tells_before_and_after),
		TEST_WITH_DATABASE(change_to_what_is_so_already_is_none),
		TEST_WITH_DATABASE(every_setting_at_once_is_kept),
		TEST_WITH_DATABASE(settings_that_are_none_of_ours_are_an_error),
		TEST_WITH_DATABASE(member_is_added_once),
		TEST_WITH_DATABASE(own_choice_is_kept_apart_from_the_setting),
		TEST_WITH_DATABASE(removal_is_recorded_and_takes_all_along),
		TEST_WITH_DATABASE(ids_are_never_used_again),
		TEST_WITH_DATABASE(lists_are_sorted_and_filtered),
		TEST_WITH_DATABASE(records_are_found_by_object_domain_and_time),
		TEST_WITH_DATABASE(changes_concern_the_member_or_all_of_the_domain),
		TEST_WITH_DATABASE(record_of_an_action_that_is_not_in_the_table_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
