/* test_member_query.c - the members that a filter names are those for whom the C code says so. */
#include "tests/unit/fixture.h"

#include <stdlib.h>

#include "policy/account/delivery.h"
#include "policy/account/last_use.h"
#include "policy/account/member_state.h"
#include "policy/admin/administrator.h"
#include "policy/admin/member_query.h"
#include "policy/login/login.h"
#include "tests/unit/factor.h"

#define TODAY 20800 /* a day of 2026 */
#define NOW (TODAY * PL_DAY_SECONDS + 3600)
#define MOST 400

/* -- what a search says -- */

struct found {
	char address[MOST][PL_ADDRESS_MAX + 1];
	size_t count;
	char cursor[PL_MEMBER_CURSOR];
};

static int keep(const struct pl_member_line *line, void *context)
{
	struct found *found = context;

	assert_true(found->count < MOST);
	pl_address_format(&line->account.member.address, found->address[found->count++]);
	memcpy(found->cursor, line->cursor, sizeof(found->cursor));
	return 0;
}

static struct pl_member_search *open_search(struct fixture *fixture, int64_t scope,
					    const struct pl_member_query *query)
{
	struct pl_member_search *search;

	assert_ok(fixture, pl_member_search_open(fixture->store, fixture->policy, scope, query, NOW,
						 &search, &fixture->err));
	return search;
}

/* A page, in the index as it is to be now. How many members there are in all. */
static int64_t read_page(struct fixture *fixture, struct pl_member_index *index,
			 const struct pl_member_query *query, const struct pl_member_page *page,
			 int (*each)(const struct pl_member_line *line, void *context),
			 void *context)
{
	struct pl_member_search *search;
	struct pl_member_found found;

	assert_ok(fixture, pl_member_index_update(index, fixture->store, &fixture->err));
	search = open_search(fixture, 0, query);
	assert_ok(fixture,
		  pl_member_search_page(search, index, page, &found, each, context, &fixture->err));
	assert_true(found.rows <= page->limit);
	pl_member_search_close(&search);
	return found.total;
}

/* All pages of an order, of so many members each. */
static void read_pages(struct fixture *fixture, const struct pl_member_query *query,
		       const struct pl_member_page *like, struct found *found_r)
{
	struct pl_member_index *index = pl_member_index_new();
	int64_t total;
	const size_t limit = like->limit;
	struct pl_member_page page = *like;
	char after[PL_MEMBER_CURSOR] = "";
	size_t before;

	found_r->count = 0;
	do {
		before = found_r->count;
		page.after = after;
		total = read_page(fixture, index, query, &page, keep, found_r);
		memcpy(after, found_r->cursor, sizeof(after));
	} while (found_r->count - before == limit);
	assert_int_equal(total, found_r->count);
	pl_member_index_free(&index);
}

