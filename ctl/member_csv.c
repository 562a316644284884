/* member_csv.c - see member_csv.h. */
#include "ctl/member_csv.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "policy/base/utf8.h"

#define COLUMNS_MAX (PL_SETTING_COUNT + 3)

/* What a column holds: a setting's number, or one of these. */
enum { COLUMN_ADDRESS = PL_SETTING_COUNT, COLUMN_ACTIVE, COLUMN_CLASS };

struct reader {
	struct member_csv *csv;
	const char *default_domain;
	struct pl_error *err;
	int failed;
	int line;
	int columns[COLUMNS_MAX], column_count; /* 0 until the header was read */
	int field;                              /* of the row that is being read */
	struct member_csv_row row;
};

static int fail(struct reader *reader, const char *what, const char *word)
{
	if (!reader->failed)
		pl_error_set(reader->err, PL_ERR_INVALID, "line %d: %s%.100s", reader->line, what,
			     word);
	reader->failed = 1;
	return -1;
}

static int column_by_name(const char *name)
{
	enum pl_setting setting;

	if (strcmp(name, "address") == 0)
		return COLUMN_ADDRESS;
	if (strcmp(name, "active") == 0)
		return COLUMN_ACTIVE;
	if (strcmp(name, "class") == 0)
		return COLUMN_CLASS;
	return pl_setting_by_name(name, &setting) ? (int)setting : -1;
}

static void read_column_name(struct reader *reader, const char *name)
{
	char what[64];
	int column = column_by_name(name);
	const char *renamed = pl_setting_renamed(name);

	if (renamed != NULL) {
		snprintf(what, sizeof(what), "the column %s is now called ", name);
		fail(reader, what, renamed);
		return;
	}
	if (column < 0) {
		fail(reader,
		     strpbrk(name, ";\t") != NULL
			     ? "fields must be separated by commas: there is no column "
			     : "there is no column ",
		     name);
		return;
	}
	for (int i = 0; i < reader->field; i++) {
		if (reader->columns[i] == column) {
			fail(reader, "two columns are called ", name);
			return;
		}
	}
	/* Every name is there once at most, so this cannot overflow. */
	reader->columns[reader->field] = column;
}

static void read_value(struct reader *reader, const char *text)
{
	int column = reader->columns[reader->field];
	struct pl_error why = { 0 };
	char word[MEMBER_CSV_FIELD_MAX + 64];
	int ret;

	if (column == COLUMN_ADDRESS) {
		ret = pl_address_parse(text, strlen(text), reader->default_domain,
				       &reader->row.address, &why);
	} else {
		const char *name = column == COLUMN_ACTIVE ? "active"
				   : column == COLUMN_CLASS
					   ? "class"
					   : pl_setting_info((enum pl_setting)column)->name;
		const char *empty = column == COLUMN_ACTIVE  ? "on"
				    : column == COLUMN_CLASS ? ""
							     : "inherit";

		snprintf(word, sizeof(word), "%s=%s", name, *text != '\0' ? text : empty);
		ret = pl_change_parse(word, PL_AT_MEMBER, &reader->row.change, &why);
	}
	if (ret < 0 && !reader->failed) {
		pl_error_set(reader->err, why.code, "%s", why.msg);
		pl_error_prefix(reader->err, "line %d", reader->line);
		reader->failed = 1;
	}
}

static void on_field(void *data, size_t len, void *context)
{
	struct reader *reader = context;
	char text[MEMBER_CSV_FIELD_MAX + 1];

	if (reader->failed)
		return;
	if (len > MEMBER_CSV_FIELD_MAX || memchr(data == NULL ? "" : data, '\0', len) != NULL) {
		fail(reader, "a field is too long or contains a NUL byte", "");
		return;
	}
	if (len > 0)
		memcpy(text, data, len);
	text[len] = '\0';
	if (!pl_is_utf8(text))
		fail(reader, "a field is not UTF-8", "");
	else if (reader->column_count == 0)
		read_column_name(reader, text);
	else if (reader->field >= reader->column_count)
		fail(reader, "more fields than the first line has columns", "");
	else
		read_value(reader, text);
	reader->field++;
}

static void end_of_header(struct reader *reader)
{
	reader->column_count = reader->field;
	for (int i = 0; i < reader->column_count; i++) {
		if (reader->columns[i] == COLUMN_ADDRESS)
			return;
	}
	fail(reader, "the first line has no column address", "");
}

