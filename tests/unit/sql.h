/* sql.h - plain SQL on a connection of its own, past the library.
 *
 * db is the path of an SQLite database, or the uri of one on a PostgreSQL server.
 */
#ifndef POSTLATCH_TEST_SQL_H
#define POSTLATCH_TEST_SQL_H

#include "tests/unit/test.h"

int is_postgresql(const char *db);
void sql_run(const char *db, const char *sql);
int64_t sql_int(const char *db, const char *sql);
/* A transaction on a connection of its own, open until it is committed; only on a server. */
void *sql_begin(const char *db, const char *sql);
void sql_commit(void *transaction);
void sql_text(const char *db, const char *sql, char *buf, size_t size);
/* Every row of the tables that hold settings, credentials and records, as one
 * text that the caller frees. */
char *sql_everything(const char *db);
int sql_has_column(const char *db, const char *table, const char *column);
/* Whether any column of any row of a server's database holds the text. */
int sql_holds(const char *db, const char *text);

#endif
