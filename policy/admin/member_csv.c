/* member_csv.c - see member_csv.h. */
#include "policy/admin/member_csv.h"

#include <csv.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "policy/admin/csv_cell.h"
#include "policy/admin/csv_text.h"
#include "policy/base/utf8.h"

#define COLUMNS_MAX 256 /* with those that have no name */

/* Where an address has been. */
struct place {
	char *address;
	int line;
};

struct reader {
	struct pl_member_csv *csv;
	const struct pl_member_csv_options *options;
	struct pl_error *err;                   /* the first fault */
	int stopped;                            /* what follows cannot be read */
	size_t faults;                          /* lines that are wrong */
	FILE *list;                             /* of the first faults */
	int line, wrong_line;                   /* wrong_line: the last that is */
	int columns[COLUMNS_MAX], column_count; /* 0 until the header was read */
	int field;                              /* of the row that is being read */
	int has_text;                           /* some field of the row is not empty */
	struct pl_member_csv_row row;
	struct pl_csv_fault row_fault; /* the first; code NULL: none */
	struct place *places;
	size_t place_count, place_room;
};

/* Tells of the first fault of a line. */
static void tell(struct reader *reader, const struct pl_csv_fault *fault)
{
	if (reader->wrong_line == fault->line)
		return;
	reader->wrong_line = fault->line;
	if (reader->faults++ == 0)
		pl_error_set(reader->err, PL_ERR_INVALID, "line %d: %s", fault->line, fault->text);
	if (reader->list != NULL && reader->faults <= PL_MEMBER_CSV_FAULTS)
		fprintf(reader->list, "line %d: %s\n", fault->line, fault->text);
	if (reader->options->fault != NULL)
		reader->options->fault(fault, reader->options->context);
}

/* Copies what fits, in whole characters. */
static void copy_word(char *to, size_t size, const char *word)
{
	size_t len = strlen(word);

	if (len >= size)
		len = size - 1;
	while (len > 0 && ((unsigned char)word[len] & 0xc0) == 0x80)
		len--;
	memcpy(to, word, len);
	to[len] = '\0';
}

static void make_fault(struct pl_csv_fault *fault_r, int line, const char *code, const char *word,
		       const char *other)
{
	memset(fault_r, 0, sizeof(*fault_r));
	fault_r->line = line;
	fault_r->code = code;
	copy_word(fault_r->word, sizeof(fault_r->word), word);
	copy_word(fault_r->other, sizeof(fault_r->other), other);
}

static void wrong(struct reader *reader, const char *code, const char *what, const char *word)
{
	struct pl_csv_fault fault;

	make_fault(&fault, reader->line, code, word, "");
	snprintf(fault.text, sizeof(fault.text), "%s%.100s", what, word);
	tell(reader, &fault);
}

static void stop(struct reader *reader, const char *code, const char *what)
{
	wrong(reader, code, what, "");
	reader->stopped = 1;
}

/* Of the file, and not of a line. */
static int refuse(struct reader *reader, const char *code, const char *what)
{
	struct pl_csv_fault fault;

	make_fault(&fault, 0, code, "", "");
	snprintf(fault.text, sizeof(fault.text), "%s", what);
	if (reader->options->fault != NULL)
		reader->options->fault(&fault, reader->options->context);
	return pl_error_set(reader->err, PL_ERR_INVALID, "%s", what);
}

static void no_column(struct reader *reader, const char *name)
{
	const char *near = pl_csv_column_suggest(name);
	struct pl_csv_fault fault;

	make_fault(&fault, reader->line, "no-column", name, near == NULL ? "" : near);
	if (near != NULL)
		snprintf(fault.text, sizeof(fault.text),
			 "there is no column %.64s (did you mean %s?)", name, near);
	else
		snprintf(fault.text, sizeof(fault.text), "there is no column %.100s", name);
	tell(reader, &fault);
}

static void renamed_column(struct reader *reader, const char *name, const char *renamed)
{
	struct pl_csv_fault fault;

	make_fault(&fault, reader->line, "renamed-column", name, renamed);
	snprintf(fault.text, sizeof(fault.text), "the column %.100s is now called %s", name,
		 renamed);
	tell(reader, &fault);
}

