/* member_csv.c - see member_csv.h. */
#include "ctl/member_csv.h"

#include <csv.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/csv_column.h"
#include "ctl/csv_text.h"
#include "policy/base/utf8.h"

#define COLUMNS_MAX 256 /* with those that have no name */

struct reader {
	struct member_csv *csv;
	const char *default_domain;
	enum member_csv_kind kind;
	struct pl_error *err;                   /* the first fault */
	int stopped;                            /* what follows cannot be read */
	size_t faults;                          /* lines that are wrong */
	FILE *list;                             /* of the first faults */
	int line, wrong_line;                   /* wrong_line: the last that is */
	int columns[COLUMNS_MAX], column_count; /* 0 until the header was read */
	int field;                              /* of the row that is being read */
	int has_text;                           /* some field of the row is not empty */
	struct member_csv_row row;
	char row_fault[512]; /* the first; "" for none */
};

/* Notes the first fault of a line. */
static void fault(struct reader *reader, int line, const char *sentence)
{
	if (reader->wrong_line == line)
		return;
	reader->wrong_line = line;
	if (reader->faults++ == 0)
		pl_error_set(reader->err, PL_ERR_INVALID, "line %d: %s", line, sentence);
	if (reader->list != NULL && reader->faults <= MEMBER_CSV_FAULTS)
		fprintf(reader->list, "line %d: %s\n", line, sentence);
}

static void wrong(struct reader *reader, const char *what, const char *word)
{
	char sentence[256];

	snprintf(sentence, sizeof(sentence), "%s%.100s", what, word);
	fault(reader, reader->line, sentence);
}

static void stop(struct reader *reader, const char *what)
{
	wrong(reader, what, "");
	reader->stopped = 1;
}

static void no_column(struct reader *reader, const char *name)
{
	const char *near = csv_column_suggest(name);
	char word[160];

	if (near != NULL)
		snprintf(word, sizeof(word), "%.64s (did you mean %s?)", name, near);
	else
		snprintf(word, sizeof(word), "%.100s", name);
	wrong(reader, "there is no column ", word);
}

static void read_column_name(struct reader *reader, const char *name)
{
	char what[64];
	int column = csv_column_by_name(name);
	const char *renamed = pl_setting_renamed(name);

	if (reader->field >= COLUMNS_MAX) {
		stop(reader, "there are too many columns");
		return;
	}
	reader->columns[reader->field] = column;
	if (column == CSV_TOTP_SECRET && reader->kind == MEMBER_CSV_PLAIN) {
		wrong(reader, "the column totp_secret is for `postlatch import csv`", "");
	} else if (renamed != NULL) {
		snprintf(what, sizeof(what), "the column %s is now called ", name);
		wrong(reader, what, renamed);
	} else if (column < 0) {
		no_column(reader, name);
	}
	for (int i = 0; i < reader->field && column >= 0 && column != CSV_NOTHING; i++) {
		if (reader->columns[i] == column)
			wrong(reader, "two columns are called ", csv_column_name(column));
	}
}

/* "OFF" and "Off" are what spreadsheets make of off. */
static void read_setting(struct reader *reader, int column, const char *text, struct pl_error *why)
{
	char word[MEMBER_CSV_FIELD_MAX + 64];
	const char *empty = column == CSV_ACTIVE ? "on" : column == CSV_CLASS ? "" : "inherit";
	size_t used = (size_t)snprintf(word, sizeof(word), "%s=", csv_column_name(column));

	snprintf(word + used, sizeof(word) - used, "%s", *text != '\0' ? text : empty);
	for (char *c = word + used; column != CSV_CLASS && *c != '\0'; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + 32);
	}
	pl_change_parse(word, PL_AT_MEMBER, &reader->row.change, why);
}

static void read_secret(struct reader *reader, const char *text, struct pl_error *why)
{
	if (strlen(text) > MEMBER_CSV_SECRET_MAX)
		pl_error_set(why, PL_ERR_INVALID, "totp_secret has more than %d bytes",
			     MEMBER_CSV_SECRET_MAX);
	else
		memcpy(reader->row.totp_secret, text, strlen(text) + 1);
}