static int compare_addresses(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void sort(struct found *found)
{
	qsort(found->address, found->count, sizeof(found->address[0]), compare_addresses);
}

static void assert_same(const struct found *found, const struct found *expected, const char *what)
{
	for (size_t i = 0; i < found->count && i < expected->count; i++) {
		if (strcmp(found->address[i], expected->address[i]) != 0)
			fail_msg("%s: %s instead of %s", what, found->address[i],
				 expected->address[i]);
	}
	if (found->count != expected->count)
		fail_msg("%s: %zu members instead of %zu", what, found->count, expected->count);
}

/* -- a random world -- */

static unsigned int seed;

static unsigned int below(unsigned int n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static const char *const setting_words[] = {
	"webmail=off",
	"imap=on",
	"imap=off",
	"pop3=on",
	"pop3=off",
	"smtp=off",
	"forwarding=on",
	"two_factor=off",
	"two_factor=on",
	"two_factor_requirement=required",
	"two_factor_requirement=optional",
	"two_factor_requirement=required_from_2020-02-29",
	"two_factor_requirement=required_from_2090-12-31",
	"two_factor_mode=skip",
	"client_password=always",
	"client_password=never",
	"client_password=never_from_2020-01-01",
	"client_password=never_from_2090-01-01",
	"client_password=until_second_factor_from_2090-01-01",
	"client_password=until_second_factor",
	"app_passwords=off",
};

/* Words of different settings. */
static void random_words(char *out, size_t size, int most)
{
	unsigned int used = 0;

	out[0] = '\0';
	for (int i = below((unsigned int)most + 1); i > 0; i--) {
		const char *word = setting_words[below(COUNT(setting_words))];
		char name[64];
		enum pl_setting setting;

		snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
		assert_true(pl_setting_by_name(name, &setting));
		if ((used & 1u << setting) == 0)
			snprintf(out + strlen(out), size - strlen(out), "%s%s",
				 out[0] == '\0' ? "" : " ", word);
		used |= 1u << setting;
	}
}

/* "imap=on pop3=off" as a section of the policy file. */
static void write_section(FILE *out, const char *head, const char *words)
{
	fprintf(out, "%s {", head);
	while (*words != '\0') {
		const int name = (int)strcspn(words, "="), word = (int)strcspn(words, " ");
		const int is_forbidden =
			below(4) == 0 && head[0] != 'c' && strncmp(words + name, "=off", 4) == 0;

		fprintf(out, " %.*s = %.*s\n", name, words, is_forbidden ? 9 : word - name - 1,
			is_forbidden ? "forbidden" : words + name + 1);
		words += word;
		words += strspn(words, " ");
	}
	fputs("}\n", out);
}

#define DOMAINS 5
#define MEMBERS 60

static const char *const classes[] = { "", "", "staff", "guest", "board", "staff2" };

static struct pl_policy *random_policy(void)
{
	char *text = NULL, words[512], head[64];
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct pl_policy *policy;

	if (below(2) == 0)
		fprintf(out, "two_factor_grace_days = %u\n", 5 + below(20));
	random_words(words, sizeof(words), 3);
	write_section(out, "defaults", words);
	for (int i = 0; i < DOMAINS; i += 2) {
		random_words(words, sizeof(words), 4);
		snprintf(head, sizeof(head), "domain \"d%d.test\"", i);
		write_section(out, head, words);
	}
	for (size_t i = 2; i < COUNT(classes); i += 1 + below(2)) {
		random_words(words, sizeof(words), 3);
		snprintf(head, sizeof(head), "class \"%s\"", classes[i]);
		write_section(out, head, words);
	}
	fclose(out);
	policy = policy_of(text);
	free(text);
	return policy;
}

static void use(struct fixture *fixture, const char *address, enum pl_setting service,
		enum pl_login_credential credential, int64_t days_ago)
{
	const int64_t member_id = account_of(fixture, address).member.id;
	const struct pl_last_use use = { .service = service,
					 .credential = credential,
					 .at = NOW - days_ago * PL_DAY_SECONDS,
					 .ip = "192.0.2.9" };

	reopen(fixture, PL_ROLE_USE);
	assert_ok(fixture, pl_last_use_set(work_at(fixture, NOW), member_id, &use));
	reopen(fixture, PL_ROLE_COMMAND);
}

static void make_world(struct fixture *fixture)
{
	char words[600], address[96];

	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	for (int i = 0; i < DOMAINS; i++) {
		random_words(words, sizeof(words), 4);
		if (below(3) == 0)
			snprintf(words + strlen(words), sizeof(words) - strlen(words),
				 "%s" PL_GRACE_NAME "=%u", words[0] == '\0' ? "" : " ", below(30));
		snprintf(address, sizeof(address), "d%d.test", i);
		add_domain(fixture, address, words);
	}
	for (int i = 0; i < MEMBERS; i++) {
		const char *class_name = classes[below(COUNT(classes))];

		random_words(words, sizeof(words), 3);
		if (class_name[0] != '\0')
			snprintf(words + strlen(words), sizeof(words) - strlen(words), "%sclass=%s",
				 words[0] == '\0' ? "" : " ", class_name);
		if (below(6) == 0)
			snprintf(words + strlen(words), sizeof(words) - strlen(words),
				 "%sactive=off", words[0] == '\0' ? "" : " ");
		if (below(5) == 0)
			snprintf(words + strlen(words), sizeof(words) - strlen(words),
				 "%swebmail_allowed_networks=%s", words[0] == '\0' ? "" : " ",
				 below(2) == 0 ? "everywhere" : "192.0.2.0/24,2001:db8::/32");
		snprintf(address, sizeof(address), "user%d@d%u.test", i, below(DOMAINS));
		add_member(fixture, address, words);
	}
	assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
	sql_run(fixture->db,
		"INSERT INTO second_factor (member_id, kinds, registered_at, registered_ip) "
		"SELECT id, 1, 1, '' FROM member WHERE id % 3 = 1");
	snprintf(address, sizeof(address),
		 "UPDATE member SET created_at = %lld - 86400 * (id %% 31)", (long long)NOW);
	sql_run(fixture->db, address);
	sql_run(fixture->db, "UPDATE member SET opted_out = 1 WHERE id % 4 = 1");
	sql_run(fixture->db,
		"UPDATE member SET factor = COALESCE((SELECT f.kinds FROM second_factor f "
		"WHERE f.member_id = member.id), 0)");
}

/* -- what the C code says -- */

struct expectation {
	struct fixture *fixture;
	const struct pl_member_query *query;
	struct found *expected;
};

static int is_either(enum pl_either wanted, int is)
{
	return wanted == PL_EITHER || (wanted == PL_YES) == (is != 0);
}

static int must_register(const struct pl_account *account, const struct pl_layers *layers)
{
	const struct pl_facts facts = { .layers = *layers,
					.service = PL_SETTING_WEBMAIL,
					.channel = PL_CHANNEL_WEBMAIL,
					.credential = PL_CREDENTIAL_ACCOUNT_PASSWORD,
					.factor_kinds = account->member.factor_kinds,
					.opted_out = account->member.opted_out };
	struct pl_facts open = facts;
	struct pl_settings on;

	/* The switch of webmail comes first in a decision, and is not what is asked here. */
	if (pl_resolve(layers, PL_SETTING_WEBMAIL).value != PL_ON) {
		memset(&on, 0, sizeof(on));
		for (int i = 0; i < PL_SETTING_COUNT; i++)
			on.value[i] = (unsigned char)pl_resolve(layers, (enum pl_setting)i).value;
		on.value[PL_SETTING_WEBMAIL] = PL_ON;
		open.layers = (struct pl_layers){ .member = &on };
	}
	return pl_decide(&open).rule == PL_RULE_FACTOR_REGISTER;
}

static int matches(const struct pl_account *account, const struct pl_policy *policy,
		   const struct pl_member_query *query)
{
	static const struct pl_settings none;
	const struct pl_member *member = &account->member;
	struct pl_layers layers;
	int has_own = 0;

	pl_account_layers(account, policy, NOW, &layers);
	for (int i = 0; i < PL_SETTING_COUNT; i++) {
		const enum pl_value value = pl_resolve(&layers, (enum pl_setting)i).value;

		has_own |= !pl_setting_same((enum pl_setting)i, &member->settings, &none);
		if (query->holds[i] != 0 && (query->holds[i] & PL_BIT(value)) == 0)
			return 0;
	}
	return is_either(query->active, member->active) && is_either(query->own, has_own) &&
	       is_either(query->own_networks,
			 member->settings.value[PL_SETTING_WEBMAIL_ALLOWED_NETWORKS] != PL_UNSET) &&
	       is_either(query->registered, member->factor_kinds) &&
	       (query->domain[0] == '\0' || strcmp(query->domain, account->domain.name) == 0) &&
	       (query->has_class == PL_EITHER ||
		strcmp(query->class_name, member->class_name) == 0) &&
	       (!query->overdue || must_register(account, &layers));
}

static int expect(const struct pl_member *member, void *context)
{
	struct expectation *expectation = context;
	char text[PL_ADDRESS_MAX + 1];

	pl_address_format(&member->address, text);
	memcpy(expectation->expected->address[expectation->expected->count++], text, sizeof(text));
	return 0;
}

static void expect_by_c(struct fixture *fixture, const struct pl_member_query *query,
			struct found *expected_r)
{
	const struct pl_member_filter all = { 0 };
	struct found everyone = { .count = 0 };
	struct expectation expectation = { fixture, query, &everyone };

	assert_ok(fixture,
		  pl_member_list(fixture->store, &all, expect, &expectation, &fixture->err));
	expected_r->count = 0;
	for (size_t i = 0; i < everyone.count; i++) {
		const struct pl_account account = account_of(fixture, everyone.address[i]);

		if (matches(&account, fixture->policy, query))
			memcpy(expected_r->address[expected_r->count++], everyone.address[i],
			       sizeof(everyone.address[i]));
	}
}

static void random_query(struct pl_member_query *query)
{
	static const char *const others[][2] = {
		{ "active", "on" },    { "active", "off" },       { "own", "yes" },
		{ "own", "no" },       { "factor", "none" },      { "factor", "registered" },
		{ "overdue", "yes" },  { "domain", "d1.test" },   { "domain", "D2.test" },
		{ "class", "staff" },  { "class", "" },           { "domain", "nosuch.test" },
		{ "class", "nobody" }, { "own_networks", "yes" }, { "own_networks", "no" },
	};

	memset(query, 0, sizeof(*query));
	for (unsigned int i = below(3); i > 0; i--) {
		const unsigned int which = below(PL_SETTING_COUNT), any = below(PL_VALUE_COUNT);
		const enum pl_setting setting = (enum pl_setting)which;
		enum pl_value value = (enum pl_value)any;

		if (pl_setting_info(setting)->kind == PL_KIND_NETWORKS)
			continue;
		if (value == PL_UNSET || !pl_setting_accepts(setting, PL_AT_MEMBER, value))
			value = pl_setting_info(setting)->builtin;
		assert_true(pl_member_query_set(query, pl_setting_info(setting)->name,
						pl_value_name(value)));
	}
	if (below(2) == 0) {
		const unsigned int other = below(COUNT(others));

		assert_true(pl_member_query_set(query, others[other][0], others[other][1]));
	}
}

/* In each order, the same members. */
static void check_orders(struct fixture *fixture, const struct pl_member_query *query,
			 const struct found *expected)
{
	static struct found found;
	struct pl_member_page page = { .limit = 7 };

	for (int order = PL_BY_ADDRESS; order <= PL_BY_RECEIVED_DESC; order++) {
		page.order = (enum pl_member_order)order;
		read_pages(fixture, query, &page, &found);
		sort(&found);
		assert_same(&found, expected, "page");
	}
}

static void check_query(struct fixture *fixture, const struct pl_member_query *query)
{
	static struct found expected;
	struct pl_member_search *search;
	int64_t ids[7];
	size_t count = 0, sum = 0;

	expect_by_c(fixture, query, &expected);
	sort(&expected);
	check_orders(fixture, query, &expected);
	search = open_search(fixture, 0, query);
	assert_int_equal(pl_member_search_count(search, &fixture->err), expected.count);
	for (int64_t after = 0;; after = ids[count - 1]) {
		assert_ok(fixture, pl_member_search_portion(search, after, COUNT(ids), ids, &count,
							    &fixture->err));
		for (size_t i = 0; i < count; i++)
			assert_true(ids[i] > (i == 0 ? after : ids[i - 1]));
		sum += count;
		if (count < COUNT(ids))
			break;
	}
	assert_int_equal(sum, expected.count);
	pl_member_search_close(&search);
}

static void a_filter_names_those_for_whom_the_layers_say_so(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned int world = 1; world <= 3; world++) {
		seed = world;
		sql_run(fixture->db,
			"DELETE FROM second_factor; DELETE FROM member; DELETE FROM domain");
		pl_policy_unref(&fixture->policy);
		fixture->policy = random_policy();
		make_world(fixture);
		for (int i = 0; i < 25; i++) {
			struct pl_member_query query;

			random_query(&query);
			check_query(fixture, &query);
		}
	}
}

/* -- what is not a setting -- */

/* The addresses in the order of addresses, with a space between them. Other orders and the count agree. */
static const char *found_by(struct fixture *fixture, const char *name, const char *value)
{
	static struct found found, sorted;
	static char text[1024];
	const struct pl_member_page page = { .limit = 50 };
	struct pl_member_query query = { .domain = "" };
	struct pl_member_search *search;
	size_t used = 0;

	assert_true(pl_member_query_set(&query, name, value));
	read_pages(fixture, &query, &page, &found);
	sorted = found;
	sort(&sorted);
	check_orders(fixture, &query, &sorted);
	search = open_search(fixture, 0, &query);
	assert_int_equal(pl_member_search_count(search, &fixture->err), found.count);
	pl_member_search_close(&search);
	text[0] = '\0';
	for (size_t i = 0; i < found.count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
					 i == 0 ? "" : " ", found.address[i]);
	return text;
}

static void part_of_an_address_is_taken_literally(void **state)
{
	struct fixture *fixture = *state;

	add_domain(fixture, "one.test", "");
	add_domain(fixture, "two.test", "");
	add_member(fixture, "a_b@one.test", "");
	add_member(fixture, "axb@one.test", "");
	add_member(fixture, "a%c@two.test", "");
	add_member(fixture, "\xc3\xa9tude@two.test", "");
	assert_string_equal(found_by(fixture, "q", "A_B"), "a_b@one.test");
	assert_string_equal(found_by(fixture, "q", "a%"), "a%c@two.test");
	assert_string_equal(found_by(fixture, "q", "\\"), "");
	assert_string_equal(found_by(fixture, "q", "b@ONE"), "a_b@one.test axb@one.test");
	assert_string_equal(found_by(fixture, "q", "\xc3\x89T"), "\xc3\xa9tude@two.test");
	assert_string_equal(found_by(fixture, "q", "one.test"), "a_b@one.test axb@one.test");
	assert_string_equal(found_by(fixture, "q", "nobody"), "");
}

static void words_that_a_filter_does_not_have_are_refused(void **state)
{
	static const char *const wrong[][2] = {
		{ "nosuch", "on" },
		{ "pop3", "maybe" },
		{ "pop3", "inherit" },
		{ "active", "yes" },
		{ "unseen", "no" },
		{ "account_password", "sieve" },
		{ "joined_since", "-1" },
		{ "joined_since", "1x" },
		{ "client_password", "on" },
		{ "domain", "no domain" },
		{ "q", "\xff" },
		{ "app_passwords_used", "some" },
		{ "received", "yes" },
		{ "own_networks", "192.0.2.0/24" },
	};
	struct pl_member_query query = { .active = PL_YES }, before = query;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(pl_member_query_set(&query, wrong[i][0], wrong[i][1]));
	assert_memory_equal(&query, &before, sizeof(query));
}

static void uses_are_found_by_their_age(void **state)
{
	struct fixture *fixture = *state;

	add_domain(fixture, "one.test", "");
	add_member(fixture, "new@one.test", "");
	add_member(fixture, "never@one.test", "");
	add_member(fixture, "often@one.test", "");
	add_member(fixture, "once@one.test", "");
	sql_run(fixture->db, "UPDATE member SET created_at = 86400 WHERE local <> 'new'");
	use(fixture, "often@one.test", PL_SETTING_POP3, PL_LOGIN_BY_ACCOUNT_PASSWORD, 29);
	use(fixture, "often@one.test", PL_SETTING_IMAP, PL_LOGIN_BY_APP_PASSWORD, 1);
	use(fixture, "often@one.test", PL_SETTING_SMTP, PL_LOGIN_BY_ACCOUNT_PASSWORD, 31);
	use(fixture, "once@one.test", PL_SETTING_WEBMAIL, PL_LOGIN_BY_ACCOUNT_PASSWORD, 91);
	assert_string_equal(found_by(fixture, "account_password", "pop3"), "often@one.test");
	assert_string_equal(found_by(fixture, "account_password", "imap"), "");
	assert_string_equal(found_by(fixture, "account_password", "smtp"), "");
	assert_string_equal(found_by(fixture, "account_password", "any"), "often@one.test");
	assert_string_equal(found_by(fixture, "unseen", "yes"), "never@one.test once@one.test");
	assert_string_equal(found_by(fixture, "joined_since", "86401"), "new@one.test");
	/* An older use that is recorded later takes nothing back. */
	use(fixture, "often@one.test", PL_SETTING_POP3, PL_LOGIN_BY_ACCOUNT_PASSWORD, 200);
	assert_string_equal(found_by(fixture, "account_password", "pop3"), "often@one.test");
	use(fixture, "once@one.test", PL_SETTING_SIEVE, PL_LOGIN_BY_APP_PASSWORD, 90);
	assert_string_equal(found_by(fixture, "unseen", "yes"), "never@one.test");
}

static void deliver(struct fixture *fixture, const char *address, int64_t days_ago)
{
	const struct pl_delivery delivery = {
		.member_id = account_of(fixture, address).member.id,
		.at = NOW - days_ago * PL_DAY_SECONDS,
	};

	reopen(fixture, PL_ROLE_USE);
	assert_ok(fixture, pl_delivery_write(work_at(fixture, NOW), &delivery));
	reopen(fixture, PL_ROLE_COMMAND);
}

static void members_are_found_by_the_age_of_their_last_mail(void **state)
{
	struct fixture *fixture = *state;

	add_domain(fixture, "one.test", "");
	add_member(fixture, "between@one.test", "");
	add_member(fixture, "never@one.test", "");
	add_member(fixture, "old@one.test", "");
	add_member(fixture, "recent@one.test", "");
	deliver(fixture, "between@one.test", 31);
	deliver(fixture, "old@one.test", 91);
	deliver(fixture, "recent@one.test", 30);
	assert_string_equal(found_by(fixture, "received", "recent"), "recent@one.test");
	assert_string_equal(found_by(fixture, "received", "old"), "old@one.test");
	assert_string_equal(found_by(fixture, "received", "unknown"), "never@one.test");
	deliver(fixture, "old@one.test", 90);
	assert_string_equal(found_by(fixture, "received", "old"), "");
}

static void networks_of_ones_own_are_told_from_those_of_the_domain(void **state)
{
	const struct pl_change inherit =
		change_of("webmail_allowed_networks=inherit", PL_AT_MEMBER);
	const struct pl_address listed = address_of("listed@one.test");
	struct fixture *fixture = *state;

	add_domain(fixture, "one.test", "webmail_allowed_networks=192.0.2.0/24");
	add_member(fixture, "anywhere@one.test", "webmail_allowed_networks=everywhere");
	add_member(fixture, "inherits@one.test", "pop3=off");
	add_member(fixture, "listed@one.test", "webmail_allowed_networks=198.51.100.0/24");
	assert_string_equal(found_by(fixture, "own_networks", "yes"),
			    "anywhere@one.test listed@one.test");
	assert_string_equal(found_by(fixture, "own_networks", "no"), "inherits@one.test");
	assert_ok(fixture, pl_member_set(work_of(fixture), fixture->policy,
					 account_at(fixture, &listed), &inherit, NULL, NULL));
	assert_string_equal(found_by(fixture, "own_networks", "yes"), "anywhere@one.test");
}

static void issue(struct fixture *fixture, const char *address)
{
	const struct pl_address of = address_of(address);
	struct pl_app_password wanted = { .label = "phone" };
	struct pl_secret password;

	assert_ok(fixture, pl_app_password_issue(work_at(fixture, NOW), fixture->keys,
						 PL_APP_PASSWORD_MIN, &of, &wanted, &password));
	pl_secret_wipe(&password);
}

static void use_app_password(struct fixture *fixture, const char *address, int64_t days_ago)
{
	const struct pl_app_password has =
		app_password_of(fixture, account_of(fixture, address).member.id);
	const struct pl_app_password_use use = { .app_password_id = has.id,
						 .service = PL_SETTING_IMAP,
						 .at = NOW - days_ago * PL_DAY_SECONDS };

	reopen(fixture, PL_ROLE_USE);
	assert_ok(fixture, pl_app_password_used(work_at(fixture, NOW), &use));
	reopen(fixture, PL_ROLE_COMMAND);
}

static void app_passwords_that_are_not_used_are_told_from_none(void **state)
{
	struct fixture *fixture = *state;
	struct pl_app_password revoked;
	struct pl_address of;

	add_domain(fixture, "one.test", "");
	add_member(fixture, "none@one.test", "");
	add_member(fixture, "new@one.test", "");
	add_member(fixture, "old@one.test", "");
	add_member(fixture, "used@one.test", "");
	issue(fixture, "new@one.test");
	issue(fixture, "old@one.test");
	use_app_password(fixture, "old@one.test", 91);
	issue(fixture, "used@one.test");
	use_app_password(fixture, "used@one.test", 5);
	assert_string_equal(found_by(fixture, "app_passwords_used", "none"), "none@one.test");
	assert_string_equal(found_by(fixture, "app_passwords_used", "unused"),
			    "new@one.test old@one.test");
	issue(fixture, "used@one.test");
	assert_string_equal(found_by(fixture, "app_passwords_used", "unused"),
			    "new@one.test old@one.test");
	/* The one that was used is revoked: what is left was not used. */
	revoked = app_password_of(fixture, account_of(fixture, "new@one.test").member.id);
	of = address_of("new@one.test");
	assert_ok(fixture, pl_app_password_revoke(work_at(fixture, NOW), &of, revoked.id, NULL));
	assert_string_equal(found_by(fixture, "app_passwords_used", "none"),
			    "new@one.test none@one.test");
}

static void a_factor_is_found_from_its_registration_to_its_reset(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret;
	struct pl_account account;

	register_factor(fixture, OWNER, T, &secret);
	add_member(fixture, OTHER, "");
	assert_string_equal(found_by(fixture, "factor", "registered"), OWNER);
	account = account_of(fixture, OWNER);
	assert_ok(fixture, pl_factor_reset(work_at(fixture, NOW), &account));
	assert_string_equal(found_by(fixture, "factor", "registered"), "");
	assert_string_equal(found_by(fixture, "factor", "none"), OTHER " " OWNER);
	pl_secret_wipe(&secret);
}

/* -- members that were there before -- */

/* The part of the migration that fills the columns, for a database that has them already. */
static char *filling(void)
{
	for (int version = 1; version <= PL_SCHEMA_VERSION; version++) {
		const char *sql = pl_schema_migration(version)->sql;

		if (strstr(sql, "CREATE INDEX member_list") != NULL) {
			const char *begin = strstr(sql, "UPDATE member SET");

			return strndup(begin, (size_t)(strstr(sql, "CREATE INDEX") - begin));
		}
	}
	return NULL;
}

/* The bits of networks are from a later migration; see test_schema.c. */
#define DIGEST                                                                                    \
	"SELECT SUM(id * ((state & 4398046511103) % 1000003 + COALESCE(required_from, 0) * 3 + "  \
	"(dated_state & 4398046511103) % 999983 + COALESCE(dated_from, 0) + "                     \
	"factor "                                                                                 \
	"* 7 + app_password_day * 11 + seen_day * 13 + imap_day * 17 + pop3_day * 19 + smtp_day " \
	"* "                                                                                      \
	"23)) FROM member"

static void members_that_were_there_have_the_same_columns(void **state)
{
	struct fixture *fixture = *state;
	char forget[300], *fill = filling();
	int64_t before;

	seed = 7;
	make_world(fixture);
	issue(fixture, "none@d0.test");
	issue(fixture, "used@d0.test");
	use_app_password(fixture, "used@d0.test", 5);
	use(fixture, "used@d0.test", PL_SETTING_IMAP, PL_LOGIN_BY_ACCOUNT_PASSWORD, 4);
	use(fixture, "used@d0.test", PL_SETTING_POP3, PL_LOGIN_BY_ACCOUNT_PASSWORD, 3);
	use(fixture, "used@d0.test", PL_SETTING_SMTP, PL_LOGIN_BY_ACCOUNT_PASSWORD, 2);
	use(fixture, "used@d0.test", PL_SETTING_SMTP, PL_LOGIN_BY_APP_PASSWORD, 1);
	/* All that there was at that time. */
	sql_run(fixture->db, "INSERT INTO totp (member_id, registered_at, registered_ip) SELECT "
			     "member_id, registered_at, registered_ip FROM second_factor");
	before = sql_int(fixture->db, DIGEST);
	assert_true(sql_int(fixture->db, "SELECT COUNT(*) FROM member WHERE dated_from IS NOT NULL "
					 "AND state <> dated_state") > 2);
	snprintf(forget, sizeof(forget),
		 "UPDATE member SET state = %lld, dated_state = %lld, dated_from = NULL, "
		 "required_from = NULL, factor = "
		 "0, "
		 "app_password_day = -1, seen_day = 0, imap_day = 0, pop3_day = 0, smtp_day = 0",
		 (long long)pl_member_state_of(&(struct pl_settings){ .value = { 0 } }).now,
		 (long long)pl_member_state_of(&(struct pl_settings){ .value = { 0 } }).dated);
	sql_run(fixture->db, forget);
	assert_int_not_equal(sql_int(fixture->db, DIGEST), before);
	assert_non_null(fill);
	sql_run(fixture->db, fill);
	assert_int_equal(sql_int(fixture->db, DIGEST), before);
	/* What a row has that nobody has written. */
	sql_run(fixture->db, "INSERT INTO member (domain_id, local, active, class, created_at, "
			     "settings) SELECT MIN(id), 'raw', 1, '', 1, '' FROM domain");
	assert_int_equal(sql_int(fixture->db, "SELECT state FROM member WHERE local = 'raw'"),
			 pl_member_state_of(&(struct pl_settings){ .value = { 0 } }).now);
	free(fill);
}

/* -- order, scope, and what a line has -- */

static void orders_are_those_of_the_columns(void **state)
{
	static const char *const expected[] = {
		[PL_BY_ADDRESS] = "a@one.test b@one.test c@one.test a@two.test",
		[PL_BY_CREATED] = "a@two.test c@one.test a@one.test b@one.test",
		[PL_BY_CREATED_DESC] = "b@one.test a@one.test c@one.test a@two.test",
		[PL_BY_SEEN] = "b@one.test a@two.test a@one.test c@one.test",
		[PL_BY_SEEN_DESC] = "c@one.test a@one.test a@two.test b@one.test",
		[PL_BY_RECEIVED] = "a@one.test c@one.test a@two.test b@one.test",
		[PL_BY_RECEIVED_DESC] = "b@one.test a@two.test c@one.test a@one.test",
	};
	struct fixture *fixture = *state;
	const struct pl_member_query all = { .domain = "" };

	add_domain(fixture, "one.test", "");
	add_domain(fixture, "two.test", "");
	add_member(fixture, "b@one.test", "");
	add_member(fixture, "a@two.test", "");
	add_member(fixture, "a@one.test", "");
	add_member(fixture, "c@one.test", "");
	sql_run(fixture->db, "UPDATE member SET created_at = CASE local WHEN 'a' THEN 5 WHEN 'b' "
			     "THEN 9 ELSE 3 END WHERE domain_id = (SELECT id FROM domain WHERE "
			     "name = 'one.test')");
	sql_run(fixture->db, "UPDATE member SET created_at = 1 WHERE domain_id = (SELECT id FROM "
			     "domain WHERE name = 'two.test')");
	use(fixture, "a@one.test", PL_SETTING_IMAP, PL_LOGIN_BY_APP_PASSWORD, 5);
	use(fixture, "c@one.test", PL_SETTING_IMAP, PL_LOGIN_BY_APP_PASSWORD, 1);
	deliver(fixture, "a@two.test", 3);
	deliver(fixture, "b@one.test", 2);
	for (int order = PL_BY_ADDRESS; order <= PL_BY_RECEIVED_DESC; order++) {
		for (size_t limit = 1; limit <= 5; limit += 2) {
			static struct found found;
			char text[256] = "";

			const struct pl_member_page page = { .order = (enum pl_member_order)order,
							     .limit = limit };

			read_pages(fixture, &all, &page, &found);
			for (size_t i = 0; i < found.count; i++)
				snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
					 i == 0 ? "" : " ", found.address[i]);
			assert_string_equal(text, expected[order]);
		}
	}
}

