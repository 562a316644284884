/* test_member_index.c - what could make lists of members say what is not, or is no longer, so. */
#include "tests/unit/fixture.h"

#include "policy/admin/administrator.h"
#include "policy/admin/member_query.h"
#include "policy/store/schema_restore.h"

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

/* Another program's transaction keeps the mark where it is. */
static void what_ends_beside_a_longer_transaction_is_not_missed(void **state)
{
	struct fixture *fixture = *state;
	struct pl_member_index *index;
	void *longest, *late;

	only_postgresql(fixture);
	index = pl_member_index_new();
	add_domain(fixture, "one.test", "");
	add_member(fixture, "a@one.test", "");
	add_member(fixture, "b@one.test", "");
	longest = sql_begin(fixture->db, "SELECT txid_current()");
	late = sql_begin(fixture->db, "UPDATE member SET active = 0 WHERE local = 'a'");
	sql_run(fixture->db, "UPDATE member SET active = 0 WHERE local = 'b'");
	assert_has(fixture, index, "a@one.test ", 1);
	sql_commit(late);
	assert_has(fixture, index, "", 0);
	sql_commit(longest);
	pl_member_index_free(&index);
}

/* As psql and pg_restore set it. */
static void changes_are_noted_whatever_path_is_searched(void **state)
{
	struct fixture *fixture = *state;
	struct pl_member_index *index;

	only_postgresql(fixture);
	index = pl_member_index_new();
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

/* On a connection that has changed one before: with 20,000 it took minutes. */
static void many_changes_at_once_take_no_longer_than_one_by_one(void **state)
{
	struct fixture *fixture = *state;

	only_postgresql(fixture);
	add_domain(fixture, "one.test", "");
	sql_run(fixture->db,
		"INSERT INTO member (domain_id, local, active, class, created_at, settings) SELECT "
		"d.id, 'm' || g, 1, '', 0, '' FROM domain d, generate_series(1, 20000) g");
	sql_run(fixture->db,
		"UPDATE member SET seen_day = 1 WHERE local = 'm1'; SET statement_timeout = '25s'; "
		"UPDATE member SET seen_day = 2");
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM member_change WHERE member_id <> 0"),
			 2 * 20000 + 1);
}

/* Nothing had changed of late, neither before the backup nor after it. */
static void a_restore_is_noticed_when_nothing_has_changed_of_late(void **state)
{
	struct fixture *fixture = *state;
	struct pl_member_index *index;
	const int64_t later = INT64_C(100000000000);
	struct pl_staged staged;
	char backup[128];

	only_sqlite(fixture);
	index = pl_member_index_new();
	snprintf(backup, sizeof(backup), "%s", path_in(fixture, "backup"));
	add_domain(fixture, "one.test", "");
	add_member(fixture, "a@one.test", "");
	prune_at(fixture, later);
	assert_ok(fixture, pl_schema_backup(fixture->uri, backup, NULL, &fixture->err));
	add_member(fixture, "b@one.test", "");
	prune_at(fixture, later);
	assert_has(fixture, index, "a@one.test b@one.test ", 2);
	assert_ok(fixture, pl_staged_make(&staged, fixture->uri, backup, NULL, &fixture->err));
	assert_ok(fixture, pl_staged_put(&staged, fixture->uri, NULL, &fixture->err));
	reopen(fixture, PL_ROLE_COMMAND);
	assert_has(fixture, index, "a@one.test ", 1);
	pl_staged_drop(&staged);
	pl_member_index_free(&index);
}

static void set_mark(struct fixture *fixture, int64_t mark)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "CREATE OR REPLACE VIEW member_change_mark AS SELECT CAST(%lld AS BIGINT) AS mark",
		 (long long)mark);
	sql_run(fixture->db, sql);
}

/* The server's numbers are lower than they were, as on another server that took its place. */
static void a_mark_that_went_back_is_of_another_server(void **state)
{
	struct fixture *fixture = *state;
	struct pl_member_index *index;

	only_postgresql(fixture);
	index = pl_member_index_new();
	add_domain(fixture, "one.test", "");
	add_member(fixture, "a@one.test", "");
	sql_run(fixture->db, "ALTER VIEW member_change_mark RENAME TO right_mark");
	set_mark(fixture, 1000000000);
	assert_has(fixture, index, "a@one.test ", 1);
	set_mark(fixture, 999999999);
	sql_run(fixture->db, "UPDATE member SET active = 0");
	assert_has(fixture, index, "", 0);
	sql_run(fixture->db, "DROP VIEW member_change_mark; ALTER VIEW right_mark RENAME TO "
			     "member_change_mark");
	pl_member_index_free(&index);
}

static void an_administrator_sees_no_other_domain_than_its_own(void **state)
{
	static const char *const domains[] = { "one.test", NULL };
	struct fixture *fixture = *state;
	struct pl_member_index *index = pl_member_index_new();
	struct pl_administrator administrator;
	struct pl_account account;
	int64_t scope;

	add_domain(fixture, "one.test", "");
	add_domain(fixture, "two.test", "");
	add_member(fixture, "admin@one.test", "");
	add_member(fixture, "user@one.test", "");
	add_member(fixture, "user@two.test", "");
	account = account_of(fixture, "admin@one.test");
	assert_ok(fixture,
		  pl_administrator_set(work_of(fixture), &account, PL_ADMIN_HELPDESK, domains));
	assert_ok(fixture, pl_administrator_of_member(fixture->store, account.member.id,
						      &administrator, &fixture->err));
	scope = pl_administrator_scope(&administrator);
	assert_has(fixture, index, "admin@one.test user@one.test user@two.test ", 3);
	assert_sees(fixture, index, scope, "admin@one.test user@one.test ", 2);
	assert_sees(fixture, index, -1, "", 0);
	/* The index is not told yet that the id, after a restore, is that of another member. */
	sql_run(fixture->db, "DELETE FROM member WHERE local = 'user'; INSERT INTO member (id, "
			     "domain_id, local, active, class, created_at, settings) SELECT 2, id, "
			     "'secret', 1, '', 0, '' FROM domain WHERE name = 'two.test'");
	assert_sees(fixture, index, scope, "admin@one.test ", 2);
	assert_has(fixture, index, "admin@one.test secret@two.test ", 2);
	assert_sees(fixture, index, scope, "admin@one.test ", 1);
	pl_member_index_free(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(what_ends_beside_a_longer_transaction_is_not_missed),
		TEST_WITH_DATABASE(changes_are_noted_whatever_path_is_searched),
		TEST_WITH_DATABASE(many_changes_at_once_take_no_longer_than_one_by_one),
		TEST_WITH_DATABASE(a_restore_is_noticed_when_nothing_has_changed_of_late),
		TEST_WITH_DATABASE(a_mark_that_went_back_is_of_another_server),
		TEST_WITH_DATABASE(an_administrator_sees_no_other_domain_than_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
