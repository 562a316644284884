/* store_postgresql_stmt.c - prepared statements, their values and their rows. */
#include "policy/store/store_postgresql.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_PLACES 64
#define INT_TEXT 24

/* Numbers of types, the same in every server. */
enum { TYPE_BYTEA = 17, TYPE_INT8 = 20, TYPE_INT2 = 21, TYPE_INT4 = 23 };

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

void pl_postgresql_finish(void *stmt_p)
{
	struct stmt *stmt = stmt_p;

	PQclear(stmt->columns);
	PQclear(stmt->rows);
	free(stmt);
}

static int prepare(struct pl_postgresql *db, struct stmt *stmt, const char *sql,
		   struct pl_error *err)
{
	PGresult *result;

	if (pl_postgresql_is_lost(db))
		return pl_error_set(err, PL_ERR_RETRY, "the connection is lost");
	snprintf(stmt->name, sizeof(stmt->name), "p%u", db->prepared++);
	result = pl_postgresql_answer(db, PQsendPrepare(db->conn, stmt->name, sql, 0, NULL),
				      db->wait_ms, err);
	PQclear(result);
	if (result == NULL)
		return -1;
	stmt->columns = pl_postgresql_answer(db, PQsendDescribePrepared(db->conn, stmt->name),
					     db->wait_ms, err);
	if (stmt->columns == NULL)
		return -1;
	stmt->places = PQnparams(stmt->columns);
	return stmt->places <= MOST_PLACES ? 0
					   : pl_error_set(err, PL_ERR_INTERNAL, "too many values");
}

int pl_postgresql_prepare(void *db, const char *sql, void **stmt_r, struct pl_error *err)
{
	struct stmt *stmt = calloc(1, sizeof(*stmt));

	*stmt_r = NULL;
	if (stmt == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	if (prepare(db, stmt, sql, err) < 0) {
		pl_postgresql_finish(stmt);
		return -1;
	}
	*stmt_r = stmt;
	return 0;
}

int pl_postgresql_columns(void *stmt)
{
	return PQnfields(((struct stmt *)stmt)->columns);
}

const char *pl_postgresql_column_name(void *stmt, int index)
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

int pl_postgresql_bind_int(void *stmt_p, int index, int64_t value)
{
	struct stmt *stmt = stmt_p;

	if (index >= stmt->places)
		return -1;
	snprintf(stmt->numbers[index], INT_TEXT, "%lld", (long long)value);
	return bind(stmt, index, stmt->numbers[index], 0, 0);
}

int pl_postgresql_bind_text(void *stmt, int index, const char *text)
{
	return bind(stmt, index, text, 0, 0);
}

int pl_postgresql_bind_blob(void *stmt, int index, const void *data, size_t len)
{
	return bind(stmt, index, data, len, 1);
}

void pl_postgresql_reset(void *stmt_p)
{
	struct stmt *stmt = stmt_p;

	PQclear(stmt->rows);
	stmt->rows = NULL;
}

int pl_postgresql_send(struct pl_postgresql *db, void *stmt_p)
{
	struct stmt *stmt = stmt_p;

	return PQsendQueryPrepared(db->conn, stmt->name, stmt->places, stmt->values, stmt->lengths,
				   stmt->formats, 1);
}

void pl_postgresql_take_rows(void *stmt_p, struct pg_result *rows)
{
	struct stmt *stmt = stmt_p;

	PQclear(stmt->rows);
	stmt->rows = rows;
	stmt->row = -1;
}

static int execute(struct pl_postgresql *db, struct stmt *stmt, struct pl_error *err)
{
	stmt->rows = pl_postgresql_answer(db, pl_postgresql_send(db, stmt), db->wait_ms, err);
	if (stmt->rows == NULL)
		return -1;
	stmt->row = -1;
	db->changes = strtoll(PQcmdTuples(stmt->rows), NULL, 10);
	return 0;
}

/* The last answer to a statement has no row: all is well, or it tells the fault. */
static int end_of_rows(struct pl_postgresql *db, struct stmt *stmt, struct pl_error *err)
{
	const ExecStatusType status = PQresultStatus(stmt->rows);
	int ret = 0;

	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		ret = pl_postgresql_failed(db->conn, stmt->rows, err);
	pl_postgresql_reset(stmt);
	/* Nothing follows but the word that nothing follows. */
	if (pl_postgresql_wait(db, db->wait_ms, err) < 0)
		return -1;
	PQclear(PQgetResult(db->conn));
	return ret;
}

/* The next row alone, or the end, or the fault. */
static int fetch_one(struct pl_postgresql *db, struct stmt *stmt, struct pl_error *err)
{
	if (stmt->rows == NULL && (!pl_postgresql_send(db, stmt) || !PQsetSingleRowMode(db->conn)))
		return pl_postgresql_failed(db->conn, NULL, err);
	PQclear(stmt->rows);
	stmt->row = 0;
	stmt->rows = NULL;
	if (pl_postgresql_wait(db, PL_POSTGRESQL_LONG_MS, err) < 0)
		return -1;
	stmt->rows = PQgetResult(db->conn);
	if (PQresultStatus(stmt->rows) == PGRES_SINGLE_TUPLE)
		return 1;
	return end_of_rows(db, stmt, err);
}

int pl_postgresql_step(void *db_p, void *stmt_p, struct pl_error *err)
{
	struct pl_postgresql *db = db_p;
	struct stmt *stmt = stmt_p;

	if (pl_postgresql_is_lost(db))
		return pl_error_set(err, PL_ERR_RETRY, "the connection is lost");
	if (db->one_by_one)
		return fetch_one(db, stmt, err);
	if (stmt->rows == NULL && execute(db, stmt, err) < 0)
		return -1;
	return ++stmt->row < PQntuples(stmt->rows);
}

int64_t pl_postgresql_changes(void *db)
{
	return ((struct pl_postgresql *)db)->changes;
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
int64_t pl_postgresql_col_int(void *stmt, int index)
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

const char *pl_postgresql_col_text(void *stmt, int index)
{
	size_t len;

	return value(stmt, index, &len);
}

const void *pl_postgresql_col_blob(void *stmt, int index, size_t *len_r)
{
	return value(stmt, index, len_r);
}

enum pl_kind pl_postgresql_col_kind(void *stmt_p, int index)
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
