/* test_store_pool.c - connections are given out once, and only for the database that was asked for. */
#include "tests/unit/fixture.h"

#include "policy/store/store_pool.h"

static int take(struct pl_store_pool *pool, const char *uri, struct pl_store **store_r,
		struct pl_error *err)
{
	struct pl_budget budget = { PL_BUDGET_MS };
	int ret = pl_store_pool_take(pool, uri, &budget, store_r, err);

	if (ret == 0)
		pl_store_set_budget(*store_r, NULL);
	return ret;
}

static void server_gets_so_many_connections_and_no_more(void **state)
{
	struct fixture *fixture = *state;
	struct pl_store_pool *pool;
	struct pl_store *stores[PL_STORE_POOL_MOST], *last;

	only_postgresql(fixture);
	pool = pl_store_pool_new(PL_ROLE_MILTER, PL_STORE_POOL_MOST);
	for (size_t i = 0; i < COUNT(stores); i++)
		assert_ok(fixture, take(pool, fixture->uri, &stores[i], &fixture->err));
	assert_refused(fixture, take(pool, fixture->uri, &last, &fixture->err), PL_ERR_RETRY,
		       "all 16 connections");
	pl_store_pool_give(pool, &stores[0], 0);
	assert_ok(fixture, take(pool, fixture->uri, &stores[0], &fixture->err));
	for (size_t i = 0; i < COUNT(stores); i++)
		pl_store_pool_give(pool, &stores[i], i % 2);
	assert_ok(fixture, take(pool, fixture->uri, &last, &fixture->err));
	pl_store_pool_give(pool, &last, 0);
	pl_store_pool_free(&pool);
}

/* One that could not be opened holds no place. */
static void failed_attempt_gives_its_place_back(void **state)
{
	struct fixture *fixture = *state;
	struct pl_store_pool *pool;
	struct pl_store *store;

	only_postgresql(fixture);
	pool = pl_store_pool_new(PL_ROLE_MILTER, PL_STORE_POOL_MOST);
	for (int i = 0; i < 2 * PL_STORE_POOL_MOST; i++)
		assert_refused(fixture,
			       take(pool, "postgresql://127.0.0.1:1/none", &store, &fixture->err),
			       PL_ERR_RETRY, "127.0.0.1/none");
	pl_store_pool_drain(pool);
	assert_ok(fixture, take(pool, fixture->uri, &store, &fixture->err));
	pl_store_pool_give(pool, &store, 0);
	pl_store_pool_free(&pool);
}

/* Another database, in a file. Returns its uri. */
static const char *make_other(struct fixture *fixture)
{
	static char uri[160];

	snprintf(uri, sizeof(uri), "sqlite:%s", path_in(fixture, "other.db"));
	assert_ok(fixture, pl_schema_create(uri, &fixture->err));
	return uri;
}

static void connection_that_was_in_use_while_the_policy_moved_is_not_used_again(void **state)
{
	struct fixture *fixture = *state;
	const char *other = make_other(fixture);
	struct pl_store_pool *pool = pl_store_pool_new(PL_ROLE_MILTER, PL_STORE_POOL_MOST);
	struct pl_store *before, *after, *again;

	assert_ok(fixture, take(pool, fixture->uri, &before, &fixture->err));
	assert_ok(fixture, take(pool, other, &after, &fixture->err));
	pl_store_pool_give(pool, &after, 0);
	pl_store_pool_give(pool, &before, 0);
	assert_ok(fixture, take(pool, other, &after, &fixture->err));
	assert_string_equal(pl_store_uri(after), other);
	assert_ok(fixture, take(pool, other, &again, &fixture->err));
	assert_string_equal(pl_store_uri(again), other);
	pl_store_pool_give(pool, &after, 0);
	pl_store_pool_give(pool, &again, 0);
	pl_store_pool_free(&pool);
}

static void connection_to_a_file_has_no_place_of_a_server(void **state)
{
	struct fixture *fixture = *state;
	struct pl_store_pool *pool;
	struct pl_store *server, *file, *second;
	const char *other;

	only_postgresql(fixture);
	other = make_other(fixture);
	pool = pl_store_pool_new(PL_ROLE_MILTER, 1);
	assert_ok(fixture, take(pool, other, &file, &fixture->err));
	assert_ok(fixture, take(pool, fixture->uri, &server, &fixture->err));
	pl_store_pool_give(pool, &file, 0);
	assert_refused(fixture, take(pool, fixture->uri, &second, &fixture->err), PL_ERR_RETRY,
		       "all 1 connections");
	pl_store_pool_give(pool, &server, 0);
	pl_store_pool_free(&pool);
}

static void connections_to_a_file_are_limited_where_that_is_wanted(void **state)
{
	struct fixture *fixture = *state;
	const char *other = make_other(fixture);
	struct pl_store_pool *pool = pl_store_pool_new(PL_ROLE_MILTER, 2);
	struct pl_store *stores[2], *last;

	pl_store_pool_limit_files(pool);
	/* One that could not be opened holds no place. */
	for (int i = 0; i < 3; i++)
		assert_refused(fixture, take(pool, "sqlite:/nowhere/x.db", &last, &fixture->err),
			       PL_ERR_RETRY, "/nowhere/x.db");
	for (size_t i = 0; i < COUNT(stores); i++)
		assert_ok(fixture, take(pool, other, &stores[i], &fixture->err));
	assert_refused(fixture, take(pool, other, &last, &fixture->err), PL_ERR_RETRY,
		       "all 2 connections");
	pl_store_pool_give(pool, &stores[0], 0);
	assert_ok(fixture, take(pool, other, &stores[0], &fixture->err));
	for (size_t i = 0; i < COUNT(stores); i++)
		pl_store_pool_give(pool, &stores[i], i % 2);
	pl_store_pool_free(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(server_gets_so_many_connections_and_no_more),
		TEST_WITH_DATABASE(failed_attempt_gives_its_place_back),
		TEST_WITH_DATABASE(
			connection_that_was_in_use_while_the_policy_moved_is_not_used_again),
		TEST_WITH_DATABASE(connection_to_a_file_has_no_place_of_a_server),
		TEST_WITH_DATABASE(connections_to_a_file_are_limited_where_that_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
