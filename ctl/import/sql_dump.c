/* sql_dump.c - see sql_dump.h. */
#include "ctl/import/sql_dump.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ctl/import/sql_text.h"

/* What CREATE TABLE has said of a table that is wanted. */
struct table {
	char name[SQL_DUMP_NAME_MAX + 1];
	size_t count;
	struct sql_column *columns;
};

struct dump {
	const struct sql_dump_reader *reader;
	struct sql_text text;
	struct table tables[SQL_DUMP_TABLES_MAX];
	size_t table_count;
	/* Of the statement that is being read. */
	struct sql_column table, columns[SQL_DUMP_COLUMNS_MAX];
	size_t column_count;
	struct sql_bytes bytes;
	struct sql_value values[SQL_DUMP_COLUMNS_MAX];
	size_t begins[SQL_DUMP_COLUMNS_MAX], lengths[SQL_DUMP_COLUMNS_MAX];
	int is_null[SQL_DUMP_COLUMNS_MAX];
	size_t line; /* of the row */
};

static int fail(struct dump *dump, const char *sentence)
{
	return sql_text_error(&dump->text, sentence);
}

/* Takes what must stand here. */
static int need(struct dump *dump, char punctuation)
{
	char sentence[64] = "there is no ' ' where one is needed";
	const int ret = sql_take(&dump->text, punctuation);

	sentence[13] = punctuation;
	return ret == 0 ? fail(dump, sentence) : ret < 0 ? -1 : 0;
}

/* schema.table: the schema does not matter. */
static int take_table(struct dump *dump)
{
	int ret = sql_take_name(&dump->text, &dump->table, NULL);

	if (ret == 0)
		ret = sql_take(&dump->text, '.');
	return ret > 0 ? sql_take_name(&dump->text, &dump->table, NULL) : ret;
}

static int is_wanted(const struct dump *dump)
{
	return dump->reader->wants(dump->table.name, dump->reader->context);
}

/* ---- columns ---- */

static int add_column(struct dump *dump, const struct sql_column *name)
{
	if (dump->column_count == SQL_DUMP_COLUMNS_MAX)
		return fail(dump, "the table has too many columns");
	dump->columns[dump->column_count++] = *name;
	return 0;
}

/* (name, name, ...) */
static int take_column_list(struct dump *dump)
{
	struct sql_column name;
	int ret = need(dump, '(');

	dump->column_count = 0;
	do {
		if (ret < 0 || sql_take_name(&dump->text, &name, NULL) < 0 ||
		    add_column(dump, &name) < 0)
			return -1;
		ret = sql_take(&dump->text, ',');
	} while (ret > 0);
	return ret < 0 ? -1 : need(dump, ')');
}

static struct table *find_table(struct dump *dump)
{
	for (size_t i = 0; i < dump->table_count; i++) {
		if (strcmp(dump->tables[i].name, dump->table.name) == 0)
			return &dump->tables[i];
	}
	return NULL;
}

static int keep_columns(struct dump *dump)
{
	struct table *table = &dump->tables[dump->table_count];

	if (find_table(dump) != NULL)
		return fail(dump, "the table is created twice: a dump of one database is needed");
	if (dump->table_count == SQL_DUMP_TABLES_MAX)
		return fail(dump, "there are too many tables");
	table->columns = calloc(dump->column_count + 1, sizeof(*table->columns));
	if (table->columns == NULL)
		return fail(dump, "out of memory");
	dump->table_count++;
	memcpy(table->name, dump->table.name, sizeof(table->name));
	memcpy(table->columns, dump->columns, dump->column_count * sizeof(*table->columns));
	table->count = dump->column_count;
	return 0;
}

/* Whether the first word of a part of CREATE TABLE begins something else than a column. */
static int is_constraint(const char *word)
{
	static const char *const words[] = { "PRIMARY",    "UNIQUE",  "KEY",      "INDEX",
					     "CONSTRAINT", "FOREIGN", "FULLTEXT", "SPATIAL",
					     "CHECK",      "EXCLUDE" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(words[i], word) == 0)
			return 1;
	}
	return 0;
}

