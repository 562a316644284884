/* fuzz_sql_dump.c - dumps of databases. What is taken is written as a dump and read again. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/import/php_value.h"
#include "ctl/import/sql_dump.h"

struct copy {
	FILE *out;
	size_t rows, bytes;
};

static int wants(const char *table, void *context)
{
	(void)context;
	MUST(strlen(table) <= SQL_DUMP_NAME_MAX);
	/* Some are not wanted. */
	return table[0] != 'u';
}

static void write_name(FILE *out, const char *name)
{
	fputc('`', out);
	for (; *name != '\0'; name++) {
		if (*name == '`')
			fputc('`', out);
		fputc(*name, out);
	}
	fputc('`', out);
}

static void write_value(FILE *out, const struct sql_value *value)
{
	if (value->text == NULL) {
		fputs("NULL", out);
		return;
	}
	fputs("X'", out);
	for (size_t i = 0; i < value->len; i++)
		fprintf(out, "%02x", (unsigned char)value->text[i]);
	fputc('\'', out);
}

static int on_row(const struct sql_row *row, void *context)
{
	struct copy *copy = context;
	struct php_value value;

	MUST(row->count > 0 && row->count <= SQL_DUMP_COLUMNS_MAX && row->line > 0);
	copy->rows++;
	for (size_t i = 0; i < row->count; i++) {
		MUST(row->values[i].text == NULL ||
		     row->values[i].text[row->values[i].len] == '\0');
		copy->bytes += row->values[i].len;
		if (row->values[i].text != NULL)
			php_value_parse(row->values[i].text, row->values[i].len, &value);
	}
	if (copy->out == NULL)
		return 0;
	fputs("INSERT INTO ", copy->out);
	write_name(copy->out, row->table);
	for (size_t i = 0; i < row->count; i++) {
		fputc(i == 0 ? '(' : ',', copy->out);
		write_name(copy->out, row->columns[i].name);
	}
	for (size_t i = 0; i < row->count; i++) {
		fputs(i == 0 ? ") VALUES (" : ",", copy->out);
		write_value(copy->out, &row->values[i]);
	}
	fputs(");\n", copy->out);
	return 0;
}

static int read_dump(const char *text, size_t size, struct copy *copy, struct pl_error *err)
{
	const struct sql_dump_reader reader = {
		.wants = wants, .row = on_row, .context = copy, .err = err
	};

	return sql_dump_read(text, size, &reader);
}

/* Everything in a serialized value can be reached, and lies in the text. */
static void walk(const struct php_value *value, const char *begin, const char *end)
{
	struct php_value key, next;
	size_t at = 0, count = 0;

	MUST(value->type == PHP_NULL || (value->text >= begin && value->text + value->len <= end));
	if (value->type != PHP_ARRAY)
		return;
	while (php_value_next(value, &at, &key, &next)) {
		walk(&next, begin, end);
		count++;
	}
	MUST(count == value->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct copy first = { .out = NULL }, second = { .out = NULL };
	struct pl_error err = { 0 };
	struct php_value value;
	char *written = NULL;
	size_t length;

	if (php_value_parse(text, size, &value) == 0)
		walk(&value, text, text + size);
	first.out = open_memstream(&written, &length);
	MUST(first.out != NULL);
	fputs("-- MySQL dump\n", first.out);
	if (read_dump(text, size, &first, &err) == 0) {
		fclose(first.out);
		MUST(read_dump(written, length, &second, &err) == 0);
		MUST(first.rows == second.rows && first.bytes == second.bytes);
	} else {
		fclose(first.out);
		MUST(err.code == PL_ERR_INVALID && err.msg[0] != '\0');
	}
	free(written);
	return 0;
}
