/* test_domain_page.c - domains as administrators see them: the pages of the list and its counts. */
#include "tests/unit/fixture.h"

#include <string.h>

#include "policy/admin/domain_page.h"

struct list {
	char names[512]; /* "a.test b.test" */
	struct pl_domain_summary last;
	size_t count;
};

static int add_name(const struct pl_domain_summary *summary, void *context)
{
	struct list *list = context;
	const size_t used = strlen(list->names);

	snprintf(list->names + used, sizeof(list->names) - used, "%s%s", used == 0 ? "" : " ",
		 summary->domain.name);
	list->last = *summary;
	list->count++;
	return 0;
}

/* What the page shows, and the total beside it. */
static const char *shown(struct fixture *fixture, const struct pl_domain_page *page,
			 struct list *list, int64_t *total_r)
{
	memset(list, 0, sizeof(*list));
	assert_ok(fixture, pl_domain_page(fixture->store, page, add_name, list, &fixture->err));
	assert_ok(fixture, pl_domain_page_total(fixture->store, page, total_r, &fixture->err));
	return list->names;
}

static void names_are_searched_literally_and_paged(void **state)
{
	static const struct {
		const char *part, *after;
		int limit;
		const char *names;
		int64_t total;
	} rows[] = {
		{ "", "", 10, "a-b.test b.example bb.test c.test", 4 },
		{ "", "", 2, "a-b.test b.example", 4 },
		{ "", "b.example", 2, "bb.test c.test", 4 },
		{ "", "c.test", 2, "", 4 },
		{ "", "b", 1, "b.example", 4 },
		{ "TEST", "", 10, "a-b.test bb.test c.test", 3 },
		{ "b.", "a-b.test", 10, "b.example bb.test", 3 },
		{ "%", "", 10, "", 0 },
		{ "_", "", 10, "", 0 },
		{ "a_b", "", 10, "", 0 },
		{ "\\", "", 10, "", 0 },
		{ "'", "", 10, "", 0 },
	};
	struct fixture *fixture = *state;

	add_domain(fixture, "c.test", "");
	add_domain(fixture, "bb.test", "");
	add_domain(fixture, "b.example", "");
	add_domain(fixture, "a-b.test", "");
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct pl_domain_page page = { 0, rows[i].part, rows[i].after,
						     rows[i].limit };
		struct list list;
		int64_t total;

		assert_string_equal(shown(fixture, &page, &list, &total), rows[i].names);
		assert_int_equal(total, rows[i].total);
	}
}

/* An alias belongs to its domain. */
static void an_administrator_sees_domains_of_the_scope_only(void **state)
{
	const struct {
		int64_t scope;
		const char *names;
	} rows[] = {
		{ 0, "alias.test other.test own.test" },
		{ 7, "alias.test own.test" },
		{ 8, "" },
		{ -1, "" },
	};
	struct fixture *fixture = *state;

	add_domain(fixture, "own.test", "");
	add_domain(fixture, "other.test", "");
	add_domain(fixture, "alias.test", "alias_of=own.test");
	sql_run(fixture->db, "INSERT INTO administrator (id, role, made_at, made_by) VALUES (7, "
			     "'domain', 1, '')");
	sql_run(fixture->db,
		"INSERT INTO administrator_domain (administrator_id, domain_id) SELECT "
		"7, id FROM domain WHERE name = 'own.test'");
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct pl_domain_page page = { rows[i].scope, "", "", 10 };
		struct list list;
		int64_t total;

		assert_string_equal(shown(fixture, &page, &list, &total), rows[i].names);
		assert_int_equal(total, list.count);
	}
}

static void a_row_has_counts_and_the_last_change(void **state)
{
	struct fixture *fixture = *state;
	struct pl_domain_summary summary;

	add_domain(fixture, "own.test", "pop3=off");
	add_domain(fixture, "alias.test", "alias_of=own.test active=off");
	add_member(fixture, "a@own.test", "");
	add_member(fixture, "b@own.test", "");
	add_member(fixture, "c@other.test", "");
	sql_run(fixture->db,
		"INSERT INTO second_factor (member_id, kinds, registered_at, registered_ip) "
		"SELECT id, 1, 1, '' FROM member WHERE local = 'b'");
	sql_run(fixture->db, "UPDATE member SET factor = 1 WHERE local = 'b'");
	assert_int_equal(pl_domain_summary(fixture->store, "own.test", &summary, &fixture->err), 1);
	assert_int_equal(summary.domain.members, 2);
	assert_int_equal(summary.domain.aliases, 1);
	assert_int_equal(summary.with_factor, 1);
	assert_int_equal(summary.domain.known, 1);
	assert_string_equal(summary.changed_by, "tester");
	assert_true(summary.changed_at > 0);
	assert_int_equal(summary.domain.settings.value[PL_SETTING_POP3], PL_OFF);
	/* An alias has no members of its own, and the settings of its domain. */
	assert_int_equal(pl_domain_summary(fixture->store, "alias.test", &summary, &fixture->err),
			 1);
	assert_int_equal(summary.domain.members, 0);
	assert_int_equal(summary.domain.active, 0);
	assert_string_equal(summary.domain.alias_of, "own.test");
	assert_int_equal(summary.domain.settings.value[PL_SETTING_POP3], PL_OFF);
	/* One that a member's sign-in has brought along. */
	assert_int_equal(pl_domain_summary(fixture->store, "other.test", &summary, &fixture->err),
			 1);
	assert_int_equal(summary.domain.known, 0);
	assert_int_equal(summary.changed_at, 0);
	assert_int_equal(pl_domain_summary(fixture->store, "own.tes_", &summary, &fixture->err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(names_are_searched_literally_and_paged),
		TEST_WITH_DATABASE(an_administrator_sees_domains_of_the_scope_only),
		TEST_WITH_DATABASE(a_row_has_counts_and_the_last_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
