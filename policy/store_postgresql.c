/* store_postgresql.c - the PostgreSQL backend.
 *
 * One writer at a time, as with SQLite: a write transaction begins by taking one
 * lock of the whole database, so that what it has read holds until it commits. The
 * lock is the transaction's own, and a server that dies gives it back.
 */
#include "store_postgresql.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"

/* "postlatc" */
#define BEGIN_WRITE "BEGIN; SELECT pg_advisory_xact_lock(8102082427437150307)"
#define BEGIN_READ "BEGIN ISOLATION LEVEL REPEATABLE READ"
#define WAIT_MORE 1000           /* milliseconds that an answer may take beyond its statement */
#define WAIT_ROLLBACK 1000
#define WAIT_SCRIPT (3600 * 1000) /* a migration may have a large table to go through */
#define MOST_PLACES 64
#define INT_TEXT 24

/* Numbers of types, the same in every server. */
enum { TYPE_BYTEA = 17, TYPE_INT8 = 20, TYPE_INT2 = 21, TYPE_INT4 = 23 };

struct db {
	PGconn *conn;
	int wait_ms;
	int lost; /* the connection is of no more use */
	int one_by_one; /* rows are fetched as they are stepped to; for a long transaction */
	int64_t changes;
	unsigned int prepared;
};

struct stmt {
	char name[16];
	int places;
	const char *values[MOST_PLACES];
	int lengths[MOST_PLACES], formats[MOST_PLACES];
	char numbers[MOST_PLACES][INT_TEXT];
	PGresult *columns; /* what the server says the rows look like */
	PGresult *rows;    /* NULL until the first step */
	int row;
};

static int is_lost(const struct db *db)
{
	return db->lost || PQstatus(db->conn) != CONNECTION_OK;
}

/* The answer to what PQsend... has sent; NULL and err for a fault of any kind. */
static PGresult *answer(struct db *db, int is_sent, int wait_ms, struct pl_error *err)
{
	PGresult *result;

	if (!is_sent) {
		pl_postgresql_failed(db->conn, NULL, err);
		return NULL;
	}
	result = pl_postgresql_result(db->conn, wait_ms, err);
	if (result == NULL) {
		db->lost = 1;
		return NULL;
	}
	if (PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK)
		return result;
	pl_postgresql_failed(db->conn, result, err);
	PQclear(result);
	return NULL;
}

static int run(struct db *db, const char *sql, int wait_ms, struct pl_error *err)
{
	PGresult *result;

	if (is_lost(db))
		return pl_error_set(err, PL_ERR_RETRY, "the connection is lost");
	result = answer(db, PQsendQuery(db->conn, sql), wait_ms, err);
	PQclear(result);
	return result == NULL ? -1 : 0;
}

static void close_db(void *db_p)
{
	struct db *db = db_p;

	PQfinish(db->conn);
	free(db);
}

static int open_db(const char *location, enum pl_role role, void **db_r, struct pl_error *err)
{
	struct db *db = calloc(1, sizeof(*db));

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
	const struct db *db = db_p;

	for (int i = 0; i < 3 && !is_lost(db); i++) {
		struct pollfd fd = { .fd = PQsocket(db->conn), .events = POLLIN };

		if (poll(&fd, 1, 0) <= 0)
			return 0;
		if (PQconsumeInput(db->conn) == 0)
			return 1;
	}
	return is_lost(db);
}

/* The operator makes the database; the schema may be there, empty. */
static int create_db(const char *location, struct pl_error *err)
{
	void *db_p;
	struct db *db;
	PGresult *result;
	int ret = -1;

	if (open_db(location, PL_ROLE_COMMAND, &db_p, err) < 0)
		return -1;
	db = db_p;
	result = answer(db, PQsendQuery(db->conn, "SELECT to_regclass('postlatch.schema_history') IS NOT NULL, "
						  "to_regnamespace('postlatch') IS NOT NULL"),
			db->wait_ms, err);
	if (result != NULL && strcmp(PQgetvalue(result, 0, 0), "t") == 0)
		pl_error_set(err, PL_ERR_CONFLICT, "it is there already, and is left alone");
	else if (result != NULL)
		ret = strcmp(PQgetvalue(result, 0, 1), "t") == 0
			      ? 0 : run(db, "CREATE SCHEMA postlatch", db->wait_ms, err);
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
			    "PostgreSQL has its own tool: pg_dump --schema=postlatch, or copy it to an "
			    "SQLite file with `postlatch db copy`");
}