static void an_administrator_sees_the_members_of_its_domains(void **state)
{
	static const char *const domains[] = { "one.test", NULL };
	struct fixture *fixture = *state;
	struct pl_member_query query = { .domain = "" };
	struct pl_administrator administrator;
	struct pl_member_search *search;
	struct pl_account account;
	int64_t ids[4];
	size_t count;

	add_domain(fixture, "one.test", "");
	add_domain(fixture, "two.test", "");
	add_domain(fixture, "alias.test", "alias_of=one.test");
	add_member(fixture, "admin@one.test", "");
	add_member(fixture, "user@two.test", "");
	account = account_of(fixture, "admin@one.test");
	assert_ok(fixture,
		  pl_administrator_set(work_of(fixture), &account, PL_ADMIN_HELPDESK, domains));
	assert_ok(fixture, pl_administrator_of_member(fixture->store, account.member.id,
						      &administrator, &fixture->err));
	for (int i = 0; i < 4; i++) {
		static const struct {
			const char *domain;
			int members;
		} cases[] = { { "one.test", 1 },
			      { "two.test", 0 },
			      { "alias.test", 1 },
			      { "nosuch.test", 0 } };

		assert_true(pl_member_query_set(&query, "domain", cases[i].domain));
		search = open_search(fixture, pl_administrator_scope(&administrator), &query);
		assert_int_equal(pl_member_search_count(search, &fixture->err), cases[i].members);
		assert_ok(fixture,
			  pl_member_search_portion(search, 0, 4, ids, &count, &fixture->err));
		assert_int_equal(count, cases[i].members);
		pl_member_search_close(&search);
	}
	search = open_search(fixture, pl_administrator_scope(&administrator),
			     &(struct pl_member_query){ .domain = "" });
	assert_int_equal(pl_member_search_count(search, &fixture->err), 1);
	pl_member_search_close(&search);
	search = open_search(fixture, -1, &(struct pl_member_query){ .domain = "" });
	assert_int_equal(pl_member_search_count(search, &fixture->err), 0);
	pl_member_search_close(&search);
}

