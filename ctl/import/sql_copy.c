/* sql_copy.c - COPY of PostgreSQL, whose rows are lines of their own; see sql_statement.h. */
#include <string.h>

#include "ctl/import/sql_statement.h"

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
static int copy_field(struct sql_dump *dump, int *is_null_r)
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
static int copy_row(struct sql_dump *dump)
{
	struct sql_text *text = &dump->text;
	int is_null;

	sql_row_begin(dump);
	do {
		text->at += dump->value_count > 0;
		if (sql_value_begin(dump) < 0 || copy_field(dump, &is_null) < 0)
			return -1;
		sql_value_end(dump, is_null);
	} while (text->at < text->end && *text->at == '\t');
	if (text->at == text->end)
		return sql_fail(dump, "the dump ends in the middle of a table, so it is not whole");
	text->at++;
	return sql_row_end(dump);
}

/* The lines up to "\.". */
static int copy_rows(struct sql_dump *dump, int is_wanted)
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
	return sql_fail(dump, "the dump ends in the middle of a table, so it is not whole");
}

/* COPY table (columns) FROM stdin; */
int sql_read_copy(struct sql_dump *dump)
{
	struct sql_text *text = &dump->text;
	int wanted;

	dump->column_count = 0;
	if (sql_take_table(dump) < 0)
		return -1;
	wanted = sql_is_wanted(dump);
	if ((sql_looking_at(text, "(") && sql_take_column_list(dump) < 0) ||
	    (wanted && dump->column_count == 0 && sql_use_columns(dump) < 0))
		return -1;
	if (sql_take_word(text, "FROM") <= 0 || sql_take_word(text, "stdin") <= 0 ||
	    !sql_looking_at(text, ";"))
		return sql_fail(dump, "a COPY is not FROM stdin, as pg_dump writes it");
	text->at++;
	while (text->at < text->end && (*text->at == ' ' || *text->at == '\r'))
		text->at++;
	if (text->at == text->end || *text->at++ != '\n')
		return sql_fail(dump, "the rows of a COPY do not begin on a line of their own");
	return copy_rows(dump, wanted);
}
