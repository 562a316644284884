/* test_audit_search.c - which audit records an administrator finds, and that nothing changes one. */
#include "tests/unit/fixture.h"

#include <string.h>

#include "policy/account/audit.h"
#include "policy/admin/administrator.h"
#include "policy/admin/audit_search.h"

#define T 1800000000

static const struct {
	int at;
	const char *who, *source, *action, *object, *before, *after;
} records[] = {
	{ 1, "root", "local", "domain.add", "one.test", "", "" },
	{ 2, "root", "local", "member.add", "a@one.test", "", "" },
	{ 3, "boss@one.test", "192.0.2.1", "member.set", "a@one.test", "pop3=on", "pop3=off" },
	{ 4, "boss@one.test", "192.0.2.2", "domain.set", "two.test", "pop3=on", "pop3=off" },
	{ 5, "a@one.test", "192.0.2.1", "session.open", "a@one.test", "", "Firefox 100%_x" },
	{ 5, "a@two.test", "2001:db8::1", "session.open", "a@two.test", "", "Chrome" },
	{ 6, "root", "local", "client.add", "roundcube", "", "" },
	{ 7, "root", "local", "member.set", "x@notone.test", "", "class=\\x" },
	{ 8, "api-key 3", "192.0.2.9", "domain.add", "alias.test", "", "alias_of=one.test" },
};

static struct pl_audit_search search_all(void)
{
	return (struct pl_audit_search){ .who = "",
					 .object = "",
					 .domain = "",
					 .source = "",
					 .action = "",
					 .text = "",
					 .limit = 100 };
}

static void add_records(struct fixture *fixture)
{
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	for (size_t i = 0; i < COUNT(records); i++) {
		struct pl_work work = *work_at(fixture, T + records[i].at);

		work.actor = (struct pl_actor){ .who = records[i].who, .from = records[i].source };
		assert_ok(fixture, pl_audit_add(&work, records[i].action, records[i].object,
						records[i].before, records[i].after));
	}
	assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
}

/* Their digits of time, the newest first. */
static int note(const struct pl_audit_record *record, void *context)
{
	char *text = context;
	const size_t used = strlen(text);

	text[used] = (char)('0' + (record->at - T));
	text[used + 1] = '\0';
	return 0;
}

static void assert_finds(struct fixture *fixture, const struct pl_audit_search *search,
			 const char *expected)
{
	char found[32] = "";

	assert_ok(fixture, pl_audit_search(fixture->store, search, note, found, &fixture->err));
	assert_string_equal(found, expected);
	assert_int_equal(pl_audit_search_total(fixture->store, search, &fixture->err),
			 strlen(expected));
}

static void start(struct fixture *fixture)
{
	sql_run(fixture->db, "DELETE FROM audit");
	add_records(fixture);
	reopen(fixture, PL_ROLE_CONSOLE);
}

static void each_filter_finds_its_own(void **state)
{
	static const struct {
		struct pl_audit_search search;
		const char *finds;
	} rows[] = {
		{ { .who = "" }, "876554321" },
		{ { .since = T + 5 }, "87655" },
		{ { .until = T + 5 }, "4321" },
		{ { .since = T + 2, .until = T + 4 }, "32" },
		{ { .who = "boss@one.test" }, "43" },
		{ { .who = "boss" }, "" },
		{ { .action = "member." }, "732" },
		{ { .action = "member.set" }, "73" },
		{ { .action = "%" }, "" },
		{ { .action = "member_set" }, "" },
		{ { .object = "a@one.test" }, "532" },
		{ { .domain = "one.test" }, "5321" },
		{ { .domain = "two.test" }, "54" },
		{ { .domain = "alias.test" }, "8" },
		{ { .source = "192.0.2.1" }, "53" },
		{ { .text = "POP3=off" }, "43" },
		{ { .text = "100%_X" }, "5" },
		{ { .text = "100__X" }, "" },
		{ { .text = "%" }, "5" },
		{ { .text = "_" }, "85" },
		{ { .text = "\\" }, "7" },
		{ { .text = "roundcube" }, "6" },
		{ { .who = "boss@one.test", .domain = "one.test", .action = "m" }, "3" },
		{ { .object = "a@one.test", .since = T + 3, .text = "firefox" }, "5" },
	};
	struct fixture *fixture = *state;

	start(fixture);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct pl_audit_search *row = &rows[i].search;
		struct pl_audit_search search = search_all();

		search.since = row->since;
		search.until = row->until;
		search.who = row->who != NULL ? row->who : "";
		search.action = row->action != NULL ? row->action : "";
		search.object = row->object != NULL ? row->object : "";
		search.domain = row->domain != NULL ? row->domain : "";
		search.source = row->source != NULL ? row->source : "";
		search.text = row->text != NULL ? row->text : "";
		assert_finds(fixture, &search, rows[i].finds);
	}
}