static int keep_line(const struct pl_member_line *line, void *context)
{
	*(struct pl_member_line *)context = *line;
	return 0;
}

static void a_line_has_the_last_use_of_each_service(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_member_query all = { .domain = "" };
	struct pl_member_index *index = pl_member_index_new();
	struct pl_member_page page = { .limit = 1 };
	struct pl_member_line line;

	add_domain(fixture, "one.test", "");
	add_member(fixture, "user@one.test", "pop3=off");
	use(fixture, "user@one.test", PL_SETTING_IMAP, PL_LOGIN_BY_ACCOUNT_PASSWORD, 9);
	use(fixture, "user@one.test", PL_SETTING_IMAP, PL_LOGIN_BY_APP_PASSWORD, 7);
	use(fixture, "user@one.test", PL_SETTING_IMAP, PL_LOGIN_BY_WEBMAIL, 1);
	use(fixture, "user@one.test", PL_SETTING_WEBMAIL, PL_LOGIN_BY_ACCOUNT_PASSWORD, 2);
	sql_run(fixture->db,
		"INSERT INTO member_delivery (member_id, at) SELECT id, 77 FROM member");
	sql_run(fixture->db, "UPDATE member SET password_changed_at = 55");
	sql_run(fixture->db,
		"INSERT INTO second_factor (member_id, kinds, registered_at, registered_ip) "
		"SELECT id, 1, 66, '' FROM member");
	for (int order = PL_BY_ADDRESS; order <= PL_BY_SEEN; order += PL_BY_SEEN) {
		page.order = (enum pl_member_order)order;
		memset(&line, 0, sizeof(line));
		assert_int_equal(read_page(fixture, index, &all, &page, keep_line, &line), 1);
		assert_int_equal(line.imap.at, NOW - 7 * PL_DAY_SECONDS);
		assert_string_equal(line.imap.ip, "192.0.2.9");
		assert_int_equal(line.webmail.at, NOW - 2 * PL_DAY_SECONDS);
		assert_int_equal(line.smtp.at, 0);
		assert_string_equal(line.pop3.ip, "");
		assert_int_equal(line.seen_at, (TODAY - 1) * PL_DAY_SECONDS);
		assert_int_equal(line.received_at, 77);
		assert_int_equal(line.password_changed_at, 55);
		assert_int_equal(line.registered_at, 66);
		assert_int_equal(line.account.member.factor_kinds, 1);
		assert_int_equal(line.account.member.settings.value[PL_SETTING_POP3], PL_OFF);
	}
	pl_member_index_free(&index);
}

