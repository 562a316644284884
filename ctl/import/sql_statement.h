/* sql_statement.h - the statement of a dump that is being read.
 *
 * For the files behind sql_dump.h alone: sql_dump.c finds out which statement comes next, and
 * sql_table.c, sql_insert.c and sql_copy.c read one kind each. sql_row.c collects the values of a
 * row and hands it over. Functions return 0, or -1 and the reader's error, unless they say
 * something else.
 */
#ifndef POSTLATCH_SQL_STATEMENT_H
#define POSTLATCH_SQL_STATEMENT_H

#include "ctl/import/sql_text.h"

/* What CREATE TABLE has said of a table that is wanted. */
struct sql_table {
	char name[SQL_DUMP_NAME_MAX + 1];
	size_t count;
	struct sql_column *columns;
};

struct sql_dump {
	const struct sql_dump_reader *reader;
	struct sql_text text;
	struct sql_table tables[SQL_DUMP_TABLES_MAX];
	size_t table_count;
	int is_committed; /* a dump of SQLite: it has ended */
	/* Of the statement that is being read. */
	struct sql_column table, columns[SQL_DUMP_COLUMNS_MAX];
	size_t column_count;
	/* Of the row that is being read. */
	struct sql_bytes bytes;
	struct sql_value values[SQL_DUMP_COLUMNS_MAX];
	size_t begins[SQL_DUMP_COLUMNS_MAX], lengths[SQL_DUMP_COLUMNS_MAX];
	int is_null[SQL_DUMP_COLUMNS_MAX];
	size_t value_count;
	size_t line; /* where it begins */
};

/* ---- sql_dump.c ---- */

/* Sets the error, with the line; returns -1. */
int sql_fail(struct sql_dump *dump, const char *sentence);
/* Takes punctuation that must stand here. */
int sql_need(struct sql_dump *dump, char punctuation);
/* Takes those of the words, which end with NULL, that stand here in this order. */
int sql_pass_words(struct sql_dump *dump, const char *const *words);
/* Takes "table" or "schema.table"; the schema does not matter. */
int sql_take_table(struct sql_dump *dump);
/* Whether the reader wants rows of the statement's table. */
int sql_is_wanted(const struct sql_dump *dump);

/* ---- sql_table.c: each of these stands behind the first word of its statement ---- */

int sql_read_create(struct sql_dump *dump);
/* Takes the columns of an INSERT or a COPY: "(name, name)". */
int sql_take_column_list(struct sql_dump *dump);
/* Uses the columns of CREATE TABLE, for a statement that names none. */
int sql_use_columns(struct sql_dump *dump);

/* ---- sql_insert.c, sql_copy.c ---- */

int sql_read_insert(struct sql_dump *dump);
int sql_read_copy(struct sql_dump *dump);

/* ---- sql_row.c ---- */

/* Wipes the row before, and begins the next one here. */
void sql_row_begin(struct sql_dump *dump);
/* Between these two, the bytes of a value and a NUL are appended to dump->bytes. */
int sql_value_begin(struct sql_dump *dump);
void sql_value_end(struct sql_dump *dump, int is_null);
/* Gives the row to the reader. */
int sql_row_end(struct sql_dump *dump);

#endif
