/* sql_insert.c - INSERT, and REPLACE of MySQL; see sql_statement.h. */
#include "ctl/import/sql_statement.h"

/* (constant, ...) */
static int read_tuple(struct sql_dump *dump)
{
	int ret, is_null;

	sql_row_begin(dump);
	ret = sql_need(dump, '(');
	do {
		if (ret < 0 || sql_value_begin(dump) < 0 ||
		    sql_take_constant(&dump->text, &dump->bytes, &is_null) < 0)
			return -1;
		sql_value_end(dump, is_null);
		ret = sql_take(&dump->text, ',');
	} while (ret > 0);
	return ret < 0 || sql_need(dump, ')') < 0 ? -1 : sql_row_end(dump);
}

int sql_read_insert(struct sql_dump *dump)
{
	static const char *const before[] = { "IGNORE", "INTO", NULL };
	static const char *const after[] = { "OVERRIDING", "SYSTEM", "USER", "VALUE", NULL };
	struct sql_text *text = &dump->text;
	int ret;

	if (sql_pass_words(dump, before) < 0 || sql_take_table(dump) < 0)
		return -1;
	if (!sql_is_wanted(dump))
		return sql_skip_statement(text);
	ret = sql_looking_at(text, "(") ? sql_take_column_list(dump) : sql_use_columns(dump);
	if (ret < 0 || sql_pass_words(dump, after) < 0)
		return -1;
	ret = sql_take_word(text, "VALUES");
	if (ret <= 0)
		return ret < 0 ? -1 : sql_fail(dump, "there is no VALUES in an INSERT");
	do {
		if (read_tuple(dump) < 0)
			return -1;
		ret = sql_take(text, ',');
	} while (ret > 0);
	if (ret == 0 && text->at < text->end && !sql_looking_at(text, text->delimiter))
		return sql_fail(dump, "an INSERT goes on after its rows");
	return ret < 0 ? -1 : sql_skip_statement(text);
}
