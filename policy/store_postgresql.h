/* store_postgresql.h - what the two files of the PostgreSQL backend share.
 *
 * store_postgresql_connect.c reads the connection string and connects;
 * store_postgresql.c is the backend. They alone see libpq.
 */
#ifndef POSTLATCH_STORE_POSTGRESQL_H
#define POSTLATCH_STORE_POSTGRESQL_H

#include "store.h"

struct pg_conn;   /* libpq's */
struct pg_result;

/* Connects to the first server of the list that can be written to, and settles the
 * session: search path, timeouts, encoding. Every failure may heal but that of the
 * string itself. */
int pl_postgresql_connect(const char *location, enum pl_role role, struct pg_conn **conn_r,
			  struct pl_error *err);

/* Hosts and database, without a user or a password. */
void pl_postgresql_describe(const char *location, char *buf, size_t size);

/* How long the server may work on one statement in a role. */
int pl_postgresql_statement_ms(enum pl_role role);

/* Waits until PQgetResult has something to give. After -1 the connection is of no more
 * use. */
int pl_postgresql_wait(struct pg_conn *conn, int wait_ms, struct pl_error *err);

/* Waits for the answer to what was sent, no longer than wait_ms, and returns it. NULL
 * and err when there is none: then the connection is of no more use. */
struct pg_result *pl_postgresql_result(struct pg_conn *conn, int wait_ms, struct pl_error *err);

/* The fault of a result, or of the connection where result is NULL. Returns -1. */
int pl_postgresql_failed(struct pg_conn *conn, const struct pg_result *result,
			 struct pl_error *err);

#endif
