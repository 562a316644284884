/* test_store.c - statements, roles, columns by name and transactions. */
#include "tests/unit/fixture.h"
#include "tests/unit/statement_rows.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "policy/session/grant.h"
#include "policy/credential/trusted.h"

static const enum pl_role roles[] = { PL_ROLE_LOGIN,  PL_ROLE_USE,     PL_ROLE_MILTER,
				      PL_ROLE_PORTAL, PL_ROLE_CONSOLE, PL_ROLE_SENDER,
				      PL_ROLE_COMMAND };

/* One row of everything that others refer to, each with the number 1. */
static void add_one_of_each(struct fixture *fixture)
{
	const struct pl_address address = address_of("user@example.test");
	struct pl_app_password password = { .label = "phone" };
	struct pl_session session = { .expires_at = 1 };
	struct pl_trusted device = { .name = "browser" };
	struct pl_oauth_client client = { .id = "1", .redirect_uris = "https://webmail.test/" };
	struct pl_grant grant = { .session_id = 1, .client_id = "1" };
	struct pl_secret secret;

	assert_ok(fixture, pl_app_password_issue(work_of(fixture), fixture->keys, 16, &address,
						 &password, &secret));
	assert_ok(fixture, issue_token(work_of(fixture), account_at(fixture, &address), &session, 1,
				       &secret));
	assert_ok(fixture, pl_trusted_add(work_of(fixture), account_at(fixture, &address), &device,
					  &secret));
	assert_ok(fixture, pl_oauth_client_add(work_of(fixture), &client, &secret));
	assert_ok(fixture, pl_code_issue(fixture->store, &grant, &secret, &fixture->err));
	sql_run(fixture->db, "INSERT INTO connection_test (member_id, started_at, ends_at, ip, "
			     "attempts) VALUES (1, 1, 1, '', 0)");
	sql_run(fixture->db, "INSERT INTO administrator (member_id, role, made_at, made_by) VALUES "
			     "(NULL, 'server', 1, '')");
	sql_run(fixture->db,
		"INSERT INTO job (administrator_id, who, source, action, change, filter, "
		"made_at, state, reason, position, highest, total, changed, same, skipped, "
		"failed, runner, leased_until) VALUES (1, '', '', 'change', '', 'list', 1, "
		"'running', '', 0, 1, 1, 0, 0, 0, 0, '', 0)");
	sql_run(fixture->db, "INSERT INTO forward VALUES (1, 1, 0, 1)");
	sql_run(fixture->db,
		"INSERT INTO attachment_link (member_id, digest, origin, subject, "
		"made_at, expires_at, downloads_most) VALUES (1, '', '', '', 1, 1, 1)");
	sql_run(fixture->db, "INSERT INTO attachment_file (link_id, name, type, size, scanned) "
			     "VALUES (1, '', '', 1, 1)");
	assert_int_equal(device.id, 1);
	assert_int_equal(password.id, 1);
	assert_int_equal(session.id, 1);
}

/* Every value is 1, which refers to the rows above; of a client, which has no number of its own,
 * 2. */
static int64_t run_with_ones(struct pl_store *store, enum pl_sql sql, struct pl_error *err)
{
	char text[PL_SQL_TEXT_MAX], spelled[PL_SQL_PARAMS_MAX][32];
	struct pl_param params[PL_SQL_PARAMS_MAX + 1] = { { .type = PL_PARAM_END } };
	struct pl_sql_names names;

	assert_int_equal(pl_sql_text(statements[sql].sql, '?', text, sizeof(text), &names), 0);
	for (int i = 0; i < names.count; i++) {
		snprintf(spelled[i], sizeof(spelled[i]), "%.*s", (int)names.name[i].len,
			 names.name[i].text);
		params[i] = (struct pl_param)PL_INT(spelled[i],
						    sql == PL_SQL_OAUTH_CLIENT_INSERT ? 2 : 1);
	}
	return pl_exec_count(store, sql, params, err);
}

/* The readers' connections refuse every write, so this also shows that no
 * statement of theirs writes. */
