/* test_scope_preview.c - what a change of a domain is said to come to is what it comes to.
 *
 * The change is made of the same domain in a transaction that is undone, and what holds for its
 * members before and after it is read from what was written, by the sentences of the design.
 */
#include "tests/unit/fixture.h"

#include <stdlib.h>
#include <string.h>

#include "policy/account/scope_preview.h"

#define DOMAIN_NAME "example.test"
#define NOW INT64_C(1800000000)
#define DAYS(n) ((n)*PL_DAY_SECONDS)

/* How a member has signed in lately. */
struct use {
	enum pl_setting service;
	const char *credential;
};

struct person {
	const char *name, *settings;
	int registered, joined_days_ago;
	struct use uses[4];
};

static const struct person people[] = {
	{ "inherits",
	  "",
	  0,
	  400,
	  { { PL_SETTING_IMAP, "account-password" }, { PL_SETTING_POP3, "account-password" } } },
	{ "registered",
	  "",
	  1,
	  400,
	  { { PL_SETTING_IMAP, "app-password" },
	    { PL_SETTING_IMAP, "account-password" },
	    { PL_SETTING_WEBMAIL, "account-password" } } },
	{ "own-on",
	  "pop3=on imap=on client_password=always two_factor_requirement=required",
	  0,
	  400,
	  { { PL_SETTING_POP3, "account-password" }, { PL_SETTING_SMTP, "application" } } },
	{ "own-off", "pop3=off webmail=off", 0, 400, { { PL_SETTING_POP3, "account-password" } } },
	{ "staff",
	  "class=staff",
	  0,
	  400,
	  { { PL_SETTING_SMTP, "account-password" }, { PL_SETTING_SIEVE, "webmail" } } },
	{ "former", "active=off", 0, 400, { { PL_SETTING_IMAP, "account-password" } } },
	{ "new", "", 0, 3, { { PL_SETTING_IMAP, "webmail" }, { PL_SETTING_SMTP, "webmail" } } },
	{ "idle", "", 0, 400, { { PL_SETTING_COUNT, NULL } } },
};

#define PEOPLE COUNT(people)

static const char *const policies[] = {
	"",
	"class \"staff\" { two_factor_requirement = required }\ndefaults { pop3 = off }\n",
	"domain \"" DOMAIN_NAME "\" { client_password = never\nsieve = forbidden }\n",
	"two_factor_grace_days = 30\ndefaults { two_factor_requirement = required }\n",
};

static const char *const changes[] = {
	"pop3=off",
	"pop3=on",
	"imap=off smtp=inherit",
	"client_password=never",
	"client_password=until_second_factor",
	"client_password=always",
	"two_factor_requirement=required",
	"two_factor_requirement=optional",
	"two_factor=off",
	"webmail=off",
	"webmail_allowed_networks=192.0.2.0/24",
	"webmail_allowed_networks=198.51.100.0/24",
	"app_passwords=off",
	"connected_applications=off",
	"active=off",
};

/* Where the person has signed in. */
static const char *ip_of(const struct person *person)
{
	return strlen(person->name) % 2 == 0 ? "192.0.2.7" : "203.0.113.7";
}

static void add_person(struct fixture *fixture, const struct person *person)
{
	char address[64], sql[512];
	struct pl_account account;

	snprintf(address, sizeof(address), "%s@" DOMAIN_NAME, person->name);
	add_member(fixture, address, person->settings);
	account = account_of(fixture, address);
	snprintf(sql, sizeof(sql), "UPDATE member SET created_at = %lld WHERE id = %lld",
		 (long long)(NOW - DAYS(person->joined_days_ago)), (long long)account.member.id);
	sql_run(fixture->db, sql);
	snprintf(sql, sizeof(sql),
		 "INSERT INTO second_factor (member_id, kinds, registered_at, registered_ip) "
		 "VALUES (%lld, 1, 1, '')",
		 (long long)account.member.id);
	if (person->registered)
		sql_run(fixture->db, sql);
	for (size_t i = 0; i < COUNT(person->uses) && person->uses[i].credential != NULL; i++) {
		snprintf(sql, sizeof(sql),
			 "INSERT INTO member_use (member_id, service, credential, used_at, ip) "
			 "VALUES (%lld, '%s', '%s', %lld, '%s')",
			 (long long)account.member.id,
			 pl_setting_info(person->uses[i].service)->name, person->uses[i].credential,
			 (long long)(NOW - DAYS(29)), ip_of(person));
		sql_run(fixture->db, sql);
	}
}

static void add_people(struct fixture *fixture)
{
	add_domain(fixture, DOMAIN_NAME, "");
	for (size_t i = 0; i < PEOPLE; i++)
		add_person(fixture, &people[i]);
	reopen(fixture, PL_ROLE_CONSOLE);
}

static void use_policy(struct fixture *fixture, const char *text)
{
	pl_policy_unref(&fixture->policy);
	fixture->policy = policy_of(text);
}

