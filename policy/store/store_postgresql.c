/* store_postgresql.c - the PostgreSQL backend.
 *
 * One writer at a time, as with SQLite: a write transaction begins by taking one
 * lock of the whole database, so that what it has read holds until it commits. The
 * lock is the transaction's own, and a server that crashes releases it.
 */
#include "policy/store/store_postgresql.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number is our name's first eight letters. */
#define BEGIN_WRITE "BEGIN; SELECT pg_advisory_xact_lock(8101821198534538339)"
#define BEGIN_READ "BEGIN ISOLATION LEVEL REPEATABLE READ"
#define WAIT_MORE 1000 /* milliseconds that an answer may take beyond its statement */
#define WAIT_ROLLBACK 1000
#define INT_TEXT 24

static int run(struct pl_postgresql *db, const char *sql, int wait_ms, struct pl_error *err)
{
	PGresult *result;

	if (pl_postgresql_is_lost(db))
		return pl_error_set(err, PL_ERR_RETRY, "the connection is lost");
	result = pl_postgresql_answer(db, PQsendQuery(db->conn, sql), wait_ms, err);
	PQclear(result);
	return result == NULL ? -1 : 0;
}

static void close_db(void *db_p)
{
	struct pl_postgresql *db = db_p;

	PQfinish(db->conn);
	free(db);
}