static void every_statement_runs_in_its_roles(void **state)
{
	struct fixture *fixture = *state;

	add_one_of_each(fixture);
	for (size_t r = 0; r < COUNT(roles); r++) {
		reopen(fixture, roles[r]);
		for (unsigned int i = 0; i < PL_SQL_COUNT; i++) {
			if ((statements[i].roles & roles[r]) == 0)
				continue;
			assert_ok(fixture, pl_store_begin_read(fixture->store, &fixture->err));
			if (i == PL_SQL_CONNECTION_TEST_INSERT) /* the member has one */
				run_with_ones(fixture->store, PL_SQL_CONNECTION_TEST_DELETE, NULL);
			if (run_with_ones(fixture->store, (enum pl_sql)i, &fixture->err) < 0)
				fail_msg("%s in role %u: %s", statements[i].name, roles[r],
					 fixture->err.msg);
			pl_store_rollback(fixture->store);
		}
	}
}

static void statements_of_other_roles_are_refused(void **state)
{
	struct fixture *fixture = *state;
	char *before, *after;

	add_one_of_each(fixture);
	before = sql_everything(fixture->db);
	for (size_t r = 0; r < COUNT(roles); r++) {
		reopen(fixture, roles[r]);
		for (unsigned int i = 0; i < PL_SQL_COUNT; i++) {
			if ((statements[i].roles & roles[r]) == 0)
				assert_refused(fixture,
					       run_with_ones(fixture->store, (enum pl_sql)i,
							     &fixture->err),
					       PL_ERR_INTERNAL, statements[i].name);
		}
	}
	after = sql_everything(fixture->db);
	assert_string_equal(after, before);
	free(before);
	free(after);
}

static void unknown_column_is_reported(void **state)
{
	struct fixture *fixture = *state;
	struct pl_stmt *stmt = pl_query(fixture->store, PL_SQL_COUNT_DOMAINS, NULL);

	assert_int_equal(pl_step(stmt, &fixture->err), 1);
	assert_int_equal(pl_row_ok(stmt, &fixture->err), 0);
	assert_int_equal(pl_col_int(stmt, "nosuch"), 0);
	assert_null(pl_col_text(stmt, "count"));
	assert_refused(fixture, pl_row_ok(stmt, &fixture->err), PL_ERR_INTERNAL, "nosuch");
	assert_refused(fixture, pl_step(stmt, &fixture->err), PL_ERR_INTERNAL, "COUNT_DOMAINS");
	stmt = pl_query(fixture->store, PL_SQL_COUNT_DOMAINS, NULL);
	assert_int_equal(pl_step(stmt, &fixture->err), 1);
	assert_int_equal(pl_col_int(stmt, "count"), 0);
	assert_int_equal(pl_row_ok(stmt, &fixture->err), 0);
	pl_reset(stmt);
}

static void mistaken_parameters_are_reported(void **state)
{
	static const char sentence[] = "statement TRUSTED_LIST: ";
	const struct pl_param id = PL_INT("member_id", 1), now = PL_INT("now", 1);
	const struct {
		const struct pl_param *params;
		const char *mistake;
	} rows[] = {
		{ NULL, "got no value for parameter member_id" },
		{ PL_PARAMS(id), "got no value for parameter now" },
		{ PL_PARAMS(now), "got no value for parameter member_id" },
		{ PL_PARAMS(id, now, PL_INT("nosuch", 1)), "has no parameter nosuch" },
		{ PL_PARAMS(id, now, PL_INT("no", 1)), "has no parameter no" },
		{ PL_PARAMS(PL_INT("nowhere", 1), id), "has no parameter nowhere" },
		{ PL_PARAMS(id, now, id), "got two values for parameter member_id" },
	};
	struct fixture *fixture = *state;
	char whole[128];
	int64_t rowid;

	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(whole, sizeof(whole), "%s%s", sentence, rows[i].mistake);
		assert_refused(fixture,
			       pl_step(pl_query(fixture->store, PL_SQL_TRUSTED_LIST,
						rows[i].params),
				       &fixture->err),
			       PL_ERR_INTERNAL, whole);
		assert_refused(fixture,
			       pl_exec(fixture->store, PL_SQL_TRUSTED_LIST, rows[i].params,
				       &fixture->err),
			       PL_ERR_INTERNAL, whole);
		assert_refused(fixture,
			       pl_insert(fixture->store, PL_SQL_TRUSTED_LIST, rows[i].params,
					 &rowid, &fixture->err),
			       PL_ERR_INTERNAL, whole);
	}
	/* Nothing of the mistakes stays, and the order does not matter. */
	assert_int_equal(pl_step(pl_query(fixture->store, PL_SQL_TRUSTED_LIST, PL_PARAMS(now, id)),
				 &fixture->err),
			 0);
}