/* What holds for a member, from what is written. */
struct state {
	enum pl_value value[PL_SETTING_COUNT];
	int active, registered;
	int is_outside; /* of the networks from which webmail may be used */
};

static struct state state_of(struct fixture *fixture, const struct person *person)
{
	char address[64];
	struct pl_account account;
	struct pl_layers layers;
	struct state state;
	const char *allowed;
	struct pl_ip ip;

	snprintf(address, sizeof(address), "%s@" DOMAIN_NAME, person->name);
	account = account_of(fixture, address);
	pl_account_layers(&account, fixture->policy, NOW, &layers);
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++)
		state.value[i] = pl_resolve(&layers, (enum pl_setting)i).value;
	allowed = pl_resolve(&layers, PL_SETTING_WEBMAIL_ALLOWED_NETWORKS).networks;
	assert_int_equal(pl_ip_parse(ip_of(person), &ip, NULL), 0);
	state.is_outside = allowed != NULL && pl_network_list_contains(allowed, &ip, NULL) == 0;
	state.active = account.member.active && account.domain.active;
	state.registered = account.member.factor_kinds != 0;
	return state;
}

static int is_on(const struct state *state, enum pl_setting setting)
{
	return state->value[setting] == PL_ON;
}

/* Whether the service is open to the use, whatever the credential. */
static int service_is_open(const struct state *state, const struct use *use)
{
	const int by_webmail = strcmp(use->credential, "webmail") == 0;

	if (!state->active)
		return 0;
	if (use->service == PL_SETTING_WEBMAIL)
		return is_on(state, PL_SETTING_WEBMAIL) && !state->is_outside;
	if (!by_webmail)
		return is_on(state, use->service);
	return is_on(state, PL_SETTING_WEBMAIL) &&
	       (use->service == PL_SETTING_IMAP || use->service == PL_SETTING_SMTP ||
		is_on(state, use->service));
}

static int password_is_good(const struct state *state)
{
	const enum pl_value value = state->value[PL_SETTING_CLIENT_PASSWORD];

	return value == PL_ALWAYS || (value == PL_UNTIL_SECOND_FACTOR && !state->registered);
}

static int is_open(const struct state *state, const struct use *use)
{
	if (!service_is_open(state, use))
		return 0;
	if (use->service == PL_SETTING_WEBMAIL || strcmp(use->credential, "webmail") == 0)
		return 1;
	if (strcmp(use->credential, "app-password") == 0)
		return is_on(state, PL_SETTING_APP_PASSWORDS);
	if (strcmp(use->credential, "application") == 0)
		return is_on(state, PL_SETTING_CONNECTED_APPLICATIONS);
	return password_is_good(state);
}

static int must_register(const struct state *state)
{
	return state->active && is_on(state, PL_SETTING_WEBMAIL) &&
	       is_on(state, PL_SETTING_TWO_FACTOR) &&
	       state->value[PL_SETTING_TWO_FACTOR_MODE] == PL_USE && !state->registered &&
	       state->value[PL_SETTING_TWO_FACTOR_REQUIREMENT] == PL_REQUIRED;
}

static void count_person(const struct person *person, const struct state *before,
			 const struct state *after, struct pl_scope_outcome *outcome)
{
	int lost[PL_SETTING_COUNT] = { 0 }, losing = 0, password = 0;

	for (size_t i = 0; i < COUNT(person->uses) && person->uses[i].credential != NULL; i++) {
		const struct use *use = &person->uses[i];

		if (!is_open(before, use) || is_open(after, use))
			continue;
		if (service_is_open(after, use) && strcmp(use->credential, "account-password") == 0)
			password = 1;
		else
			lost[use->service] = losing = 1;
	}
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++)
		outcome->loses[i] += lost[i];
	outcome->losing += losing;
	outcome->client_password += password;
	outcome->must_register += must_register(after) && !must_register(before);
}

/* Makes the change and counts what has come of it; then it is undone. */
static void make_change(struct fixture *fixture, const struct pl_change *change,
			enum pl_scope scope, struct pl_scope_outcome *outcome_r)
{
	struct state before[PEOPLE];

	memset(outcome_r, 0, sizeof(*outcome_r));
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	for (size_t i = 0; i < PEOPLE; i++)
		before[i] = state_of(fixture, &people[i]);
	assert_ok(fixture, pl_domain_set(work_at(fixture, NOW), fixture->policy, DOMAIN_NAME,
					 change, scope, &outcome_r->result));
	for (size_t i = 0; i < PEOPLE; i++) {
		const struct state after = state_of(fixture, &people[i]);

		count_person(&people[i], &before[i], &after, outcome_r);
	}
	pl_store_rollback(fixture->store);
}