static void read_column_name(struct reader *reader, const char *name)
{
	int column = pl_csv_column_by_name(name);
	const char *renamed = pl_setting_renamed(name);

	if (reader->field >= COLUMNS_MAX) {
		stop(reader, "too-many-columns", "there are too many columns");
		return;
	}
	reader->columns[reader->field] = column;
	if (column >= PL_CSV_LEFT)
		reader->csv->left |= PL_CSV_LEFT_BIT(column);
	if (column == PL_CSV_TOTP_SECRET && reader->options->kind == PL_MEMBER_CSV_PLAIN)
		wrong(reader, "secret-column",
		      "the column totp_secret is for `postlatch import csv`", "");
	else if (renamed != NULL)
		renamed_column(reader, name, renamed);
	else if (column < 0)
		no_column(reader, name);
	for (int i = 0; i < reader->field && column >= 0 && column != PL_CSV_NOTHING; i++) {
		if (reader->columns[i] == column)
			wrong(reader, "repeated-column", "two columns are called ",
			      pl_csv_column_name(column));
	}
}

/* "OFF" and "Off" are what spreadsheets make of off. */
static void read_setting(struct reader *reader, int column, const char *text, struct pl_error *why)
{
	char word[PL_MEMBER_CSV_FIELD_MAX + 64];
	const char *empty = column == PL_CSV_ACTIVE  ? "on"
			    : column == PL_CSV_CLASS ? ""
						     : "inherit";
	size_t used = (size_t)snprintf(word, sizeof(word), "%s=", pl_csv_column_name(column));

	snprintf(word + used, sizeof(word) - used, "%s", *text != '\0' ? text : empty);
	for (char *c = word + used; column != PL_CSV_CLASS && *c != '\0'; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + 32);
	}
	pl_change_parse(word, PL_AT_MEMBER, &reader->row.change, why);
}

static void read_secret(struct reader *reader, const char *text, struct pl_error *why)
{
	if (strlen(text) > PL_MEMBER_CSV_SECRET_MAX)
		pl_error_set(why, PL_ERR_INVALID, "totp_secret has more than %d bytes",
			     PL_MEMBER_CSV_SECRET_MAX);
	else
		memcpy(reader->row.totp_secret, text, strlen(text) + 1);
}

/* What is wrong with a value, of which why has the sentence. */
static void wrong_value(struct reader *reader, int column, const char *text,
			const struct pl_error *why)
{
	struct pl_csv_fault *fault = &reader->row_fault;
	char number[16];

	if (column == PL_CSV_ADDRESS) {
		make_fault(fault, reader->line, "address", text, "");
	} else if (column == PL_CSV_NOTHING) {
		snprintf(number, sizeof(number), "%d", reader->field + 1);
		make_fault(fault, reader->line, "unnamed-column", number, "");
	} else {
		/* A secret is repeated nowhere. */
		make_fault(fault, reader->line, "value", pl_csv_column_name(column),
			   column == PL_CSV_TOTP_SECRET ? "" : text);
	}
	snprintf(fault->text, sizeof(fault->text), "%s", why->msg);
}

static void read_value(struct reader *reader, const char *text)
{
	int column = reader->columns[reader->field];
	struct pl_error why = { 0 };

	if (column >= PL_CSV_LEFT)
		return;
	text = pl_csv_cell_text(text);
	reader->has_text |= *text != '\0';
	if (column == PL_CSV_ADDRESS)
		pl_address_parse(text, strlen(text), reader->options->default_domain,
				 &reader->row.address, &why);
	else if (column == PL_CSV_TOTP_SECRET)
		read_secret(reader, text, &why);
	else if (column != PL_CSV_NOTHING)
		read_setting(reader, column, text, &why);
	else if (*text != '\0')
		pl_error_set(&why, PL_ERR_INVALID, "column %d has no name in the first line",
			     reader->field + 1);
	/* A row without any text is no row, and has no address that could be wrong. */
	if (why.code != PL_OK && reader->row_fault.code == NULL)
		wrong_value(reader, column, text, &why);
}