/* Passes over the rest of a part: to the ',' or ')' that ends it. */
static int skip_part(struct dump *dump)
{
	struct sql_text *text = &dump->text;
	struct sql_bytes bytes = { .data = NULL };
	struct sql_column name;
	int depth = 0, ret = 0, is_null;

	while (ret >= 0 && text->at < text->end) {
		const char c = *text->at;

		if (depth == 0 && (c == ',' || c == ')'))
			return 0;
		depth += c == '(' ? 1 : c == ')' ? -1 : 0;
		if (c == '\'') {
			ret = sql_take_constant(text, &bytes, &is_null);
			free(bytes.data);
			bytes = (struct sql_bytes){ .data = NULL };
		} else if (c == '`' || c == '"') {
			ret = sql_take_name(text, &name, NULL);
		} else {
			ret = sql_take(text, c);
		}
	}
	return ret < 0 ? -1 : fail(dump, "the dump ends in the middle of a table");
}

/* (name type, ..., PRIMARY KEY (...)) */
static int take_definitions(struct dump *dump)
{
	struct sql_column name;
	int ret = need(dump, '('), quoted;

	dump->column_count = 0;
	do {
		if (ret < 0 || sql_take_name(&dump->text, &name, &quoted) < 0 ||
		    ((quoted || !is_constraint(name.name)) && add_column(dump, &name) < 0) ||
		    skip_part(dump) < 0)
			return -1;
		ret = sql_take(&dump->text, ',');
	} while (ret > 0);
	return ret < 0 || need(dump, ')') < 0 ? -1 : keep_columns(dump);
}

/* Takes the words that may stand here. 0 or -1. */
static int pass_words(struct dump *dump, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (sql_take_word(&dump->text, *words) < 0)
			return -1;
	}
	return 0;
}

static int read_create(struct dump *dump)
{
	static const char *const before[] = { "UNLOGGED", "TEMPORARY", NULL };
	static const char *const after[] = { "IF", "NOT", "EXISTS", NULL };
	int ret = pass_words(dump, before);

	if (ret == 0)
		ret = sql_take_word(&dump->text, "TABLE");
	if (ret > 0) {
		if (pass_words(dump, after) < 0 || take_table(dump) < 0)
			return -1;
		if (is_wanted(dump) && take_definitions(dump) < 0)
			return -1;
	}
	return ret < 0 ? -1 : sql_skip_statement(&dump->text);
}

/* ---- rows ---- */

/* Uses the columns of CREATE TABLE, where the statement names none. */
static int use_columns(struct dump *dump)
{
	const struct table *table = find_table(dump);

	if (table == NULL)
		return fail(dump, "rows come before their table is created: make the dump with the "
				  "structure, or with the columns' names in each INSERT");
	memcpy(dump->columns, table->columns, table->count * sizeof(*table->columns));
	dump->column_count = table->count;
	return 0;
}

static void begin_row(struct dump *dump)
{
	if (dump->bytes.len > 0)
		OPENSSL_cleanse(dump->bytes.data, dump->bytes.len);
	dump->bytes.len = 0;
	dump->line = sql_text_line(&dump->text);
}

static int end_row(struct dump *dump, size_t count)
{
	struct sql_row row = { .table = dump->table.name,
			       .line = dump->line,
			       .count = count,
			       .columns = dump->columns,
			       .values = dump->values };

	if (count != dump->column_count)
		return fail(dump, "the row does not have a value for each column");
	for (size_t i = 0; i < count; i++) {
		dump->values[i].text = dump->is_null[i] ? NULL : dump->bytes.data + dump->begins[i];
		dump->values[i].len = dump->is_null[i] ? 0 : dump->lengths[i];
	}
	return dump->reader->row(&row, dump->reader->context);
}

/* (constant, ...) */
static int read_tuple(struct dump *dump)
{
	size_t count = 0;
	int ret;

	begin_row(dump);
	ret = need(dump, '(');
	do {
		if (ret < 0)
			return -1;
		if (count == dump->column_count)
			return fail(dump, "the row has more values than there are columns");
		dump->begins[count] = dump->bytes.len;
		if (sql_take_constant(&dump->text, &dump->bytes, &dump->is_null[count]) < 0)
			return -1;
		dump->lengths[count] = dump->bytes.len - dump->begins[count] - 1;
		count++;
		ret = sql_take(&dump->text, ',');
	} while (ret > 0);
	return ret < 0 || need(dump, ')') < 0 ? -1 : end_row(dump, count);
}

