/* sql_row.c - a row of a dump, and its values by name; see sql_statement.h and sql_dump.h. */
#include <openssl/crypto.h>
#include <string.h>

#include "ctl/import/sql_statement.h"

void sql_row_begin(struct sql_dump *dump)
{
	if (dump->bytes.len > 0)
		OPENSSL_cleanse(dump->bytes.data, dump->bytes.len);
	dump->bytes.len = 0;
	dump->value_count = 0;
	dump->line = sql_text_line(&dump->text);
}

int sql_value_begin(struct sql_dump *dump)
{
	if (dump->value_count == dump->column_count)
		return sql_fail(dump, "the row has more values than there are columns");
	dump->begins[dump->value_count] = dump->bytes.len;
	return 0;
}

void sql_value_end(struct sql_dump *dump, int is_null)
{
	const size_t at = dump->value_count++;

	dump->is_null[at] = is_null;
	dump->lengths[at] = dump->bytes.len - dump->begins[at] - 1;
}

int sql_row_end(struct sql_dump *dump)
{
	const struct sql_row row = { .table = dump->table.name,
				     .line = dump->line,
				     .count = dump->value_count,
				     .columns = dump->columns,
				     .values = dump->values };

	if (row.count != dump->column_count)
		return sql_fail(dump, "the row does not have a value for each column");
	/* The bytes do not move any more. */
	for (size_t i = 0; i < row.count; i++) {
		dump->values[i].text = dump->is_null[i] ? NULL : dump->bytes.data + dump->begins[i];
		dump->values[i].len = dump->is_null[i] ? 0 : dump->lengths[i];
	}
	return dump->reader->row(&row, dump->reader->context);
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