static void on_field(void *data, size_t len, void *context)
{
	struct reader *reader = context;
	char text[PL_MEMBER_CSV_FIELD_MAX + 1];

	if (reader->stopped)
		return;
	if (len > PL_MEMBER_CSV_FIELD_MAX || memchr(data == NULL ? "" : data, '\0', len) != NULL) {
		wrong(reader, "field", "a field is too long or contains a NUL byte", "");
		len = 0;
	}
	if (len > 0)
		memcpy(text, data, len);
	text[len] = '\0';
	if (!pl_is_utf8(text))
		wrong(reader, "not-utf8", "a field is not UTF-8", "");
	else if (reader->column_count == 0)
		read_column_name(reader, text);
	else if (reader->field < reader->column_count)
		read_value(reader, text);
	else if (len > 0)
		wrong(reader, "more-fields", "more fields than the first line has columns", "");
	reader->field++;
}

static void end_of_header(struct reader *reader)
{
	int has_address = 0;

	reader->column_count = reader->field;
	for (int i = 0; i < reader->column_count && i < COLUMNS_MAX; i++)
		has_address |= reader->columns[i] == PL_CSV_ADDRESS;
	if (!has_address)
		wrong(reader, "no-address-column", "the first line has no column address", "");
	/* Without its columns no row can be read. */
	reader->stopped |= reader->faults > 0;
}

/* Rows may have secrets. */
static void free_rows(struct pl_member_csv *csv)
{
	if (csv->rows != NULL)
		OPENSSL_cleanse(csv->rows, csv->room * sizeof(*csv->rows));
	free(csv->rows);
}

static int keep_row(struct pl_member_csv *csv, const struct pl_member_csv_row *row)
{
	if (csv->count == csv->room) {
		size_t room = csv->room == 0 ? 256 : csv->room * 2;
		struct pl_member_csv_row *rows = calloc(room, sizeof(*rows));

		if (rows == NULL)
			return -1;
		if (csv->count > 0)
			memcpy(rows, csv->rows, csv->count * sizeof(*rows));
		free_rows(csv);
		csv->rows = rows;
		csv->room = room;
	}
	csv->rows[csv->count] = *row;
	return 0;
}

static int keep_place(struct reader *reader, const struct pl_address *address, int line)
{
	char text[PL_ADDRESS_MAX + 1];

	if (reader->place_count == reader->place_room) {
		const size_t room = reader->place_room == 0 ? 256 : 2 * reader->place_room;
		struct place *more = realloc(reader->places, room * sizeof(*more));

		if (more == NULL)
			return -1;
		reader->places = more;
		reader->place_room = room;
	}
	reader->places[reader->place_count].line = line;
	reader->places[reader->place_count].address = strdup(pl_address_format(address, text));
	if (reader->places[reader->place_count].address == NULL)
		return -1;
	reader->place_count++;
	return 0;
}

static void take_row(struct reader *reader)
{
	const struct pl_member_csv_options *options = reader->options;
	struct pl_member_csv *csv = reader->csv;
	const struct pl_member_csv_row *row = &reader->row;

	reader->row.line = reader->line;
	if (options->rows_most != 0 && csv->count == options->rows_most)
		stop(reader, "too-many-rows", "the file has too many rows");
	else if (keep_place(reader, &row->address, row->line) < 0 ||
		 (options->row != NULL ? options->row(row, options->context) : keep_row(csv, row)) <
			 0)
		stop(reader, "memory", "out of memory");
	else
		csv->count++;
}

static void end_of_row(struct reader *reader)
{
	if (!reader->has_text && reader->wrong_line != reader->line)
		return;
	if (reader->row_fault.code != NULL) {
		reader->row_fault.line = reader->line;
		tell(reader, &reader->row_fault);
	}
	if (reader->field < reader->column_count)
		wrong(reader, "fewer-fields", "fewer fields than the first line has columns", "");
	if (reader->wrong_line != reader->line)
		take_row(reader);
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
	reader->row_fault.code = NULL;
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
			stop(reader, "quotes", "a quoted field is not closed where it should be");
		text += part;
		len -= part;
	}
	if (!reader->stopped && csv_fini(parser, on_field, on_row, reader) != 0)
		stop(reader, "quotes", "a quoted field is never closed");
}

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	const int ret = strcmp(x->address, y->address);

	return ret != 0 ? ret : x->line - y->line;
}

