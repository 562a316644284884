/* store.h - the database, whichever it is.
 *
 * A store is one connection, used by one thread at a time. It is opened in a
 * role, and statements of other roles are refused. All SQL is in
 * statements.def and schema.c; a backend (store_sqlite.c, store_postgresql.c) is
 * all that sees its client library. Nothing here creates a database: see schema.h.
 *
 * Reading:
 *	struct pl_stmt *stmt = pl_query(store, PL_SQL_MEMBER_LIST_DOMAIN,
 *					PL_PARAMS(PL_TEXT("domain", domain)));
 *	while ((ret = pl_step(stmt, err)) == 1)
 *		... pl_col_text(stmt, "local") ...
 *	pl_reset(stmt);
 *
 * Writing:
 *	ret = pl_exec(store, PL_SQL_MEMBER_DELETE, PL_PARAMS(PL_INT("member_id", id)), err);
 *
 * Binding and reading never fail by themselves: a mistake there, like a parameter
 * without a value or a value for none, is kept in the statement, and pl_step reports it.
 */
#ifndef POSTLATCH_STORE_H
#define POSTLATCH_STORE_H

#include <stddef.h>
#include <stdint.h>
#include "policy/base/error.h"
#include "policy/store/budget.h"
#include "policy/store/param.h"

/* Who is at work. A role may use only the statements that name it. */
enum pl_role {
	PL_ROLE_LOGIN = 1,   /* Dovecot's auth process: reads, waits for nothing */
	PL_ROLE_USE = 2,     /* its writer of last-used times */
	PL_ROLE_MILTER = 4,  /* reads */
	PL_ROLE_COMMAND = 8, /* the command: everything */
	/* sign-in and account pages; besides the command alone it sees sealed secrets */
	PL_ROLE_PORTAL = 16,
	PL_ROLE_CONSOLE = 32, /* pages of administrators; sees no sealed secrets */
	PL_ROLE_SENDER = 64,  /* sends what is in the outbox */
};

enum pl_sql {
#define PL_SQL(id, roles, sql) PL_SQL_##id,
#include "policy/store/statements.def"
#undef PL_SQL
	PL_SQL_COUNT
};

struct pl_store;
struct pl_stmt;
struct pl_write_queue;

/* How long a locked database may hold up each role, in milliseconds. */
#define PL_STORE_WAIT_LOGIN 20 /* the auth process serves everyone in turn */
#define PL_STORE_WAIT 2000
#define PL_STORE_WAIT_TURN 10000 /* for other threads of the process; see budget.h */

/* Opens uri ("sqlite:PATH" or "postgresql://..."). Fails with PL_ERR_CONFIG when the database is of
 * another version than this program knows, with PL_ERR_RETRY when it is missing
 * or cannot be read. */
int pl_store_open(const char *uri, enum pl_role role, struct pl_store **store_r,
		  struct pl_error *err);
void pl_store_close(struct pl_store **store);
/* The uri that it was opened with, which may have a password. Borrowed until it is closed. */
const char *pl_store_uri(const struct pl_store *store);
/* The uri as it may be shown: without a user or a password. Returns buf. */
#define PL_STORE_NAME 256
char *pl_store_name(const char *uri, char *buf, size_t size);
/* Puts the name of the database in front of the sentence. Returns -1. */
int pl_store_error(const char *uri, struct pl_error *err);
/* 1 when it is on a server: then a statement may take as long as the network does,
 * and a process that has others to serve asks without waiting; see async_store.h. */
int pl_store_is_remote(const char *uri);
/* Write transactions from now on wait for their ticket in a queue, which is borrowed. */
void pl_store_set_queue(struct pl_store *store, struct pl_write_queue *queue);
/* Whatever is waited for from now on takes its time from this budget, which is borrowed; NULL:
 * from none. Once it is spent, everything fails with PL_ERR_RETRY and without being sent. Returns
 * the former one. */
struct pl_budget *pl_store_set_budget(struct pl_store *store, struct pl_budget *budget);
/* Seconds since 1970. The clock of the server decides where there is one, as several machines
 * write and compare times, and theirs may differ: it is read when the database is opened, and
 * again now and then by pl_store_replaced(). */
