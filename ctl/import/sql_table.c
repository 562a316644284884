/* sql_table.c - the columns of tables; see sql_statement.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ctl/import/sql_statement.h"

static int add_column(struct sql_dump *dump, const struct sql_column *name)
{
	if (dump->column_count == SQL_DUMP_COLUMNS_MAX)
		return sql_fail(dump, "the table has too many columns");
	dump->columns[dump->column_count++] = *name;
	return 0;
}

/* (name, name, ...) */
int sql_take_column_list(struct sql_dump *dump)
{
	struct sql_column name;
	int ret = sql_need(dump, '(');

	dump->column_count = 0;
	do {
		if (ret < 0 || sql_take_name(&dump->text, &name, NULL) < 0 ||
		    add_column(dump, &name) < 0)
			return -1;
		ret = sql_take(&dump->text, ',');
	} while (ret > 0);
	return ret < 0 ? -1 : sql_need(dump, ')');
}

static struct sql_table *find_table(struct sql_dump *dump)
{
	for (size_t i = 0; i < dump->table_count; i++) {
		if (strcmp(dump->tables[i].name, dump->table.name) == 0)
			return &dump->tables[i];
	}
	return NULL;
}

static int keep_columns(struct sql_dump *dump)
{
	struct sql_table *table = &dump->tables[dump->table_count];

	if (find_table(dump) != NULL)
		return sql_fail(dump,
				"the table is created twice: a dump of one database is needed");
	if (dump->table_count == SQL_DUMP_TABLES_MAX)
		return sql_fail(dump, "there are too many tables");
	table->columns = calloc(dump->column_count + 1, sizeof(*table->columns));
	if (table->columns == NULL)
		return sql_fail(dump, "out of memory");
	dump->table_count++;
	memcpy(table->name, dump->table.name, sizeof(table->name));
	memcpy(table->columns, dump->columns, dump->column_count * sizeof(*table->columns));
	table->count = dump->column_count;
	return 0;
}

static int has_word(const char *const *words, const char *word)
{
	for (; *words != NULL; words++) {
		if (strcasecmp(*words, word) == 0)
			return 1;
	}
	return 0;
}

/* Whether the first word of a part of CREATE TABLE begins something else than a column. */
static int is_constraint(const struct sql_dump *dump, const char *word)
{
	static const char *const common[] = { "PRIMARY", "UNIQUE", "CONSTRAINT",
					      "FOREIGN", "CHECK",  NULL };
	static const char *const mysql[] = { "KEY", "INDEX", "FULLTEXT", "SPATIAL", NULL };
	static const char *const postgresql[] = { "EXCLUDE", NULL };
	static const char *const none[] = { NULL };
	static const char *const *const own[] = {
		[SQL_MYSQL] = mysql, [SQL_POSTGRESQL] = postgresql, [SQL_SQLITE] = none
	};

	return has_word(common, word) || has_word(own[dump->text.dialect], word);
}

/* Passes over the rest of a part: to the ',' or ')' that ends it. */
static int skip_part(struct sql_dump *dump)
{
	struct sql_text *text = &dump->text;
	int depth = 0;

	while (text->at < text->end) {
		const char c = *text->at;

		if (depth == 0 && (c == ',' || c == ')'))
			return 0;
		depth += c == '(' ? 1 : c == ')' ? -1 : 0;
		if (sql_skip_one(text) < 0)
			return -1;
	}
	return sql_fail(dump, "the dump ends in the middle of a table");
}

/* (name type, ..., PRIMARY KEY (...)) */
static int take_definitions(struct sql_dump *dump)
{
	struct sql_column name;
	int ret = sql_need(dump, '('), quoted;

	dump->column_count = 0;
	do {
		if (ret < 0 || sql_take_name(&dump->text, &name, &quoted) < 0 ||
		    ((quoted || !is_constraint(dump, name.name)) && add_column(dump, &name) < 0) ||
		    skip_part(dump) < 0)
			return -1;
		ret = sql_take(&dump->text, ',');
	} while (ret > 0);
	return ret < 0 || sql_need(dump, ')') < 0 ? -1 : keep_columns(dump);
}

/* SQLite: the statements of a trigger up to "END;". No other begins with that word. */
static int skip_trigger(struct sql_dump *dump)
{
	int ret = 0;

	while (ret == 0) {
		if (sql_skip_statement(&dump->text) < 0 || sql_skip_blank(&dump->text) < 0)
			return -1;
		ret = sql_take_word(&dump->text, "END");
	}
	return ret < 0 ? -1 : sql_skip_statement(&dump->text);
}

int sql_read_create(struct sql_dump *dump)
{
	static const char *const before[] = { "UNLOGGED", "TEMPORARY", NULL };
	static const char *const after[] = { "IF", "NOT", "EXISTS", NULL };
	int ret = sql_pass_words(dump, before);

	if (ret == 0 && dump->text.dialect == SQL_SQLITE) {
		ret = sql_take_word(&dump->text, "TRIGGER");
		if (ret != 0)
			return ret < 0 ? -1 : skip_trigger(dump);
	}
	if (ret == 0)
		ret = sql_take_word(&dump->text, "TABLE");
	if (ret > 0) {
		if (sql_pass_words(dump, after) < 0 || sql_take_table(dump) < 0)
			return -1;
		if (sql_is_wanted(dump) && take_definitions(dump) < 0)
			return -1;
	}
	return ret < 0 ? -1 : sql_skip_statement(&dump->text);
}

int sql_use_columns(struct sql_dump *dump)
{
	const struct sql_table *table = find_table(dump);

	if (table == NULL)
		return sql_fail(dump,
				"rows come before their table is created: make the dump with the "
				"structure, or with the columns' names in each INSERT");
	memcpy(dump->columns, table->columns, table->count * sizeof(*table->columns));
	dump->column_count = table->count;
	return 0;
}