/* The server checks its pages as it reads them; so all that can be asked is to read. */
static int verify_db(void *db, char *problem_r, size_t size, struct pl_error *err)
{
	(void)size;
	problem_r[0] = '\0';
	return run(db, "SELECT COUNT(*) FROM member", ((struct db *)db)->wait_ms, err);
}

static void rollback(void *db_p)
{
	struct db *db = db_p;

	/* A lock may be held until then, so the connection is given up if it is not answered. */
	if (!is_lost(db) && PQtransactionStatus(db->conn) != PQTRANS_IDLE)
		run(db, "ROLLBACK", WAIT_ROLLBACK, NULL);
}

static int begin(void *db_p, int write, struct pl_error *err)
{
	struct db *db = db_p;

	if (run(db, write ? BEGIN_WRITE : BEGIN_READ, db->wait_ms, err) == 0)
		return 0;
	rollback(db); /* the lock was refused, and the transaction is open */
	return -1;
}

static int commit(void *db_p, struct pl_error *err)
{
	struct db *db = db_p;
	PGresult *result;
	int ret;

	if (is_lost(db))
		return pl_error_set(err, PL_ERR_RETRY, "the connection is lost");
	result = answer(db, PQsendQuery(db->conn, "COMMIT"), db->wait_ms, err);
	if (result == NULL && is_lost(db)) {
		if (err != NULL)
			err->code = PL_ERR_UNKNOWN;
		return pl_error_prefix(err, "the answer to a COMMIT was lost, so it may have been done or not");
	}
	if (result == NULL)
		return -1;
	/* What the server answers to the end of a transaction in which something failed. */
	ret = strcmp(PQcmdStatus(result), "COMMIT") == 0
		      ? 0 : pl_error_set(err, PL_ERR_INTERNAL, "the transaction had failed before its end");
	PQclear(result);
	return ret;
}

static int script(void *db, const char *sql, struct pl_error *err)
{
	return run(db, "SET LOCAL statement_timeout = 0", WAIT_ROLLBACK, err) < 0
		       ? -1 : run(db, sql, WAIT_SCRIPT, err);
}

/* Rows are fetched one by one: a table may be larger than memory. */
static int begin_long(void *db_p, int write, struct pl_error *err)
{
	struct db *db = db_p;

	if (begin(db, write, err) < 0 || run(db, "SET LOCAL statement_timeout = 0", WAIT_ROLLBACK, err) < 0)
		return -1;
	db->one_by_one = 1;
	return 0;
}

static int run_counter(struct db *db, const char *sql, const char *table, int64_t value, int64_t *value_r,
		       struct pl_error *err)
{
	char number[INT_TEXT];
	const char *const values[] = { table, number };
	const int places = strstr(sql, "$2") != NULL ? 2 : 1;
	PGresult *result;

	snprintf(number, sizeof(number), "%lld", (long long)value);
	result = answer(db, PQsendQueryParams(db->conn, sql, places, NULL, values, NULL, NULL, 0), db->wait_ms,
			err);
	if (result == NULL)
		return -1;
	*value_r = PQntuples(result) == 0 ? 0 : strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	return 0;
}

static int counter(void *db, const char *table, int64_t *value_r, struct pl_error *err)
{
	return run_counter(db, "SELECT coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = 'postlatch' "
			       "AND sequencename = $1 || '_id_seq'", table, 0, value_r, err);
}

static int set_counter(void *db, const char *table, int64_t value, struct pl_error *err)
{
	return run_counter(db, "SELECT setval(pg_get_serial_sequence($1, 'id'), $2)", table, value, &value, err);
}