static int read_insert(struct dump *dump)
{
	static const char *const before[] = { "IGNORE", "INTO", NULL };
	static const char *const after[] = { "OVERRIDING", "SYSTEM", "USER", "VALUE", NULL };
	struct sql_text *text = &dump->text;
	int ret;

	if (pass_words(dump, before) < 0 || take_table(dump) < 0)
		return -1;
	if (!is_wanted(dump))
		return sql_skip_statement(text);
	ret = sql_looking_at(text, "(") ? take_column_list(dump) : use_columns(dump);
	if (ret < 0 || pass_words(dump, after) < 0)
		return -1;
	ret = sql_take_word(text, "VALUES");
	if (ret <= 0)
		return ret < 0 ? -1 : fail(dump, "there is no VALUES in an INSERT");
	do {
		if (read_tuple(dump) < 0)
			return -1;
		ret = sql_take(text, ',');
	} while (ret > 0);
	if (ret == 0 && text->at < text->end && !sql_looking_at(text, text->delimiter))
		return fail(dump, "an INSERT goes on after its rows");
	return ret < 0 ? -1 : sql_skip_statement(text);
}

/* ---- COPY ---- */

/* Takes the byte that is meant by what follows a backslash. */
static char copy_escape(struct sql_text *text)
{
	static const char from[] = "bfnrtv", to[] = "\b\f\n\r\t\v";
	const char c = *text->at++;
	const char *found = c == '\0' ? NULL : strchr(from, c);
	int value = c - '0';

	if (found != NULL)
		return to[found - from];
	if (c < '0' || c > '7')
		return c;
	for (int i = 0; i < 2 && text->at < text->end && *text->at >= '0' && *text->at <= '7'; i++)
		value = value * 8 + (*text->at++ - '0');
	return (char)value;
}

/* Takes a field, up to the tab or the end of the line. */
static int copy_field(struct dump *dump, int *is_null_r)
{
	struct sql_text *text = &dump->text;

	*is_null_r = sql_looking_at(text, "\\N") && text->end - text->at > 2 &&
		     (text->at[2] == '\t' || text->at[2] == '\n');
	text->at += *is_null_r ? 2 : 0;
	while (text->at < text->end && *text->at != '\t' && *text->at != '\n') {
		char c = *text->at++;

		if (c == '\\' && text->at < text->end && *text->at != '\n')
			c = copy_escape(text);
		if (sql_put(text, &dump->bytes, c) < 0)
			return -1;
	}
	return sql_put(text, &dump->bytes, '\0');
}

/* Takes a line of fields. */
static int copy_row(struct dump *dump)
{
	struct sql_text *text = &dump->text;
	size_t count = 0;

	begin_row(dump);
	do {
		text->at += count > 0;
		if (count == dump->column_count)
			return fail(dump, "the row has more values than there are columns");
		dump->begins[count] = dump->bytes.len;
		if (copy_field(dump, &dump->is_null[count]) < 0)
			return -1;
		dump->lengths[count] = dump->bytes.len - dump->begins[count] - 1;
		count++;
	} while (text->at < text->end && *text->at == '\t');
	if (text->at == text->end)
		return fail(dump, "the dump ends in the middle of a table, so it is not whole");
	text->at++;
	return end_row(dump, count);
}

/* The lines up to "\.". */
static int copy_rows(struct dump *dump, int is_wanted)
{
	struct sql_text *text = &dump->text;

	while (text->at < text->end) {
		const char *newline = memchr(text->at, '\n', (size_t)(text->end - text->at));

		if (newline == NULL)
			newline = text->end;
		if (sql_looking_at(text, "\\.") &&
		    (newline - text->at == 2 || (newline - text->at == 3 && text->at[2] == '\r'))) {
			text->at = newline;
			return 0;
		}
		if (!is_wanted)
			text->at = newline == text->end ? newline : newline + 1;
		else if (copy_row(dump) < 0)
			return -1;
	}
	return fail(dump, "the dump ends in the middle of a table, so it is not whole");
}

