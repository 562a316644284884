/* store_postgresql.h - what the files of the PostgreSQL backend share.
 *
 * store_postgresql_connect.c reads the connection string, connects and waits for
 * answers; store_postgresql_stmt.c has prepared statements, store_postgresql_copy.c
 * writes many rows, store_postgresql_pipeline.c takes answers that nobody waits for;
 * store_postgresql.c is the backend, with all else. They alone see libpq.
 */
#ifndef POSTLATCH_STORE_POSTGRESQL_H
#define POSTLATCH_STORE_POSTGRESQL_H

#include "policy/store/backend.h"

#define PL_POSTGRESQL_LONG_MS (3600 * 1000) /* a large table takes its time */

struct pg_conn; /* libpq's */
struct pg_result;

struct pl_postgresql {
	struct pg_conn *conn;
	int wait_ms;     /* for the answer to one statement */
	int lost;        /* the connection is of no more use */
	int one_by_one;  /* rows are fetched as they are stepped to; for a long transaction */
	int is_pipeline; /* has no transactions, and is not waited for any more */
	struct pl_budget *budget; /* NULL: none */
	int64_t changes;
	unsigned int prepared;
};

/* -- store_postgresql_connect.c -- */

/* Connects to the first server of the list that can be written to, and settles the
 * session: search path, timeouts, encoding. Every failure may heal but that of the
 * string itself. */
int pl_postgresql_connect(const char *location, enum pl_role role, struct pg_conn **conn_r,
			  struct pl_error *err);
/* Hosts and database, without a user or a password. */
void pl_postgresql_describe(const char *location, char *buf, size_t size);
/* How long the server may work on one statement in a role. */
int pl_postgresql_statement_ms(enum pl_role role);

/* Whether the connection has failed, and must be opened again: 1 or 0. */
int pl_postgresql_is_lost(const struct pl_postgresql *db);
/* Waits until PQgetResult has something to give. After -1 the connection is lost. */
int pl_postgresql_wait(struct pl_postgresql *db, int wait_ms, struct pl_error *err);
/* The answer to what a function of libpq has sent, to the last word of the server;
 * NULL and err for a fault of any kind. */
struct pg_result *pl_postgresql_answer(struct pl_postgresql *db, int is_sent, int wait_ms,
				       struct pl_error *err);
/* The fault of a result, or of the connection where result is NULL. Returns -1. */
int pl_postgresql_failed(struct pg_conn *conn, const struct pg_result *result,
			 struct pl_error *err);

/* -- store_postgresql_pipeline.c -- */

extern const struct pl_pipeline_backend pl_postgresql_pipeline;

/* -- store_postgresql_stmt.c: see struct pl_backend -- */

/* Sends the statement with what was bound; 1, or 0 as libpq has it. */
int pl_postgresql_send(struct pl_postgresql *db, void *stmt);
/* Rows that came as the answer to it, which it frees. */
void pl_postgresql_take_rows(void *stmt, struct pg_result *rows);

int pl_postgresql_prepare(void *db, const char *sql, void **stmt_r, struct pl_error *err);
void pl_postgresql_finish(void *stmt);
int pl_postgresql_columns(void *stmt);
const char *pl_postgresql_column_name(void *stmt, int index);
int pl_postgresql_bind_int(void *stmt, int index, int64_t value);
int pl_postgresql_bind_text(void *stmt, int index, const char *text);
int pl_postgresql_bind_blob(void *stmt, int index, const void *data, size_t len);
int pl_postgresql_step(void *db, void *stmt, struct pl_error *err);
void pl_postgresql_reset(void *stmt);
int64_t pl_postgresql_changes(void *db);
int64_t pl_postgresql_col_int(void *stmt, int index);
const char *pl_postgresql_col_text(void *stmt, int index);
const void *pl_postgresql_col_blob(void *stmt, int index, size_t *len_r);
enum pl_kind pl_postgresql_col_kind(void *stmt, int index);

/* -- store_postgresql_copy.c: see struct pl_backend -- */

int pl_postgresql_insert_many(void *db, const struct pl_row_source *source, struct pl_error *err);

#endif