static int open_db(const char *location, enum pl_role role, void **db_r, struct pl_error *err)
{
	struct pl_postgresql *db = calloc(1, sizeof(*db));

	*db_r = NULL;
	if (db == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	if (pl_postgresql_connect(location, role, &db->conn, err) < 0) {
		free(db);
		return -1;
	}
	db->wait_ms = pl_postgresql_statement_ms(role) + WAIT_MORE;
	*db_r = db;
	return 0;
}

/* Whether the server has hung up. It says something of its own accord only when it
 * goes, or when a setting was changed: then there is more to read after that. */
static int replaced(const void *db_p)
{
	const struct pl_postgresql *db = db_p;

	for (int i = 0; i < 3 && !pl_postgresql_is_lost(db); i++) {
		struct pollfd fd = { .fd = PQsocket(db->conn), .events = POLLIN };

		if (poll(&fd, 1, 0) <= 0)
			return 0;
		if (PQconsumeInput(db->conn) == 0)
			return 1;
	}
	return pl_postgresql_is_lost(db);
}

static void set_budget(void *db, struct pl_budget *budget)
{
	((struct pl_postgresql *)db)->budget = budget;
}

#define IS_THERE                                                       \
	"SELECT to_regclass('postlatch.schema_history') IS NOT NULL, " \
	"to_regnamespace('postlatch') IS NOT NULL"

/* The operator makes the database; the schema may be there, empty. */
static int create_db(const char *location, struct pl_error *err)
{
	void *db_p;
	struct pl_postgresql *db;
	PGresult *result;
	int ret = -1;

	if (open_db(location, PL_ROLE_COMMAND, &db_p, err) < 0)
		return -1;
	db = db_p;
	result = pl_postgresql_answer(db, PQsendQuery(db->conn, IS_THERE), db->wait_ms, err);
	if (result != NULL && strcmp(PQgetvalue(result, 0, 0), "t") == 0)
		pl_error_set(err, PL_ERR_CONFLICT, "it already exists and is not changed");
	else if (result != NULL)
		ret = strcmp(PQgetvalue(result, 0, 1), "t") == 0
			      ? 0
			      : run(db, "CREATE SCHEMA postlatch", db->wait_ms, err);
	PQclear(result);
	close_db(db);
	return ret;
}

static int backup_db(const char *location, const char *path, void (*progress)(int left, int of),
		     struct pl_error *err)
{
	(void)location;
	(void)path;
	(void)progress;
	return pl_error_set(err, PL_ERR_INVALID,
			    "PostgreSQL has its own tool: pg_dump --schema=postlatch, or copy it "
			    "to an "
			    "SQLite file with `postlatch db copy`");
}

/* The server checks its pages as it reads them; so all that can be asked is to read. */
static int verify_db(void *db, char *problem_r, size_t size, struct pl_error *err)
{
	(void)size;
	problem_r[0] = '\0';
	return run(db, "SELECT COUNT(*) FROM member", ((struct pl_postgresql *)db)->wait_ms, err);
}

static void rollback(void *db_p)
{
	struct pl_postgresql *db = db_p;

	/* A lock may be held until then, so the connection is given up if it is not answered. */
	if (!db->is_pipeline && !pl_postgresql_is_lost(db) &&
	    PQtransactionStatus(db->conn) != PQTRANS_IDLE)
		run(db, "ROLLBACK", WAIT_ROLLBACK, NULL);
}

static int begin(void *db_p, int write, struct pl_error *err)
{
	struct pl_postgresql *db = db_p;

	if (run(db, write ? BEGIN_WRITE : BEGIN_READ, db->wait_ms, err) == 0)
		return 0;
	rollback(db); /* the lock was refused, and the transaction is open */
	return -1;
}

static int commit(void *db_p, struct pl_error *err)
{
	struct pl_postgresql *db = db_p;
	PGresult *result;
	int ret;

	if (pl_postgresql_is_lost(db))
		return pl_error_set(err, PL_ERR_RETRY, "the connection is lost");
	/* Whoever gives up on it does not know whether it was done. */
	if (db->budget != NULL && db->budget->left_ms < PL_BUDGET_COMMIT_MS)
		db->budget->left_ms = PL_BUDGET_COMMIT_MS;
	result = pl_postgresql_answer(db, PQsendQuery(db->conn, "COMMIT"), db->wait_ms, err);
	if (result == NULL && pl_postgresql_is_lost(db)) {
		if (err != NULL)
			err->code = PL_ERR_UNKNOWN;
		return pl_error_prefix(err, "the answer to a COMMIT was lost, so it may have been "
					    "done or not");
	}
	if (result == NULL)
		return -1;
	/* What the server answers to the end of a transaction in which something failed. */
	ret = strcmp(PQcmdStatus(result), "COMMIT") == 0
		      ? 0
		      : pl_error_set(err, PL_ERR_INTERNAL,
				     "the transaction had failed before its end");
	PQclear(result);
	return ret;
}

static int script(void *db, const char *sql, struct pl_error *err)
{
	return run(db, "SET LOCAL statement_timeout = 0", WAIT_ROLLBACK, err) < 0
		       ? -1
		       : run(db, sql, PL_POSTGRESQL_LONG_MS, err);
}

/* Rows are fetched one by one: a table may be larger than memory. */
static int begin_long(void *db_p, int write, struct pl_error *err)
{
	struct pl_postgresql *db = db_p;

	if (begin(db, write, err) < 0 || run(db,
					     "SET LOCAL statement_timeout = 0; SET LOCAL "
					     "idle_in_transaction_session_timeout = 0",
					     WAIT_ROLLBACK, err) < 0)
		return -1;
	db->one_by_one = 1;
	return 0;
}

static int run_counter(struct pl_postgresql *db, const char *sql, const char *table, int64_t value,
		       int64_t *value_r, struct pl_error *err)
{
	char number[INT_TEXT];
	const char *const values[] = { table, number };
	const int places = strstr(sql, "$2") != NULL ? 2 : 1;
	PGresult *result;
	int is_sent;

	snprintf(number, sizeof(number), "%lld", (long long)value);
	is_sent = PQsendQueryParams(db->conn, sql, places, NULL, values, NULL, NULL, 0);
	result = pl_postgresql_answer(db, is_sent, db->wait_ms, err);
	if (result == NULL)
		return -1;
	*value_r = PQntuples(result) == 0 ? 0 : strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	return 0;
}

static int counter(void *db, const char *table, int64_t *value_r, struct pl_error *err)
{
	return run_counter(db,
			   "SELECT coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = "
			   "'postlatch' "
			   "AND sequencename = $1 || '_id_seq'",
			   table, 0, value_r, err);
}

static int set_counter(void *db, const char *table, int64_t value, struct pl_error *err)
{
	return run_counter(db, "SELECT setval(pg_get_serial_sequence($1, 'id'), $2)", table, value,
			   &value, err);
}

const struct pl_backend pl_backend_postgresql = {
	.scheme = "postgresql://",
	.dialect = PL_DIALECT_POSTGRESQL,
	.id_column = "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
	.byte_order = "COLLATE \"C\"",
	.clock = "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint",
	.param_mark = '$',
	.describe = pl_postgresql_describe,
	.open = open_db,
	.close = close_db,
	.replaced = replaced,
	.set_budget = set_budget,
	.create = create_db,
	.backup = backup_db,
	.verify = verify_db,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.begin_long = begin_long,
	.counter = counter,
	.set_counter = set_counter,
	.insert_many = pl_postgresql_insert_many,
	.script = script,
	.prepare = pl_postgresql_prepare,
	.finish = pl_postgresql_finish,
	.columns = pl_postgresql_columns,
	.column_name = pl_postgresql_column_name,
	.bind_int = pl_postgresql_bind_int,
	.bind_text = pl_postgresql_bind_text,
	.bind_blob = pl_postgresql_bind_blob,
	.step = pl_postgresql_step,
	.reset = pl_postgresql_reset,
	.changes = pl_postgresql_changes,
	.col_int = pl_postgresql_col_int,
	.col_text = pl_postgresql_col_text,
	.col_blob = pl_postgresql_col_blob,
	.col_kind = pl_postgresql_col_kind,
	.pipeline = &pl_postgresql_pipeline,
};