static int cursor_of(struct fixture *fixture, struct pl_member_index *index,
		     enum pl_member_order order, const char *after)
{
	const struct pl_member_page page = { .order = order, .after = after, .limit = 5 };
	struct pl_member_search *search = open_search(fixture, 0, &(struct pl_member_query){ 0 });
	struct pl_member_found found;
	const int ret =
		pl_member_search_page(search, index, &page, &found, keep, NULL, &fixture->err);

	pl_member_search_close(&search);
	return ret;
}

static void a_cursor_of_another_order_is_refused(void **state)
{
	static const char *const wrong[] = { "nobody", "a@b", "1.", ".1", "1.2.3", "x.1" };
	struct pl_member_index *index = pl_member_index_new();

	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_equal(cursor_of(*state, index, PL_BY_CREATED, wrong[i]), 1);
	assert_int_equal(cursor_of(*state, index, PL_BY_ADDRESS, "7.1"), 1);
	pl_member_index_free(&index);
}

/* -- the index -- */

/* The addresses that it has, in their order. */
static const char *in_index(struct fixture *fixture, struct pl_member_index *index)
{
	static struct found found;
	static char text[512];
	const struct pl_member_page page = { .limit = MOST };
	size_t used = 0;
	int64_t total;

	found.count = 0;
	total = read_page(fixture, index, &(struct pl_member_query){ .active = PL_YES }, &page,
			  keep, &found);
	assert_int_equal(total, found.count);
	text[0] = '\0';
	for (size_t i = 0; i < found.count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
					 i == 0 ? "" : " ", found.address[i]);
	return text;
}