static void check_change(struct fixture *fixture, const char *words, int64_t *seen)
{
	const struct pl_change change = change_of(words, PL_AT_DOMAIN);
	struct pl_scope_preview preview;

	assert_ok(fixture, pl_domain_preview(work_at(fixture, NOW), fixture->policy, DOMAIN_NAME,
					     &change, &preview));
	for (unsigned int i = 0; i <= PL_SCOPE_ALL; i++) {
		struct pl_scope_outcome outcome;

		make_change(fixture, &change, (enum pl_scope)i, &outcome);
		if (memcmp(&outcome, &preview.outcome[i], sizeof(outcome)) != 0)
			fail_msg("%s in scope %u: lose %lld, not %lld; register %lld, not %lld; "
				 "password %lld, not %lld; affected %lld, not %lld",
				 words, i, (long long)preview.outcome[i].losing,
				 (long long)outcome.losing,
				 (long long)preview.outcome[i].must_register,
				 (long long)outcome.must_register,
				 (long long)preview.outcome[i].client_password,
				 (long long)outcome.client_password,
				 (long long)preview.outcome[i].result.affected,
				 (long long)outcome.result.affected);
		seen[0] += outcome.losing;
		seen[1] += outcome.must_register;
		seen[2] += outcome.client_password;
	}
}

static void each_change_comes_to_what_was_said(void **state)
{
	struct fixture *fixture = *state;
	int64_t seen[3] = { 0 };

	add_people(fixture);
	for (size_t p = 0; p < COUNT(policies); p++) {
		use_policy(fixture, policies[p]);
		for (size_t i = 0; i < COUNT(changes); i++)
			check_change(fixture, changes[i], seen);
	}
	/* None of the numbers was always 0. */
	assert_true(seen[0] > 0 && seen[1] > 0 && seen[2] > 0);
}

static struct pl_scope_preview preview_of(struct fixture *fixture, const char *words, int64_t now)
{
	const struct pl_change change = change_of(words, PL_AT_DOMAIN);
	struct pl_scope_preview preview;

	assert_ok(fixture, pl_domain_preview(work_at(fixture, now), fixture->policy, DOMAIN_NAME,
					     &change, &preview));
	return preview;
}

static void uses_of_long_ago_are_not_missed(void **state)
{
	struct fixture *fixture = *state;

	add_people(fixture);
	/* Those who use POP3 and may. */
	assert_int_equal(preview_of(fixture, "pop3=off", NOW).outcome[PL_SCOPE_ALL].losing, 2);
	assert_int_equal(preview_of(fixture, "pop3=off", NOW + DAYS(2))
				 .outcome[PL_SCOPE_ALL]
				 .losing,
			 0);
}

/* The first day on which it holds is the one that matters. */
static void a_change_with_a_date_is_looked_at_on_that_day(void **state)
{
	struct fixture *fixture = *state;
	struct pl_scope_preview dated, plain;

	add_people(fixture);
	dated = preview_of(fixture, "client_password=never_from_2027-03-01", NOW);
	plain = preview_of(fixture, "client_password=never", NOW);
	assert_int_equal(dated.day, 20878);
	assert_int_equal(plain.day, pl_day_of(NOW));
	assert_true(plain.outcome[PL_SCOPE_INHERITING].client_password > 0);
	assert_int_equal(dated.outcome[PL_SCOPE_INHERITING].client_password,
			 plain.outcome[PL_SCOPE_INHERITING].client_password);
	/* Who still has days of grace is not counted until they are over. */
	use_policy(fixture, "two_factor_grace_days = 30\n");
	assert_int_equal(preview_of(fixture, "two_factor_requirement=required", NOW)
					 .outcome[PL_SCOPE_INHERITING]
					 .must_register +
				 1,
			 preview_of(fixture, "two_factor_requirement=required_from_2027-03-01", NOW)
				 .outcome[PL_SCOPE_INHERITING]
				 .must_register);
}

static void a_preview_changes_nothing_and_is_refused_like_the_change(void **state)
{
	const struct pl_change on = change_of("sieve=on", PL_AT_DOMAIN);
	struct fixture *fixture = *state;
	struct pl_scope_preview preview;
	char *before, *after;

	add_people(fixture);
	before = sql_everything(fixture->db);
	preview_of(fixture, "pop3=off active=off", NOW);
	after = sql_everything(fixture->db);
	assert_string_equal(after, before);
	free(before);
	free(after);
	use_policy(fixture, "domain \"" DOMAIN_NAME "\" { sieve = forbidden }");
	assert_refused(fixture,
		       pl_domain_preview(work_at(fixture, NOW), fixture->policy, DOMAIN_NAME, &on,
					 &preview),
		       PL_ERR_CONFLICT, "sieve cannot be switched on");
	assert_refused(fixture,
		       pl_domain_preview(work_at(fixture, NOW), fixture->policy, "nosuch.test", &on,
					 &preview),
		       PL_ERR_CONFLICT, "there is no domain nosuch.test");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(each_change_comes_to_what_was_said),
		TEST_WITH_DATABASE(uses_of_long_ago_are_not_missed),
		TEST_WITH_DATABASE(a_change_with_a_date_is_looked_at_on_that_day),
		TEST_WITH_DATABASE(a_preview_changes_nothing_and_is_refused_like_the_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