/* Writes $1, $2 ... for each ?, but not within quotes. NULL: out of memory. */
static char *number_places(const char *sql, int *places_r)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int is_quoted = 0;

	*places_r = 0;
	if (out == NULL)
		return NULL;
	for (; *sql != '\0'; sql++) {
		if (*sql == '\'')
			is_quoted = !is_quoted;
		if (*sql == '?' && !is_quoted)
			fprintf(out, "$%d", ++*places_r);
		else
			fputc(*sql, out);
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static void finish(void *stmt_p)
{
	struct stmt *stmt = stmt_p;

	PQclear(stmt->columns);
	PQclear(stmt->rows);
	free(stmt);
}

static int prepare_numbered(struct db *db, struct stmt *stmt, const char *sql, struct pl_error *err)
{
	PGresult *result;

	if (is_lost(db))
		return pl_error_set(err, PL_ERR_RETRY, "the connection is lost");
	snprintf(stmt->name, sizeof(stmt->name), "p%u", db->prepared++);
	result = answer(db, PQsendPrepare(db->conn, stmt->name, sql, 0, NULL), db->wait_ms, err);
	PQclear(result);
	if (result == NULL)
		return -1;
	stmt->columns = answer(db, PQsendDescribePrepared(db->conn, stmt->name), db->wait_ms, err);
	return stmt->columns == NULL ? -1 : 0;
}

static int prepare(void *db, const char *sql, void **stmt_r, struct pl_error *err)
{
	struct stmt *stmt = calloc(1, sizeof(*stmt));
	char *numbered = stmt == NULL ? NULL : number_places(sql, &stmt->places);
	int ret;

	*stmt_r = NULL;
	if (numbered == NULL) {
		free(stmt);
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	}
	ret = stmt->places <= MOST_PLACES ? prepare_numbered(db, stmt, numbered, err)
					  : pl_error_set(err, PL_ERR_INTERNAL, "too many values");
	free(numbered);
	if (ret < 0)
		finish(stmt);
	else
		*stmt_r = stmt;
	return ret;
}

static int columns(void *stmt)
{
	return PQnfields(((struct stmt *)stmt)->columns);
}

static const char *column_name(void *stmt, int index)
{
	return PQfname(((struct stmt *)stmt)->columns, index);
}

static int bind(void *stmt_p, int index, const char *value, size_t len, int is_binary)
{
	struct stmt *stmt = stmt_p;

	if (index >= stmt->places)
		return -1;
	stmt->values[index] = value;
	stmt->lengths[index] = (int)len;
	stmt->formats[index] = is_binary;
	return 0;
}

static int bind_int(void *stmt_p, int index, int64_t value)
{
	struct stmt *stmt = stmt_p;

	if (index >= stmt->places)
		return -1;
	snprintf(stmt->numbers[index], INT_TEXT, "%lld", (long long)value);
	return bind(stmt, index, stmt->numbers[index], 0, 0);
}

static int bind_text(void *stmt, int index, const char *text)
{
	return bind(stmt, index, text, 0, 0);
}

static int bind_blob(void *stmt, int index, const void *data, size_t len)
{
	return bind(stmt, index, data, len, 1);
}

static void reset(void *stmt_p)
{
	struct stmt *stmt = stmt_p;

	PQclear(stmt->rows);
	stmt->rows = NULL;
}

static int send_bound(struct db *db, struct stmt *stmt)
{
	return PQsendQueryPrepared(db->conn, stmt->name, stmt->places, stmt->values, stmt->lengths,
				   stmt->formats, 1);
}

static int execute(struct db *db, struct stmt *stmt, struct pl_error *err)
{
	stmt->rows = answer(db, send_bound(db, stmt), db->wait_ms, err);
	if (stmt->rows == NULL)
		return -1;
	stmt->row = -1;
	db->changes = strtoll(PQcmdTuples(stmt->rows), NULL, 10);
	return 0;
}

/* The last answer to a statement has no row: all is well, or it tells the fault. */
static int end_of_rows(struct db *db, struct stmt *stmt, struct pl_error *err)
{
	const ExecStatusType status = PQresultStatus(stmt->rows);
	int ret = 0;

	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		ret = pl_postgresql_failed(db->conn, stmt->rows, err);
	reset(stmt);
	PQclear(pl_postgresql_result(db->conn, db->wait_ms, NULL)); /* nothing follows */
	return ret;
}

/* The next row alone, or the end, or the fault. */
static int fetch_one(struct db *db, struct stmt *stmt, struct pl_error *err)
{
	if (stmt->rows == NULL && (!send_bound(db, stmt) || !PQsetSingleRowMode(db->conn)))
		return pl_postgresql_failed(db->conn, NULL, err);
	PQclear(stmt->rows);
	stmt->row = 0;
	stmt->rows = NULL;
	if (pl_postgresql_wait(db->conn, WAIT_SCRIPT, err) < 0) {
		db->lost = 1;
		return -1;
	}
	stmt->rows = PQgetResult(db->conn);
	if (PQresultStatus(stmt->rows) == PGRES_SINGLE_TUPLE)
		return 1;
	return end_of_rows(db, stmt, err);
}

static int step(void *db_p, void *stmt_p, struct pl_error *err)
{
	struct db *db = db_p;
	struct stmt *stmt = stmt_p;

	if (is_lost(db))
		return pl_error_set(err, PL_ERR_RETRY, "the connection is lost");
	if (db->one_by_one)
		return fetch_one(db, stmt, err);
	if (stmt->rows == NULL && execute(db, stmt, err) < 0)
		return -1;
	return ++stmt->row < PQntuples(stmt->rows);
}

static int64_t changes(void *db)
{
	return ((struct db *)db)->changes;
}

/* The bytes of a column, which end in a zero that is not counted; NULL for NULL. */
static const char *value(const struct stmt *stmt, int index, size_t *len_r)
{
	*len_r = 0;
	if (stmt->rows == NULL || PQgetisnull(stmt->rows, stmt->row, index))
		return NULL;
	*len_r = (size_t)PQgetlength(stmt->rows, stmt->row, index);
	return PQgetvalue(stmt->rows, stmt->row, index);
}

/* Numbers come as 2, 4 or 8 bytes, the highest first. */
static int64_t col_int(void *stmt, int index)
{
	size_t len;
	const char *data = value(stmt, index, &len);
	int64_t number = data != NULL && len > 0 && (signed char)data[0] < 0 ? -1 : 0;

	if (data == NULL || len > sizeof(number))
		return 0;
	for (size_t i = 0; i < len; i++)
		number = (int64_t)((uint64_t)number << 8 | (unsigned char)data[i]);
	return number;
}

static const char *col_text(void *stmt, int index)
{
	size_t len;

	return value(stmt, index, &len);
}

static const void *col_blob(void *stmt, int index, size_t *len_r)
{
	return value(stmt, index, len_r);
}

static enum pl_kind col_kind(void *stmt_p, int index)
{
	struct stmt *stmt = stmt_p;
	size_t len;

	if (value(stmt, index, &len) == NULL)
		return PL_KIND_NULL;
	switch (PQftype(stmt->columns, index)) {
	case TYPE_INT2:
	case TYPE_INT4:
	case TYPE_INT8:
		return PL_KIND_INT;
	case TYPE_BYTEA:
		return PL_KIND_BLOB;
	default:
		return PL_KIND_TEXT;
	}
}

const struct pl_backend pl_backend_postgresql = {
	.scheme = "postgresql://",
	.id_column = "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
	.is_remote = 1,
	.byte_order = "COLLATE \"C\"",
	.describe = pl_postgresql_describe,
	.open = open_db,
	.close = close_db,
	.replaced = replaced,
	.create = create_db,
	.backup = backup_db,
	.verify = verify_db,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.begin_long = begin_long,
	.counter = counter,
	.set_counter = set_counter,
	.script = script,
	.prepare = prepare,
	.finish = finish,
	.columns = columns,
	.column_name = column_name,
	.bind_int = bind_int,
	.bind_text = bind_text,
	.bind_blob = bind_blob,
	.step = step,
	.reset = reset,
	.changes = changes,
	.col_int = col_int,
	.col_text = col_text,
	.col_blob = col_blob,
	.col_kind = col_kind,
};
