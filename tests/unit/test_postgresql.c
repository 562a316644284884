/* test_postgresql.c - what only a database on a server can do to us. */
#include "tests/unit/fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "policy/account/domain.h"

static int domains(struct fixture *fixture)
{
	return (int)pl_store_count(fixture->store, PL_COUNT_DOMAINS, &fixture->err);
}

/* The server process of the fixture's own connection, which is the only one. */
static int server_process(struct fixture *fixture)
{
	return (int)sql_int(fixture->db,
			    "SELECT pid FROM pg_stat_activity WHERE application_name = 'postlatch' "
			    "AND datname = current_database()");
}

/* Everybody may make tables in `public` in an older server, and a user's own
 * schema comes first in a search path that nobody set. */
static void tables_of_other_schemas_are_never_read(void **state)
{
	struct fixture *fixture = *state;

	only_postgresql(fixture);
	sql_run(fixture->db,
		"CREATE SCHEMA IF NOT EXISTS postlatch; DROP TABLE IF EXISTS public.domain; "
		"CREATE TABLE public.domain AS SELECT * FROM domain; "
		"INSERT INTO public.domain (id, name, active, created_at) VALUES (7, 'evil.test', "
		"1, 0); "
		"ALTER ROLE CURRENT_USER SET search_path = public, postlatch");
	reopen(fixture, PL_ROLE_COMMAND);
	assert_int_equal(domains(fixture), 0);
	add_domain(fixture, "example.test", "");
	assert_int_equal(domains(fixture), 1);
	sql_run(fixture->db, "ALTER ROLE CURRENT_USER RESET search_path");
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM public.domain"), 1);
	sql_run(fixture->db, "DROP TABLE public.domain");
}

static void readers_cannot_write(void **state)
{
	static const enum pl_role readers[] = { PL_ROLE_LOGIN, PL_ROLE_MILTER };
	struct fixture *fixture = *state;
	char sql[512];

	only_postgresql(fixture);
	/* A reading statement that would write, because somebody made it a rule. */
	snprintf(sql, sizeof(sql),
		 "CREATE FUNCTION version() RETURNS BIGINT LANGUAGE plpgsql AS $$ BEGIN "
		 "INSERT INTO postlatch.domain (name, active, created_at) VALUES ('evil.test', 1, "
		 "0); "
		 "RETURN %d; END $$; ALTER TABLE schema_history RENAME TO history; "
		 "CREATE VIEW schema_history AS SELECT postlatch.version() AS version",
		 PL_SCHEMA_VERSION);
	sql_run(fixture->db, sql);
	pl_store_close(&fixture->store);
	for (size_t i = 0; i < COUNT(readers); i++)
		assert_refused(fixture,
			       pl_store_open(fixture->uri, readers[i], &fixture->store,
					     &fixture->err),
			       PL_ERR_RETRY, "read-only transaction");
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM domain"), 0);
	reopen(fixture, PL_ROLE_USE);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM domain"), 1);
}

static void passwords_are_never_shown(void **state)
{
	static const char *const uris[] = {
		"postgresql://user:geheim@127.0.0.1:1/name",
		"postgresql://user:geheim@127.0.0.1:1,127.0.0.1:2/name?connect_timeout=2",
		"postgresql://127.0.0.1:1/name?user=user&password=geheim",
		"postgresql://user:geheim%@127.0.0.1:1/name",
		"postgresql://user:%67eheim%zz@127.0.0.1:1/name",
		"postgresql://127.0.0.1:1/name?geheim",
		"postgresql://127.0.0.1:1/name?word=geheim",
		"postgresql://user:geheim@[::1/name",
		"postgresql://user:ge@geheim@127.0.0.1:1/name",
		"postgresql://user:ge/geheim@127.0.0.1:1/name",
		"postgresql://user:ge:geheim@127.0.0.1@127.0.0.2:1/name",
		"postgres://user:geheim@127.0.0.1/name",
	};
	struct fixture *fixture = *state;
	char name[PL_STORE_NAME];

	only_postgresql(fixture);
	pl_store_close(&fixture->store);
	for (size_t i = 0; i < COUNT(uris); i++) {
		assert_int_equal(pl_store_open(uris[i], PL_ROLE_LOGIN, &fixture->store,
					       &fixture->err),
				 -1);
		assert_null(strstr(fixture->err.msg, "geheim"));
		assert_null(strstr(pl_store_name(uris[i], name, sizeof(name)), "geheim"));
		assert_int_equal(pl_schema_create(uris[i], &fixture->err), -1);
		assert_null(strstr(fixture->err.msg, "geheim"));
	}
	assert_string_equal(pl_store_name(uris[1], name, sizeof(name)),
			    "postgresql://127.0.0.1,127.0.0.1/name");
}

/* As when its machine is gone: it holds the lock of all writers. */
static void writer_that_stands_still_is_ended(void **state)
{
	struct fixture *fixture = *state;
	struct pl_store *other;
	int ret = -1;

	only_postgresql(fixture);
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	assert_ok(fixture, pl_store_open(fixture->uri, PL_ROLE_COMMAND, &other, &fixture->err));
	for (const time_t until = time(NULL) + 40; ret < 0 && time(NULL) < until;)
		ret = pl_store_begin_write(other, &fixture->err);
	assert_ok(fixture, ret);
	pl_store_close(&other);
	assert_int_equal(domains(fixture), -1);
}