/* Whoever has written it. */
static void an_index_says_what_was_committed_before(void **state)
{
	struct fixture *fixture = *state;
	struct pl_member_index *index = pl_member_index_new();

	assert_string_equal(in_index(fixture, index), "");
	add_domain(fixture, "one.test", "");
	add_member(fixture, "b@one.test", "");
	assert_string_equal(in_index(fixture, index), "b@one.test");
	add_domain(fixture, "another.test", "");
	add_member(fixture, "c@another.test", "");
	add_member(fixture, "a@one.test", "");
	assert_string_equal(in_index(fixture, index), "c@another.test a@one.test b@one.test");
	sql_run(fixture->db, "UPDATE member SET active = 0 WHERE local = 'a'");
	assert_string_equal(in_index(fixture, index), "c@another.test b@one.test");
	sql_run(fixture->db, "UPDATE member SET active = 1 WHERE local = 'a'");
	sql_run(fixture->db, "DELETE FROM member WHERE local = 'b'");
	assert_string_equal(in_index(fixture, index), "c@another.test a@one.test");
	sql_run(fixture->db, "DELETE FROM domain WHERE name = 'one.test'");
	assert_string_equal(in_index(fixture, index), "c@another.test");
	/* An id that is lower than others, as a transaction that began before them leaves it. */
	sql_run(fixture->db,
		"INSERT INTO member "
		"(id, domain_id, local, active, class, created_at, settings) SELECT 1, "
		"id, 'low', 1, '', 0, '' FROM domain");
	assert_string_equal(in_index(fixture, index), "c@another.test low@another.test");
	assert_string_equal(in_index(fixture, index), "c@another.test low@another.test");
	pl_member_index_free(&index);
}