static void read_value(struct reader *reader, const char *text)
{
	int column = reader->columns[reader->field];
	struct pl_error why = { 0 };

	reader->has_text |= *text != '\0';
	if (column == CSV_ADDRESS)
		pl_address_parse(text, strlen(text), reader->default_domain, &reader->row.address,
				 &why);
	else if (column == CSV_TOTP_SECRET)
		read_secret(reader, text, &why);
	else if (column != CSV_NOTHING)
		read_setting(reader, column, text, &why);
	else if (*text != '\0')
		pl_error_set(&why, PL_ERR_INVALID, "column %d has no name in the first line",
			     reader->field + 1);
	/* A row without any text is no row, and has no address that could be wrong. */
	if (why.code != PL_OK && reader->row_fault[0] == '\0')
		snprintf(reader->row_fault, sizeof(reader->row_fault), "%s", why.msg);
}

static void on_field(void *data, size_t len, void *context)
{
	struct reader *reader = context;
	char text[MEMBER_CSV_FIELD_MAX + 1];

	if (reader->stopped)
		return;
	if (len > MEMBER_CSV_FIELD_MAX || memchr(data == NULL ? "" : data, '\0', len) != NULL) {
		wrong(reader, "a field is too long or contains a NUL byte", "");
		len = 0;
	}
	if (len > 0)
		memcpy(text, data, len);
	text[len] = '\0';
	if (!pl_is_utf8(text))
		wrong(reader, "a field is not UTF-8", "");
	else if (reader->column_count == 0)
		read_column_name(reader, text);
	else if (reader->field < reader->column_count)
		read_value(reader, text);
	else if (len > 0)
		wrong(reader, "more fields than the first line has columns", "");
	reader->field++;
}

static void end_of_header(struct reader *reader)
{
	int has_address = 0;

	reader->column_count = reader->field;
	for (int i = 0; i < reader->column_count && i < COLUMNS_MAX; i++)
		has_address |= reader->columns[i] == CSV_ADDRESS;
	if (!has_address)
		wrong(reader, "the first line has no column address", "");
	/* Without its columns no row can be read. */
	reader->stopped |= reader->faults > 0;
}

/* Rows may have secrets. */
static void free_rows(struct member_csv *csv)
{
	if (csv->rows != NULL)
		OPENSSL_cleanse(csv->rows, csv->room * sizeof(*csv->rows));
	free(csv->rows);
}

static void keep_row(struct reader *reader)
{
	struct member_csv *csv = reader->csv;

	if (csv->count == csv->room) {
		size_t room = csv->room == 0 ? 256 : csv->room * 2;
		struct member_csv_row *rows = calloc(room, sizeof(*rows));

		if (rows == NULL) {
			stop(reader, "out of memory");
			return;
		}
		if (csv->count > 0)
			memcpy(rows, csv->rows, csv->count * sizeof(*rows));
		free_rows(csv);
		csv->rows = rows;
		csv->room = room;
	}
	reader->row.line = reader->line;
	csv->rows[csv->count++] = reader->row;
}

static void end_of_row(struct reader *reader)
{
	if (!reader->has_text && reader->wrong_line != reader->line)
		return;
	if (reader->row_fault[0] != '\0')
		fault(reader, reader->line, reader->row_fault);
	if (reader->field < reader->column_count)
		wrong(reader, "fewer fields than the first line has columns", "");
	if (reader->wrong_line != reader->line)
		keep_row(reader);
}

static void on_row(int end, void *context)
{
	struct reader *reader = context;

	(void)end;
	if (reader->stopped)
		return;
	if (reader->column_count == 0)
		end_of_header(reader);
	else
		end_of_row(reader);
	reader->field = 0;
	reader->has_text = 0;
	reader->row_fault[0] = '\0';
	memset(&reader->row, 0, sizeof(reader->row));
}