static void server_that_hangs_up_is_noticed(void **state)
{
	struct fixture *fixture = *state;

	only_postgresql(fixture);
	assert_int_equal(pl_store_replaced(fixture->store), 0);
	sql_run(fixture->db,
		"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
		"WHERE application_name = 'postlatch' AND datname = current_database()");
	assert_int_equal(pl_store_replaced(fixture->store), 1);
	assert_int_equal(domains(fixture), -1);
	assert_string_equal(pl_errc_name(fixture->err.code), "retry");
	reopen(fixture, PL_ROLE_COMMAND);
	assert_int_equal(domains(fixture), 0);
}

static void statement_that_takes_too_long_is_given_up(void **state)
{
	struct fixture *fixture = *state;
	struct pl_store *other;
	struct timespec begin, end;

	only_postgresql(fixture);
	reopen(fixture, PL_ROLE_COMMAND);
	assert_ok(fixture, pl_store_open(fixture->uri, PL_ROLE_MILTER, &other, &fixture->err));
	sql_run(fixture->db, "CREATE FUNCTION slow() RETURNS INTEGER LANGUAGE sql AS 'SELECT 3 "
			     "FROM pg_sleep(30)';"
			     "ALTER TABLE schema_history RENAME TO history; "
			     "CREATE VIEW schema_history AS SELECT postlatch.slow() AS version");
	clock_gettime(CLOCK_MONOTONIC, &begin);
	assert_refused(fixture,
		       pl_step(pl_query(other, PL_SQL_SCHEMA_VERSION, NULL), &fixture->err),
		       PL_ERR_RETRY, "statement timeout");
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_true(end.tv_sec - begin.tv_sec < 20);
	pl_store_close(&other);
}

static void server_that_stops_to_answer_is_given_up(void **state)
{
	struct fixture *fixture = *state;
	int process, ret;

	only_postgresql(fixture);
	reopen(fixture, PL_ROLE_MILTER);
	process = server_process(fixture);
	assert_int_equal(kill(process, SIGSTOP), 0);
	ret = pl_step(pl_query(fixture->store, PL_SQL_SCHEMA_VERSION, NULL), &fixture->err);
	kill(process, SIGCONT);
	assert_int_equal(ret, -1);
	assert_string_equal(pl_errc_name(fixture->err.code), "retry");
	assert_non_null(strstr(fixture->err.msg, "does not answer"));
	assert_int_equal(pl_store_replaced(fixture->store), 1);
}

/* The server crashes when it has everything and has answered nothing. */
static void hang_up_at_commit_of(struct fixture *fixture, const char *table)
{
	char sql[512];

	snprintf(sql, sizeof(sql),
		 "CREATE FUNCTION hang_up() RETURNS trigger LANGUAGE plpgsql AS "
		 "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$; "
		 "CREATE CONSTRAINT TRIGGER hang_up AFTER INSERT OR UPDATE ON %s "
		 "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hang_up()",
		 table);
	sql_run(fixture->db, sql);
}

static void commit_without_an_answer_is_neither_done_nor_undone(void **state)
{
	struct fixture *fixture = *state;

	only_postgresql(fixture);
	hang_up_at_commit_of(fixture, "domain");
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	add_domain(fixture, "example.test", "");
	assert_refused(fixture, pl_store_commit(fixture->store, &fixture->err), PL_ERR_UNKNOWN,
		       "may have been done or not");
	pl_store_rollback(fixture->store);
	assert_int_equal(pl_store_replaced(fixture->store), 1);
}

static void database_of_another_encoding_is_refused(void **state)
{
	struct fixture *fixture = *state;
	char uri[200], *name;

	only_postgresql(fixture);
	sql_run(fixture->db, "DROP DATABASE IF EXISTS ascii_only");
	sql_run(fixture->db,
		"CREATE DATABASE ascii_only ENCODING SQL_ASCII LOCALE_PROVIDER libc LOCALE 'C' "
		"TEMPLATE template0");
	snprintf(uri, sizeof(uri), "%s", fixture->uri);
	name = strstr(uri, "@/postlatch?");
	assert_non_null(name);
	memmove(name + 12, name + 11, strlen(name + 11) + 1);
	memcpy(name, "@/ascii_only", 12);
	assert_refused(fixture, pl_schema_create(uri, &fixture->err), PL_ERR_CONFIG, "UTF8");
	sql_run(fixture->db, "DROP DATABASE ascii_only");
}

static void counters_go_on_when_numbers_were_given(void **state)
{
	struct fixture *fixture = *state;

	only_postgresql(fixture);
	add_domain(fixture, "one.test", "");
	sql_run(fixture->db, "DELETE FROM domain");
	add_domain(fixture, "two.test", "");
	assert_int_equal(sql_int(fixture->db, "SELECT id FROM domain"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(tables_of_other_schemas_are_never_read),
		TEST_WITH_DATABASE(readers_cannot_write),
		TEST_WITH_DATABASE(passwords_are_never_shown),
		TEST_WITH_DATABASE(writer_that_stands_still_is_ended),
		TEST_WITH_DATABASE(server_that_hangs_up_is_noticed),
		TEST_WITH_DATABASE(statement_that_takes_too_long_is_given_up),
		TEST_WITH_DATABASE(server_that_stops_to_answer_is_given_up),
		TEST_WITH_DATABASE(commit_without_an_answer_is_neither_done_nor_undone),
		TEST_WITH_DATABASE(database_of_another_encoding_is_refused),
		TEST_WITH_DATABASE(counters_go_on_when_numbers_were_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