static void keep_row(struct reader *reader)
{
	struct member_csv *csv = reader->csv;

	if (csv->count == csv->room) {
		size_t room = csv->room == 0 ? 256 : csv->room * 2;
		struct member_csv_row *rows = realloc(csv->rows, room * sizeof(*rows));

		if (rows == NULL) {
			fail(reader, "out of memory", "");
			return;
		}
		csv->rows = rows;
		csv->room = room;
	}
	reader->row.line = reader->line;
	csv->rows[csv->count++] = reader->row;
}

static void on_row(int end, void *context)
{
	struct reader *reader = context;

	(void)end;
	if (reader->failed)
		return;
	if (reader->column_count == 0)
		end_of_header(reader);
	else if (reader->field < reader->column_count)
		fail(reader, "fewer fields than the first line has columns", "");
	else
		keep_row(reader);
	reader->field = 0;
	memset(&reader->row, 0, sizeof(reader->row));
}

/* Feeds libcsv line by line, so that the callbacks know where they are. */
static void feed(struct csv_parser *parser, const char *text, size_t len, struct reader *reader)
{
	while (len > 0 && !reader->failed) {
		const char *newline = memchr(text, '\n', len);
		size_t part = newline == NULL ? len : (size_t)(newline - text) + 1;

		reader->line++;
		if (csv_parse(parser, text, part, on_field, on_row, reader) != part)
			fail(reader, "a quoted field is not closed where it should be", "");
		text += part;
		len -= part;
	}
	if (!reader->failed && csv_fini(parser, on_field, on_row, reader) != 0)
		fail(reader, "a quoted field is never closed", "");
}

static int compare_rows(const void *a, const void *b)
{
	const struct member_csv_row *x = *(const struct member_csv_row *const *)a;
	const struct member_csv_row *y = *(const struct member_csv_row *const *)b;
	int ret = strcmp(x->address.domain, y->address.domain);

	if (ret == 0)
		ret = strcmp(x->address.local, y->address.local);
	return ret != 0 ? ret : (x > y) - (x < y);
}

static int same_address(const struct pl_address *a, const struct pl_address *b)
{
	return strcmp(a->local, b->local) == 0 && strcmp(a->domain, b->domain) == 0;
}

static int find_twins(const struct member_csv *csv, struct pl_error *err)
{
	const struct member_csv_row **order = calloc(csv->count + 1, sizeof(*order));
	int ret = 0;

	if (order == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	for (size_t i = 0; i < csv->count; i++)
		order[i] = &csv->rows[i];
	qsort(order, csv->count, sizeof(*order), compare_rows);
	for (size_t i = 1; i < csv->count && ret == 0; i++) {
		if (same_address(&order[i - 1]->address, &order[i]->address))
			ret = pl_error_set(err, PL_ERR_INVALID,
					   "line %d: %s@%s is already in line %d", order[i]->line,
					   order[i]->address.local, order[i]->address.domain,
					   order[i - 1]->line);
	}
	free(order);
	return ret;
}

int member_csv_parse(const char *text, size_t len, const char *default_domain,
		     struct member_csv *csv_r, struct pl_error *err)
{
	struct reader reader = { .csv = csv_r, .default_domain = default_domain, .err = err };
	struct csv_parser parser;

	memset(csv_r, 0, sizeof(*csv_r));
	if (len > MEMBER_CSV_MAX)
		return pl_error_set(err, PL_ERR_INVALID, "the file is larger than %d bytes",
				    MEMBER_CSV_MAX);
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL) != 0)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	feed(&parser, text, len, &reader);
	csv_free(&parser);
	if (!reader.failed && reader.column_count == 0) {
		pl_error_set(err, PL_ERR_INVALID, "the file is empty");
		reader.failed = 1;
	}
	if (reader.failed || find_twins(csv_r, err) < 0) {
		member_csv_free(csv_r);
		return -1;
	}
	return 0;
}

void member_csv_free(struct member_csv *csv)
{
	free(csv->rows);
	memset(csv, 0, sizeof(*csv));
}

void member_csv_write_header(FILE *out)
{
	fputs("address,active,class", out);
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++)
		fprintf(out, ",%s", pl_setting_info((enum pl_setting)i)->name);
	fputs("\n", out);
}

/* Addresses and classes hold neither quotes nor commas; a spreadsheet takes a
 * leading '=', '+' or '-' for a formula, and an address may begin with one, so
 * every field is quoted and nothing is put in front: import must read back
 * exactly what was exported. */
void member_csv_write(FILE *out, const struct pl_member *member)
{
	fprintf(out, "\"%s@%s\",%s,%s", member->address.local, member->address.domain,
		member->active ? "on" : "off", member->class_name);
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		enum pl_value value = (enum pl_value)member->settings.value[i];

		fprintf(out, ",%s", value == PL_UNSET ? "" : pl_value_name(value));
	}
	fputs("\n", out);
}
