/* test_member_index.c - what could make lists of members say what is not, or is no longer, so. */
#include "tests/unit/fixture.h"

#include "policy/admin/member_query.h"

#define MOST 10

/* The addresses of a page, each with a space behind it. */
static int note(const struct pl_member_line *line, void *context)
{
	char address[PL_ADDRESS_MAX + 1], *text = context;

	pl_address_format(&line->account.member.address, address);
	strcat(strcat(text, address), " ");
	return 0;
}

/* The active members that an administrator sees in the index as it is. Also how many there are. */
static void assert_sees(struct fixture *fixture, struct pl_member_index *index, int64_t scope,
			const char *addresses, int64_t total)
{
	const struct pl_member_query query = { .active = PL_YES };
	const struct pl_member_page page = { .limit = MOST };
	struct pl_member_search *search;
	struct pl_member_found found;
	char text[MOST * (PL_ADDRESS_MAX + 2)] = "";

	assert_ok(fixture, pl_member_search_open(fixture->store, fixture->policy, scope, &query,
						 1000000, &search, &fixture->err));
	assert_ok(fixture,
		  pl_member_search_page(search, index, &page, &found, note, text, &fixture->err));
	pl_member_search_close(&search);
	assert_string_equal(text, addresses);
	assert_int_equal(found.total, total);
}

static void assert_has(struct fixture *fixture, struct pl_member_index *index,
		       const char *addresses, int64_t total)
{
	assert_ok(fixture, pl_member_index_update(index, fixture->store, &fixture->err));
	assert_sees(fixture, index, 0, addresses, total);
}

/* As psql and pg_restore set it. */
static void changes_are_noted_whatever_path_is_searched(void **state)
{
	struct fixture *fixture = *state;
	struct pl_member_index *index = pl_member_index_new();

	only_postgresql(fixture);
	add_domain(fixture, "one.test", "");
	add_member(fixture, "a@one.test", "");
	assert_has(fixture, index, "a@one.test ", 1);
	sql_run(fixture->db, "SET search_path = ''; UPDATE postlatch.member SET active = 0");
	assert_has(fixture, index, "", 0);
	sql_run(fixture->db, "SET search_path = ''; DELETE FROM postlatch.member");
	sql_run(fixture->db,
		"SET search_path = ''; INSERT INTO postlatch.member (domain_id, local, active, "
		"class, created_at, settings) SELECT id, 'c', 1, '', 0, '' FROM postlatch.domain");
	assert_has(fixture, index, "c@one.test ", 1);
	pl_member_index_free(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(changes_are_noted_whatever_path_is_searched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