static void find_twins(struct reader *reader)
{
	struct place *places = reader->places;
	struct pl_csv_fault fault;
	char line[16];

	if (reader->place_count == 0)
		return;
	qsort(places, reader->place_count, sizeof(*places), compare_places);
	for (size_t i = 1; i < reader->place_count; i++) {
		if (strcmp(places[i - 1].address, places[i].address) != 0)
			continue;
		snprintf(line, sizeof(line), "%d", places[i - 1].line);
		make_fault(&fault, places[i].line, "repeated", places[i].address, line);
		snprintf(fault.text, sizeof(fault.text), "%s is already in line %s",
			 places[i].address, line);
		tell(reader, &fault);
	}
}

static void free_places(struct reader *reader)
{
	for (size_t i = 0; i < reader->place_count; i++)
		free(reader->places[i].address);
	free(reader->places);
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
	const size_t begin = pl_csv_text_begin(text, len, &delimiter, &reader->line);

	if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL) != 0)
		return pl_error_set(reader->err, PL_ERR_RETRY, "out of memory");
	csv_set_delim(&parser, (unsigned char)delimiter);
	feed(&parser, text + begin, len - begin, reader);
	csv_free(&parser);
	if (reader->faults == 0 && reader->column_count == 0)
		return refuse(reader, "empty", "the file is empty");
	find_twins(reader);
	return reader->faults == 0 ? 0 : -1;
}

/* Whether the whole can be read at all. */
static int check_text(const char *text, size_t len, struct reader *reader)
{
	struct pl_error why = { 0 };
	const char *code = "";
	char large[64];

	if (len > PL_MEMBER_CSV_MAX) {
		snprintf(large, sizeof(large), "the file is larger than %d bytes",
			 PL_MEMBER_CSV_MAX);
		return refuse(reader, "too-large", large);
	}
	return pl_csv_text_check(text, len, &code, &why) < 0 ? refuse(reader, code, why.msg) : 0;
}

int pl_member_csv_parse(const char *text, size_t len, const struct pl_member_csv_options *options,
			struct pl_member_csv *csv_r, struct pl_error *err)
{
	struct reader reader = { .csv = csv_r, .options = options, .err = err };
	char *list = NULL;
	size_t size;
	int ret;

	memset(csv_r, 0, sizeof(*csv_r));
	if (check_text(text, len, &reader) < 0)
		return -1;
	reader.list = open_memstream(&list, &size);
	ret = parse(text, len, &reader);
	OPENSSL_cleanse(&reader.row, sizeof(reader.row));
	if (reader.list != NULL)
		fclose(reader.list);
	if (ret < 0) {
		pl_member_csv_free(csv_r);
		list_faults(&reader, &list);
	}
	free_places(&reader);
	free(list);
	return ret;
}

void pl_member_csv_free(struct pl_member_csv *csv)
{
	free_rows(csv);
	free(csv->faults);
	memset(csv, 0, sizeof(*csv));
}

void pl_member_csv_write_header(FILE *out)
{
	fputs("address,active,class", out);
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++)
		fprintf(out, ",%s", pl_setting_info((enum pl_setting)i)->name);
	fputs("\n", out);
}

/* Addresses and classes hold neither quotes nor commas; a spreadsheet takes a
 * leading '=', '+' or '-' for a formula, and an address may begin with one, so
 * every field is quoted. Nothing is put in front but of what would be taken away: import must
 * read back exactly what was exported. */
void pl_member_csv_write(FILE *out, const struct pl_member *member)
{
	const int is_protected = pl_csv_cell_is_protected(member->address.local);

	fprintf(out, "\"%s%s@%s\",%s,%s", is_protected ? "'" : "", member->address.local,
		member->address.domain, member->active ? "on" : "off", member->class_name);
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		char value[PL_VALUE_TEXT];

		/* A list has commas. */
		fprintf(out, member->settings.value[i] == PL_LISTED ? ",\"%s\"" : ",%s",
			member->settings.value[i] == PL_UNSET
				? ""
				: pl_setting_write((enum pl_setting)i, &member->settings, value));
	}
	fputs("\n", out);
}