static void null_reads_as_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct pl_stmt *stmt;
	char copy[8] = "before";

	add_domain(fixture, "example.test", "");
	stmt = pl_query(fixture->store, PL_SQL_ACCOUNT,
			PL_PARAMS(PL_TEXT("local", "nobody"), PL_TEXT("domain", "example.test")));
	assert_int_equal(pl_step(stmt, &fixture->err), 1);
	assert_true(pl_col_is_null(stmt, "member_id"));
	assert_false(pl_col_is_null(stmt, "domain_id"));
	assert_int_equal(pl_col_int(stmt, "member_id"), 0);
	pl_col_copy(stmt, "local", copy, sizeof(copy));
	assert_string_equal(copy, "");
	assert_int_equal(pl_row_ok(stmt, &fixture->err), 0);
	pl_reset(stmt);
}

static void nothing_makes_a_missing_database(void **state)
{
	struct fixture *fixture = *state;
	const char *copy = path_in(fixture, "copy.db");
	char problem[64];
	int version;

	only_sqlite(fixture);
	for (size_t r = 0; r < COUNT(roles); r++)
		assert_refused(fixture,
			       pl_store_open(fixture->uri, roles[r], &fixture->store,
					     &fixture->err),
			       PL_ERR_RETRY, fixture->db);
	assert_null(fixture->store);
	assert_refused(fixture, pl_schema_migrate(fixture->uri, NULL, NULL, &fixture->err),
		       PL_ERR_RETRY, "");
	assert_refused(fixture, pl_schema_read_version(fixture->uri, &version, &fixture->err),
		       PL_ERR_RETRY, "");
	assert_refused(fixture,
		       pl_schema_verify(fixture->uri, problem, sizeof(problem), &fixture->err),
		       PL_ERR_RETRY, "");
	assert_refused(fixture, pl_schema_backup(fixture->uri, copy, NULL, &fixture->err),
		       PL_ERR_RETRY, "");
	assert_int_equal(access(fixture->db, F_OK), -1);
	assert_int_equal(access(copy, F_OK), -1);
}

static void other_uris_are_refused(void **state)
{
	static const char *const uris[] = { "", "sqlite:", "mysql://x", "/var/lib/x.db",
					    "SQLITE:/x" };
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(uris); i++)
		assert_refused(fixture,
			       pl_store_open(uris[i], PL_ROLE_LOGIN, &fixture->store,
					     &fixture->err),
			       PL_ERR_CONFIG, "sqlite:PATH");
}

static void rollback_undoes_and_commit_keeps(void **state)
{
	struct fixture *fixture = *state;

	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	add_domain(fixture, "gone.test", "");
	pl_store_rollback(fixture->store);
	pl_store_rollback(fixture->store); /* nothing is open: nothing happens */
	assert_int_equal(pl_store_count(fixture->store, PL_COUNT_DOMAINS, &fixture->err), 0);
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	add_domain(fixture, "kept.test", "");
	assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM domain"), 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM audit"), 1);
}

static void counts(void **state)
{
	static const int64_t want[] = {
		[PL_COUNT_DOMAINS] = 1,
		[PL_COUNT_MEMBERS] = 2,
		[PL_COUNT_APP_PASSWORDS] = 1,
		[PL_COUNT_AUDIT] = 6,
	};
	struct fixture *fixture = *state;

	add_one_of_each(fixture);
	add_member(fixture, "second@example.test", "");
	for (unsigned int i = 0; i < COUNT(want); i++)
		assert_int_equal(pl_store_count(fixture->store, (enum pl_count)i, &fixture->err),
				 want[i]);
}

static int64_t domain_id_seen_by(struct pl_store *store)
{
	const struct pl_address address = address_of("user@example.test");
	struct pl_account account;

	assert_int_equal(pl_account_get(store, &address, &account, NULL), 0);
	return account.domain.id;
}

static void reader_sees_one_state_beside_a_writer(void **state)
{
	struct fixture *fixture = *state;
	struct pl_store *reader;

	assert_ok(fixture, pl_store_open(fixture->uri, PL_ROLE_LOGIN, &reader, &fixture->err));
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	add_domain(fixture, "example.test", "");
	assert_ok(fixture, pl_store_begin_read(reader, &fixture->err));
	assert_int_equal(domain_id_seen_by(reader), 0);
	assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
	assert_int_equal(domain_id_seen_by(reader), 0);
	pl_store_end_read(reader);
	assert_int_equal(domain_id_seen_by(reader), 1);
	pl_store_close(&reader);
	assert_null(reader);
	pl_store_close(&reader);
}