/* COPY table (columns) FROM stdin; */
static int read_copy(struct dump *dump)
{
	struct sql_text *text = &dump->text;
	int wanted;

	dump->column_count = 0;
	if (take_table(dump) < 0)
		return -1;
	wanted = is_wanted(dump);
	if ((sql_looking_at(text, "(") && take_column_list(dump) < 0) ||
	    (wanted && dump->column_count == 0 && use_columns(dump) < 0))
		return -1;
	if (sql_take_word(text, "FROM") <= 0 || sql_take_word(text, "stdin") <= 0 ||
	    !sql_looking_at(text, ";"))
		return fail(dump, "a COPY is not FROM stdin, as pg_dump writes it");
	text->at++;
	while (text->at < text->end && (*text->at == ' ' || *text->at == '\r'))
		text->at++;
	if (text->at == text->end || *text->at++ != '\n')
		return fail(dump, "the rows of a COPY do not begin on a line of their own");
	return copy_rows(dump, wanted);
}

/* ---- statements ---- */

/* DELIMITER ;; is a command of the program mysql. */
static int read_delimiter(struct dump *dump)
{
	struct sql_text *text = &dump->text;
	size_t len = 0;

	while (text->at + len < text->end && strchr("\r\n", text->at[len]) == NULL)
		len++;
	while (len > 0 && text->at[len - 1] == ' ')
		len--;
	if (len == 0 || len >= sizeof(text->delimiter) || memchr(text->at, '\0', len) != NULL)
		return fail(dump, "a DELIMITER is missing, or too long");
	memset(text->delimiter, 0, sizeof(text->delimiter));
	memcpy(text->delimiter, text->at, len);
	text->at += len;
	return 0;
}

static int read_statement(struct dump *dump)
{
	static const struct {
		const char *word;
		enum sql_dialect only; /* another one does not have it */
		int is_common;
		int (*read)(struct dump *dump);
	} statements[] = {
		{ "INSERT", SQL_MYSQL, 1, read_insert },
		{ "REPLACE", SQL_MYSQL, 0, read_insert },
		{ "CREATE", SQL_MYSQL, 1, read_create },
		{ "COPY", SQL_POSTGRESQL, 0, read_copy },
		{ "DELIMITER", SQL_MYSQL, 0, read_delimiter },
	};

	/* \restrict and \connect are commands of psql. */
	if (dump->text.dialect == SQL_POSTGRESQL && sql_looking_at(&dump->text, "\\")) {
		const char *newline =
			memchr(dump->text.at, '\n', (size_t)(dump->text.end - dump->text.at));

		dump->text.at = newline == NULL ? dump->text.end : newline;
		return 0;
	}
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		int ret = 0;

		if (statements[i].is_common || statements[i].only == dump->text.dialect)
			ret = sql_take_word(&dump->text, statements[i].word);
		if (ret != 0)
			return ret < 0 ? -1 : statements[i].read(dump);
	}
	return sql_skip_statement(&dump->text);
}

static int read_dump(struct dump *dump)
{
	int ret = sql_skip_blank(&dump->text);

	while (ret == 0 && dump->text.at < dump->text.end) {
		ret = read_statement(dump);
		if (ret == 0)
			ret = sql_skip_blank(&dump->text);
	}
	return ret;
}

int sql_dump_read(const char *text, size_t len, const struct sql_dump_reader *reader)
{
	struct dump *dump;
	int ret;

	if (len > SQL_DUMP_MAX)
		return pl_error_set(reader->err, PL_ERR_INVALID, "it is larger than %d bytes",
				    SQL_DUMP_MAX);
	dump = calloc(1, sizeof(*dump));
	if (dump == NULL)
		return pl_error_set(reader->err, PL_ERR_RETRY, "out of memory");
	dump->reader = reader;
	ret = sql_text_begin(&dump->text, text, len, reader->err);
	if (ret == 0)
		ret = read_dump(dump);
	if (dump->bytes.data != NULL)
		OPENSSL_cleanse(dump->bytes.data, dump->bytes.room);
	free(dump->bytes.data);
	for (size_t i = 0; i < dump->table_count; i++)
		free(dump->tables[i].columns);
	free(dump);
	return ret < 0 ? -1 : 0;
}

const struct sql_value *sql_row_value(const struct sql_row *row, const char *column)
{
	for (size_t i = 0; i < row->count; i++) {
		if (strcmp(row->columns[i].name, column) == 0)
			return &row->values[i];
	}
	return NULL;
}

const char *sql_row_text(const struct sql_row *row, const char *column)
{
	const struct sql_value *value = sql_row_value(row, column);

	if (value == NULL || value->text == NULL || memchr(value->text, '\0', value->len) != NULL)
		return NULL;
	return value->text;
}
