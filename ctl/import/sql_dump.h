/* sql_dump.h - the rows in a dump of mysqldump, mariadb-dump, phpMyAdmin, pg_dump or sqlite3.
 *
 * A dump could also be loaded into a database and asked with SQL. SQLite cannot read those of
 * others: strings, types and comments of MySQL and the COPY of PostgreSQL are not its own. Each
 * database would execute whatever the file says, and a server would have to be there. So this reads
 * the few statements that have rows (CREATE TABLE, INSERT, COPY) and passes over all others.
 *
 * It is strict: what is not understood in a table that is wanted, or is cut off anywhere, is an
 * error that names the line. Pure: a buffer in, rows out. Memory is bounded by the longest row.
 */
#ifndef POSTLATCH_SQL_DUMP_H
#define POSTLATCH_SQL_DUMP_H

#include <stddef.h>

#include "policy/base/error.h"

#define SQL_DUMP_MAX (512 * 1024 * 1024) /* bytes of a file */
#define SQL_DUMP_NAME_MAX 64             /* bytes of a name */
#define SQL_DUMP_COLUMNS_MAX 256         /* of a table */
#define SQL_DUMP_TABLES_MAX 64           /* that are wanted */
#define SQL_DUMP_ROW_MAX (16 * 1024 * 1024)

struct sql_column {
	char name[SQL_DUMP_NAME_MAX + 1];
};

struct sql_value {
	const char *text; /* followed by a NUL, and may contain one; NULL for NULL */
	size_t len;
};

/* A row is valid until the callback returns. */
struct sql_row {
	const char *table; /* without its schema */
	size_t line;       /* where it begins */
	size_t count;      /* of columns and values */
	const struct sql_column *columns;
	const struct sql_value *values;
};

struct sql_dump_reader {
	/* Whether rows of this table are wanted. */
	int (*wants)(const char *table, void *context);
	/* Called for each row. 0 to go on; -1 and the reader's error. */
	int (*row)(const struct sql_row *row, void *context);
	void *context;
	struct pl_error *err;
};

/* Calls the reader for what the dump has, in its order. 0, or -1 and the error: PL_ERR_INVALID when
 * the text is no dump of these programs, is not whole, or cannot be understood. */
int sql_dump_read(const char *text, size_t len, const struct sql_dump_reader *reader);

/* The value of a column, whose name has the case of the dump; NULL when there is no such column. */
const struct sql_value *sql_row_value(const struct sql_row *row, const char *column);
/* The same as text: NULL also for NULL, and for bytes with a NUL among them. */
const char *sql_row_text(const struct sql_row *row, const char *column);

#endif