/* Two writers: the one that began first ends last. */
static void an_index_misses_nothing_that_is_committed_late(void **state)
{
	struct fixture *fixture = *state;
	struct pl_member_index *index;
	struct pl_store *late;
	int64_t member_id;

	if (!is_postgresql(fixture->db))
		skip();
	index = pl_member_index_new();
	add_domain(fixture, "one.test", "");
	add_member(fixture, "a@one.test", "");
	add_member(fixture, "b@one.test", "");
	member_id = sql_int(fixture->db, "SELECT id FROM member WHERE local = 'a'");
	assert_ok(fixture, pl_store_open(fixture->uri, PL_ROLE_COMMAND, &late, &fixture->err));
	assert_ok(fixture, pl_store_begin_write(late, &fixture->err));
	assert_ok(fixture, pl_exec(late, PL_SQL_MEMBER_DELETE,
				   PL_PARAMS(PL_INT("member_id", member_id)), &fixture->err));
	sql_run(fixture->db, "UPDATE member SET active = 0 WHERE local = 'b'");
	assert_string_equal(in_index(fixture, index), "a@one.test");
	sql_run(fixture->db, "UPDATE member SET active = 1 WHERE local = 'b'");
	assert_string_equal(in_index(fixture, index), "a@one.test b@one.test");
	assert_ok(fixture, pl_store_commit(late, &fixture->err));
	assert_string_equal(in_index(fixture, index), "b@one.test");
	pl_store_close(&late);
	pl_member_index_free(&index);
}