int64_t pl_store_now(const struct pl_store *store);
/* How many rows there are of a kind. -1 on error. */
enum pl_count { PL_COUNT_DOMAINS, PL_COUNT_MEMBERS, PL_COUNT_APP_PASSWORDS, PL_COUNT_AUDIT };
int64_t pl_store_count(struct pl_store *store, enum pl_count what, struct pl_error *err);
/* 1 when the database file was moved away or replaced since it was opened, or was
 * migrated, or has become writable, or the server has hung up: the caller closes and
 * opens again. Costs a system call, and now and then a small read; not to be called
 * in a transaction. */
int pl_store_replaced(struct pl_store *store);

/* Transactions do not nest, and they are the caller's: a function of the library that writes
 * takes part in a write transaction that its caller begins and commits. The exception is what
 * must be in the database before anything is granted: that a code was used, that an attempt
 * was counted. Such a function has a transaction of its own, and its name ends in _commit.
 * A read transaction sees one state of the database
 * until it ends; pl_store_end of a read transaction cannot fail. */
int pl_store_begin_read(struct pl_store *store, struct pl_error *err);
void pl_store_end_read(struct pl_store *store);
int pl_store_begin_write(struct pl_store *store, struct pl_error *err);
/* PL_ERR_UNKNOWN when a server is gone before it has answered: it may have been done. Whoever
 * redeems a credential in such a transaction refuses it. */
int pl_store_commit(struct pl_store *store, struct pl_error *err);
/* Undoes a write transaction; does nothing when none is open. */
void pl_store_rollback(struct pl_store *store);
/* Ends a write transaction by what came of it: commits it after 0, and undoes it after -1. 0, or
 * -1. */
int pl_store_finish(struct pl_store *store, int ret, struct pl_error *err);

/* Binds every parameter of the statement (NULL where it has none) and makes it ready
 * to be stepped. Borrowed, never NULL; prepared once for each store. What the values
 * point to must stay until the first step. */
struct pl_stmt *pl_query(struct pl_store *store, enum pl_sql sql, const struct pl_param *params);
/* 1 a row, 0 no more rows, -1 error. The statement is reset after 0 and -1. */
int pl_step(struct pl_stmt *stmt, struct pl_error *err);
void pl_reset(struct pl_stmt *stmt);
/* Binds and runs a statement to its end. Returns 0 or -1. */
int pl_exec(struct pl_store *store, enum pl_sql sql, const struct pl_param *params,
	    struct pl_error *err);
/* The same; returns how many rows it changed, or -1. */
int64_t pl_exec_count(struct pl_store *store, enum pl_sql sql, const struct pl_param *params,
		      struct pl_error *err);
/* Binds and runs one that ends in "RETURNING id". Returns 0 and the new row's id, or -1. */
int pl_insert(struct pl_store *store, enum pl_sql sql, const struct pl_param *params, int64_t *id_r,
	      struct pl_error *err);

/* Inserts all rows that next has, in the fastest way that the database has, by a statement "INSERT
 * INTO table (columns) VALUES (parameters)". next returns 1 and the parameters of a row, which are
 * borrowed until the next call; 0 when there is none; -1. It uses no statement of the store. In the
 * caller's write transaction. 0 or -1. */
int pl_insert_many(struct pl_store *store, enum pl_sql sql,
		   int (*next)(void *context, const struct pl_param **params_r,
			       struct pl_error *err),
		   void *context, struct pl_error *err);

/* -1 and the mistake when a column was read that the row does not have: then
 * what was read means nothing. For reads that decide something. */
int pl_row_ok(struct pl_stmt *stmt, struct pl_error *err);
/* The same for the one row of a lookup, after which the statement is reset: 1, or -1. */
int pl_row_end(struct pl_stmt *stmt, struct pl_error *err);
/* Columns of the current row, by name. NULL reads as 0 or NULL. Text is
 * borrowed until the next step or reset. */
int64_t pl_col_int(struct pl_stmt *stmt, const char *name);
const char *pl_col_text(struct pl_stmt *stmt, const char *name);
/* Copies text, cut to size; "" for NULL. */
void pl_col_copy(struct pl_stmt *stmt, const char *name, char *buf, size_t size);
/* Copies raw bytes and returns how many; 0 for NULL. More than size is a
 * mistake that pl_row_ok reports. */
size_t pl_col_blob(struct pl_stmt *stmt, const char *name, void *buf, size_t size);
int pl_col_is_null(struct pl_stmt *stmt, const char *name);

#endif