/* Feeds libcsv line by line, so that the callbacks know where they are. */
static void feed(struct csv_parser *parser, const char *text, size_t len, struct reader *reader)
{
	while (len > 0 && !reader->stopped) {
		const char *newline = memchr(text, '\n', len);
		size_t part = newline == NULL ? len : (size_t)(newline - text) + 1;

		reader->line++;
		if (csv_parse(parser, text, part, on_field, on_row, reader) != part)
			stop(reader, "a quoted field is not closed where it should be");
		text += part;
		len -= part;
	}
	if (!reader->stopped && csv_fini(parser, on_field, on_row, reader) != 0)
		stop(reader, "a quoted field is never closed");
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

static void find_twins(struct reader *reader)
{
	const struct member_csv *csv = reader->csv;
	const struct member_csv_row **order = calloc(csv->count + 1, sizeof(*order));
	char sentence[PL_ADDRESS_MAX + 64], text[PL_ADDRESS_MAX + 1];

	if (order == NULL) {
		stop(reader, "out of memory");
		return;
	}
	for (size_t i = 0; i < csv->count; i++)
		order[i] = &csv->rows[i];
	qsort(order, csv->count, sizeof(*order), compare_rows);
	for (size_t i = 1; i < csv->count; i++) {
		if (!same_address(&order[i - 1]->address, &order[i]->address))
			continue;
		snprintf(sentence, sizeof(sentence), "%s is already in line %d",
			 pl_address_format(&order[i]->address, text), order[i - 1]->line);
		fault(reader, order[i]->line, sentence);
	}
	free(order);
}

/* Puts the list of faults in place of the first one, unless there is only that. */
static void list_faults(struct reader *reader, char **list)
{
	if (reader->faults < 2 || *list == NULL)
		return;
	pl_error_set(reader->err, PL_ERR_INVALID, "%zu lines are wrong, and nothing is changed",
		     reader->faults);
	reader->csv->faults = *list;
	*list = NULL;
}

static int parse(const char *text, size_t len, struct reader *reader)
{
	struct csv_parser parser;
	char delimiter;
	const size_t begin = csv_text_begin(text, len, &delimiter, &reader->line);

	if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL) != 0)
		return pl_error_set(reader->err, PL_ERR_RETRY, "out of memory");
	csv_set_delim(&parser, (unsigned char)delimiter);
	feed(&parser, text + begin, len - begin, reader);
	csv_free(&parser);
	if (reader->faults == 0 && reader->column_count == 0)
		return pl_error_set(reader->err, PL_ERR_INVALID, "the file is empty");
	find_twins(reader);
	return reader->faults == 0 ? 0 : -1;
}

int member_csv_parse(const char *text, size_t len, const char *default_domain,
		     enum member_csv_kind kind, struct member_csv *csv_r, struct pl_error *err)
{
	struct reader reader = {
		.csv = csv_r, .default_domain = default_domain, .kind = kind, .err = err
	};
	char *list = NULL;
	size_t size;
	int ret;

	memset(csv_r, 0, sizeof(*csv_r));
	if (len > MEMBER_CSV_MAX)
		return pl_error_set(err, PL_ERR_INVALID, "the file is larger than %d bytes",
				    MEMBER_CSV_MAX);
	if (csv_text_check(text, len, err) < 0)
		return -1;
	reader.list = open_memstream(&list, &size);
	ret = parse(text, len, &reader);
	OPENSSL_cleanse(&reader.row, sizeof(reader.row));
	if (reader.list != NULL)
		fclose(reader.list);
	if (ret < 0) {
		member_csv_free(csv_r);
		list_faults(&reader, &list);
	}
	free(list);
	return ret;
}

void member_csv_free(struct member_csv *csv)
{
	free_rows(csv);
	free(csv->faults);
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
		char value[PL_VALUE_TEXT];

		fprintf(out, ",%s",
			member->settings.value[i] == PL_UNSET
				? ""
				: pl_setting_write((enum pl_setting)i, &member->settings, value));
	}
	fputs("\n", out);
}