static void second_writer_is_told_to_retry(void **state)
{
	struct fixture *fixture = *state;
	struct pl_store *second;

	assert_ok(fixture, pl_store_open(fixture->uri, PL_ROLE_USE, &second, &fixture->err));
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	assert_refused(fixture, pl_store_begin_write(second, &fixture->err), PL_ERR_RETRY,
		       "locked");
	pl_store_rollback(fixture->store);
	assert_ok(fixture, pl_store_begin_write(second, &fixture->err));
	pl_store_close(&second);
}

static void replaced_file_is_noticed(void **state)
{
	struct fixture *fixture = *state;
	const char *aside = path_in(fixture, "aside.db");

	only_sqlite(fixture);
	assert_int_equal(pl_store_replaced(fixture->store), 0);
	add_domain(fixture, "example.test", "");
	assert_int_equal(pl_store_replaced(fixture->store), 0);
	assert_int_equal(rename(fixture->db, aside), 0);
	assert_int_equal(pl_store_replaced(fixture->store), 1);
	assert_int_equal(rename(aside, fixture->db), 0);
	assert_int_equal(pl_store_replaced(fixture->store), 0);
	assert_int_equal(rename(fixture->db, aside), 0);
	assert_ok(fixture, pl_schema_create(fixture->uri, &fixture->err));
	assert_int_equal(pl_store_replaced(fixture->store), 1);
}

/* A process that reads a mapped file behind its end is killed by SIGBUS. */
static void shm_file_that_is_cut_off_is_made_anew(void **state)
{
	struct fixture *fixture = *state;
	struct pl_store *other;
	char shm[PATH_MAX];

	only_sqlite(fixture);
	snprintf(shm, sizeof(shm), "%s-shm", fixture->db);
	add_domain(fixture, "a.test", "");
	assert_ok(fixture, pl_store_open(fixture->uri, PL_ROLE_COMMAND, &other, &fixture->err));
	assert_int_equal(truncate(shm, 0), 0);
	assert_int_equal(pl_store_count(fixture->store, PL_COUNT_DOMAINS, &fixture->err), 1);
	assert_int_equal(truncate(shm, 0), 0);
	assert_int_equal(pl_store_count(other, PL_COUNT_DOMAINS, &fixture->err), 1);
	assert_int_equal(truncate(shm, 0), 0);
	add_domain(fixture, "b.test", "");
	assert_int_equal(truncate(shm, 4096), 0);
	assert_ok(fixture, pl_store_begin_read(other, &fixture->err));
	assert_int_equal(pl_store_count(other, PL_COUNT_DOMAINS, &fixture->err), 2);
	pl_store_end_read(other);
	assert_int_equal(truncate(shm, 0), 0);
	pl_store_close(&other);
	assert_int_equal(truncate(shm, 0), 0);
	reopen(fixture, PL_ROLE_COMMAND);
	assert_int_equal(pl_store_count(fixture->store, PL_COUNT_DOMAINS, &fixture->err), 2);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM pragma_integrity_check "
					      "WHERE integrity_check = 'ok'"),
			 1);
}

static void migration_of_an_open_database_is_noticed(void **state)
{
	struct fixture *fixture = *state;
	struct pl_store *again;

	sql_run(fixture->db,
		"INSERT INTO schema_history (version, title, applied_at) VALUES (999, 'later', 0)");
	assert_int_equal(pl_store_replaced(fixture->store), 1);
	assert_refused(fixture, pl_store_open(fixture->uri, PL_ROLE_LOGIN, &again, &fixture->err),
		       PL_ERR_CONFIG, "update this program");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(every_statement_runs_in_its_roles),
		TEST_WITH_DATABASE(statements_of_other_roles_are_refused),
		TEST_WITH_DATABASE(unknown_column_is_reported),
		TEST_WITH_DATABASE(mistaken_parameters_are_reported),
		TEST_WITH_DATABASE(null_reads_as_nothing),
		TEST_IN_FOLDER(nothing_makes_a_missing_database),
		TEST_IN_FOLDER(other_uris_are_refused),
		TEST_WITH_DATABASE(rollback_undoes_and_commit_keeps),
		TEST_WITH_DATABASE(counts),
		TEST_WITH_DATABASE(reader_sees_one_state_beside_a_writer),
		TEST_WITH_DATABASE(second_writer_is_told_to_retry),
		TEST_WITH_DATABASE(replaced_file_is_noticed),
		TEST_WITH_DATABASE(shm_file_that_is_cut_off_is_made_anew),
		TEST_WITH_DATABASE(migration_of_an_open_database_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