static void an_administrator_finds_those_of_its_domains(void **state)
{
	static const char *const domains[] = { "one.test", NULL };
	struct pl_audit_search search = search_all();
	struct fixture *fixture = *state;
	struct pl_administrator administrator;
	struct pl_account account;

	add_domain(fixture, "one.test", "");
	add_domain(fixture, "two.test", "");
	add_domain(fixture, "alias.test", "alias_of=one.test");
	add_member(fixture, "boss@one.test", "");
	account = account_of(fixture, "boss@one.test");
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	assert_ok(fixture,
		  pl_administrator_set(work_of(fixture), &account, PL_ADMIN_HELPDESK, domains));
	assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
	assert_ok(fixture, pl_administrator_of_member(fixture->store, account.member.id,
						      &administrator, &fixture->err));
	start(fixture);
	search.scope = pl_administrator_scope(&administrator);
	assert_finds(fixture, &search, "85321");
	search.domain = "two.test";
	assert_finds(fixture, &search, "");
	search.domain = "";
	search.object = "a@two.test";
	assert_finds(fixture, &search, "");
	search.object = "roundcube";
	assert_finds(fixture, &search, "");
	search.object = "";
	search.who = "root";
	assert_finds(fixture, &search, "21");
	search.scope = -1;
	assert_finds(fixture, &search, "");
}

struct cursor {
	int64_t at, id;
	size_t count;
};

static int remember(const struct pl_audit_record *record, void *context)
{
	struct cursor *cursor = context;

	cursor->at = record->at;
	cursor->id = record->id;
	cursor->count++;
	return 0;
}

static void pages_have_each_record_once(void **state)
{
	struct pl_audit_search search = search_all();
	struct fixture *fixture = *state;
	struct cursor cursor = { 0 };
	size_t before;

	start(fixture);
	search.limit = 2; /* two are of one second */
	do {
		before = cursor.count;
		assert_ok(fixture, pl_audit_search(fixture->store, &search, remember, &cursor,
						   &fixture->err));
		search.below_at = cursor.at;
		search.below_id = cursor.id;
	} while (cursor.count > before);
	assert_int_equal(cursor.count, COUNT(records));
}

/* Records from before the column are of the domain that their object names. */
static void old_records_get_their_domain(void **state)
{
	struct fixture *fixture = *state;
	char domain[64];

	start(fixture);
	for (size_t i = 0; i < COUNT(records); i++) {
		char sql[512];

		snprintf(sql, sizeof(sql),
			 "SELECT COALESCE(CASE WHEN object LIKE '%%@%%' THEN substr(object, "
			 "length(rtrim(object, replace(object, '@', ''))) + 1) WHEN action LIKE "
			 "'domain.%%' THEN object END, '-') FROM audit WHERE at = %d AND object = "
			 "'%s'",
			 T + records[i].at, records[i].object);
		sql_text(fixture->db, sql, domain, sizeof(domain));
		snprintf(sql, sizeof(sql),
			 "SELECT COALESCE(domain, '-') FROM audit WHERE at = %d AND object = '%s'",
			 T + records[i].at, records[i].object);
		{
			char stored[64];

			sql_text(fixture->db, sql, stored, sizeof(stored));
			assert_string_equal(stored, domain);
		}
	}
}

static void assert_narrowed(struct fixture *fixture, struct pl_audit_search search, int64_t more,
			    int is_part, const char *finds)
{
	struct pl_audit_reach reach;
	char found[32] = "";

	assert_ok(fixture, pl_audit_search_narrow(fixture->store, &search, &reach, &fixture->err));
	assert_int_equal(reach.more, more);
	assert_int_equal(reach.is_part, is_part);
	assert_ok(fixture, pl_audit_search(fixture->store, &search, note, found, &fixture->err));
	assert_string_equal(found, finds);
}

static void what_has_no_index_is_looked_for_in_some_records_at_once(void **state)
{
	struct fixture *fixture = *state;
	struct pl_audit_search search = search_all();

	start(fixture);
	search.text = "o";
	assert_narrowed(fixture, search, 0, 0, "876554321");
	search.records = 2; /* and of their time, all */
	assert_narrowed(fixture, search, T + 6, 1, "876");
	search.below_at = T + 6;
	search.below_id = 1;
	assert_narrowed(fixture, search, T + 4, 1, "554");
	search.since = T + 4; /* as far as is wanted */
	assert_narrowed(fixture, search, 0, 1, "554");
	search.since = 0;
	search.below_at = T + 3;
	assert_narrowed(fixture, search, 0, 1, "21");
	/* Those that are newer than what is wanted are not looked at. */
	search.below_at = search.below_id = 0;
	search.until = T + 6;
	assert_narrowed(fixture, search, T + 4, 1, "554");
	search.below_at = T + 7;
	search.below_id = 1;
	assert_narrowed(fixture, search, T + 4, 1, "554");
	search.until = 0;
	/* There is an index for what these have in common. */
	search.below_at = search.below_id = 0;
	search.object = "a@one.test";
	assert_narrowed(fixture, search, 0, 0, "532");
	search.object = search.text = "";
	search.action = "member.";
	assert_narrowed(fixture, search, T + 6, 1, "7");
	search.action = "";
	search.source = "local";
	assert_narrowed(fixture, search, T + 6, 1, "76");
	search.source = "";
	assert_narrowed(fixture, search, 0, 0, "876554321");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(each_filter_finds_its_own),
		TEST_WITH_DATABASE(an_administrator_finds_those_of_its_domains),
		TEST_WITH_DATABASE(pages_have_each_record_once),
		TEST_WITH_DATABASE(old_records_get_their_domain),
		TEST_WITH_DATABASE(what_has_no_index_is_looked_for_in_some_records_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