/* As after a restore: other changes, or none, stand where those were that it has read. */
static void an_index_of_a_database_that_became_another_is_read_anew(void **state)
{
	struct fixture *fixture = *state;
	struct pl_member_index *index = pl_member_index_new();

	add_domain(fixture, "one.test", "");
	add_member(fixture, "a@one.test", "");
	add_member(fixture, "b@one.test", "");
	assert_string_equal(in_index(fixture, index), "a@one.test b@one.test");
	sql_run(fixture->db, "UPDATE member SET active = 0 WHERE local = 'a'; UPDATE member_change "
			     "SET at = at - 9");
	assert_string_equal(in_index(fixture, index), "b@one.test");
	sql_run(fixture->db, "DELETE FROM member WHERE local = 'b'; DELETE FROM member_change");
	assert_string_equal(in_index(fixture, index), "");
	pl_member_index_free(&index);
}

static void that_a_member_has_changed_is_kept_for_an_hour(void **state)
{
	struct fixture *fixture = *state;

	add_domain(fixture, "one.test", "");
	add_member(fixture, "a@one.test", "");
	add_member(fixture, "b@one.test", "");
	sql_run(fixture->db, "DELETE FROM member_change WHERE member_id = 0");
	sql_run(fixture->db, "UPDATE member_change SET at = 1000000");
	sql_run(fixture->db, "UPDATE member_change SET at = at + 1 WHERE id = (SELECT MAX(id) FROM "
			     "member_change)");
	prune_at(fixture, 1000000 + PL_MEMBER_CHANGE_KEPT);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM member_change"), 2);
	prune_at(fixture, 1000001 + PL_MEMBER_CHANGE_KEPT);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM member_change"), 1);
	/* The newest stays. */
	prune_at(fixture, 1000003 + PL_MEMBER_CHANGE_KEPT);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM member_change"), 1);
}

/* Of what lists do not look at, nothing is noted: a login raises no generation, but others do. */
static void only_changes_that_lists_look_at_are_noted(void **state)
{
	struct fixture *fixture = *state;

	add_domain(fixture, "one.test", "");
	add_member(fixture, "a@one.test", "");
	sql_run(fixture->db, "DELETE FROM member_change");
	sql_run(fixture->db, "UPDATE member SET generation = generation + 1, opted_out = 1");
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM member_change"), 0);
	sql_run(fixture->db, "UPDATE member SET seen_day = 7");
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM member_change"), 1);
}

/* The statements know which two settings may have a date. */
static void two_settings_may_have_a_date(void **state)
{
	int64_t used = PL_STATE_INHERITS_ALL | PL_STATE_HAS_OWN;
	int dated = 0;

	(void)state;
	for (int i = 0; i < PL_SETTING_COUNT; i++) {
		const enum pl_setting setting = (enum pl_setting)i;

		dated += (pl_setting_info(setting)->where & PL_DATED) != 0;
		for (unsigned int value = PL_UNSET; value < PL_VALUE_COUNT; value++) {
			const int64_t bit = pl_member_state_bit(setting, (enum pl_value)value);

			assert_int_equal(used & bit, 0);
			used |= bit;
			assert_true(value != PL_UNSET || bit != 0);
		}
	}
	assert_int_equal(dated, 2);
	assert_int_equal(used, (INT64_C(1) << PL_STATE_BITS) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(a_filter_names_those_for_whom_the_layers_say_so),
		TEST_WITH_DATABASE(part_of_an_address_is_taken_literally),
		cmocka_unit_test(words_that_a_filter_does_not_have_are_refused),
		TEST_WITH_DATABASE(uses_are_found_by_their_age),
		TEST_WITH_DATABASE(members_are_found_by_the_age_of_their_last_mail),
		TEST_WITH_DATABASE(networks_of_ones_own_are_told_from_those_of_the_domain),
		TEST_WITH_DATABASE(app_passwords_that_are_not_used_are_told_from_none),
		TEST_WITH_DATABASE(a_factor_is_found_from_its_registration_to_its_reset),
		TEST_WITH_DATABASE(members_that_were_there_have_the_same_columns),
		TEST_WITH_DATABASE(orders_are_those_of_the_columns),
		TEST_WITH_DATABASE(an_administrator_sees_the_members_of_its_domains),
		TEST_WITH_DATABASE(a_line_has_the_last_use_of_each_service),
		TEST_WITH_DATABASE(a_cursor_of_another_order_is_refused),
		TEST_WITH_DATABASE(an_index_says_what_was_committed_before),
		TEST_WITH_DATABASE(an_index_misses_nothing_that_is_committed_late),
		TEST_WITH_DATABASE(an_index_of_a_database_that_became_another_is_read_anew),
		TEST_WITH_DATABASE(that_a_member_has_changed_is_kept_for_an_hour),
		TEST_WITH_DATABASE(only_changes_that_lists_look_at_are_noted),
		cmocka_unit_test(two_settings_may_have_a_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
