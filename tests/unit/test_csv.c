/* test_csv.c - members as CSV: what is taken, and what is refused by its line. */
#include "tests/unit/test.h"

#include <csv.h>
#include <stdlib.h>

#include "policy/admin/csv_cell.h"
#include "policy/admin/member_csv.h"

static int parse(const char *text, size_t len, struct pl_member_csv *csv, struct pl_error *err)
{
	const struct pl_member_csv_options options = { .default_domain = "default.test" };

	memset(err, 0, sizeof(*err));
	return pl_member_csv_parse(text, len, &options, csv, err);
}

/* Takes the text and gives its rows; the caller frees them. */
static struct pl_member_csv taken(const char *text)
{
	struct pl_member_csv csv;
	struct pl_error err;

	if (parse(text, strlen(text), &csv, &err) < 0)
		fail_msg("%s", err.msg);
	return csv;
}

static void assert_row(const struct pl_member_csv_row *row, const char *address, enum pl_value pop3,
		       int line)
{
	char text[PL_ADDRESS_MAX + 1];

	assert_string_equal(pl_address_format(&row->address, text), address);
	assert_int_equal(row->change.value.value[PL_SETTING_POP3], pop3);
	assert_int_equal(row->line, line);
}

/* The same two members, as different programs write them. */
static void ways_to_write_the_same(void **state)
{
	static const char *const texts[] = {
		"address,pop3\na@example.test,on\nb@example.test,off\n",
		"address,pop3\na@example.test,on\nb@example.test,off",
		"address,pop3\r\na@example.test,on\r\nb@example.test,off\r\n",
		"address,pop3\r\na@example.test,on\r\nb@example.test,off",
		("\xef\xbb\xbf"
		 "address,pop3\na@example.test,on\nb@example.test,off\n"),
		"\xef\xbb\xbf\"address\",\"pop3\"\r\n\"a@example.test\",\"on\"\r\n\"b@example."
		"test\",\"off\"\r\n",
		"address,pop3\nA@Example.TEST,on\nb@EXAMPLE.test,off\n",
		"address;pop3\r\na@example.test;on\r\nb@example.test;off\r\n",
		"address\tpop3\na@example.test\ton\nb@example.test\toff\n",
		"Address,POP3\r\na@example.test,ON\r\nb@example.test,Off\r\n,\r\n",
		"\"주소\",\"Pop3\"\na@example.test,on\nb@example.test,off\n\n",
		"이메일,pop3,,\na@example.test,on,,\nb@example.test,off,,\n,,,\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct pl_member_csv csv = taken(texts[i]);

		assert_int_equal(csv.count, 2);
		assert_row(&csv.rows[0], "a@example.test", PL_ON, 2);
		assert_row(&csv.rows[1], "b@example.test", PL_OFF, 3);
		pl_member_csv_free(&csv);
		assert_null(csv.rows);
	}
}

static void columns_may_come_in_any_order(void **state)
{
	struct pl_member_csv csv = taken(
		"class,pop3,address,active,two_factor_mode\nstaff,off,user,off,skip\n,,other,,\n");
	const struct pl_change *change = &csv.rows[0].change;

	(void)state;
	assert_row(&csv.rows[0], "user@default.test", PL_OFF, 2);
	assert_int_equal(change->value.value[PL_SETTING_TWO_FACTOR_MODE], PL_SKIP);
	assert_int_equal(change->settings,
			 1u << PL_SETTING_POP3 | 1u << PL_SETTING_TWO_FACTOR_MODE);
	assert_true(change->has_active && !change->active);
	assert_true(change->has_class);
	assert_string_equal(change->class_name, "staff");
	/* An empty field means what a new member would have. */
	change = &csv.rows[1].change;
	assert_row(&csv.rows[1], "other@default.test", PL_UNSET, 3);
	assert_int_equal(change->settings,
			 1u << PL_SETTING_POP3 | 1u << PL_SETTING_TWO_FACTOR_MODE);
	assert_true(change->has_active && change->active);
	assert_string_equal(change->class_name, "");
	pl_member_csv_free(&csv);
}

static void columns_that_are_missing_change_nothing(void **state)
{
	struct pl_member_csv csv = taken("address\nuser@example.test\n");

	(void)state;
	assert_int_equal(csv.rows[0].change.settings, 0);
	assert_false(csv.rows[0].change.has_active);
	assert_false(csv.rows[0].change.has_class);
	pl_member_csv_free(&csv);
}

static void keep_cell(void *cell, size_t len, void *context)
{
	snprintf(context, 64, "%.*s", (int)len, (const char *)cell);
}

static void cells_are_no_formulas_and_are_read_as_they_were(void **state)
{
	static const struct {
		const char *text;
		size_t added;
	} cells[] = {
		{ "plain", 0 },    { "a,b", 0 },    { "say \"no\"", 0 }, { "two\nlines\r\n", 0 },
		{ "김철수", 0 },   { "o'neil", 0 }, { "'quoted'", 0 },   { "=1+1", 1 },
		{ "+82", 1 },      { "-1", 1 },     { "@x", 1 },         { "\ttab", 1 },
		{ "\rreturn", 1 }, { "＝1", 1 },    { "＋1", 1 },        { "－1", 1 },
		{ "＠x", 1 },      { "'=1", 1 },    { "'''＋1", 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cells); i++) {
		struct csv_parser parser;
		char *text, cell[64] = "";
		size_t len;
		FILE *out = open_memstream(&text, &len);

		pl_csv_cell_put(out, cells[i].text);
		fclose(out);
		assert_int_equal(csv_init(&parser, CSV_STRICT), 0);
		assert_int_equal(csv_parse(&parser, text, len, keep_cell, NULL, cell), len);
		csv_fini(&parser, keep_cell, NULL, cell);
		csv_free(&parser);
		assert_int_equal(strlen(cell), strlen(cells[i].text) + cells[i].added);
		assert_string_equal(pl_csv_cell_text(cell), cells[i].text);
		free(text);
	}
}

static void columns_that_show_what_is_change_nothing(void **state)
{
	struct pl_member_csv csv =
		taken("flags,address,last imap,POP3,Created\nUSI,'=a@b.test,?,off,never\n,,x,,y\n");

	(void)state;
	assert_int_equal(csv.count, 1);
	assert_row(&csv.rows[0], "=a@b.test", PL_OFF, 2);
	assert_int_equal(csv.rows[0].change.settings, 1u << PL_SETTING_POP3);
	assert_int_equal(csv.left, PL_CSV_LEFT_BIT(PL_CSV_SHOWN_flags) |
					   PL_CSV_LEFT_BIT(PL_CSV_SHOWN_last_imap) |
					   PL_CSV_LEFT_BIT(PL_CSV_SHOWN_created));
	pl_member_csv_free(&csv);
}

static void header_alone_is_no_members(void **state)
{
	struct pl_member_csv csv = taken("address,pop3\n");

	(void)state;
	assert_int_equal(csv.count, 0);
	pl_member_csv_free(&csv);
}

static void labels_and_korean_name_columns(void **state)
{
	struct pl_member_csv csv =
		taken("sep=;\r\nE-Mail;Two-factor mode;large attachments;2차 인증;분류\r\n"
		      "a@b.test;skip;on;off;staff\r\n");
	const struct pl_settings *value = &csv.rows[0].change.value;

	(void)state;
	assert_int_equal(csv.rows[0].line, 3);
	assert_int_equal(value->value[PL_SETTING_TWO_FACTOR_MODE], PL_SKIP);
	assert_int_equal(value->value[PL_SETTING_LARGE_ATTACHMENTS], PL_ON);
	assert_int_equal(value->value[PL_SETTING_TWO_FACTOR], PL_OFF);
	assert_string_equal(csv.rows[0].change.class_name, "staff");
	pl_member_csv_free(&csv);
}

static void all_wrong_lines_are_told(void **state)
{
	static const char text[] = "address,pop3\na@b.test,maybe\nb@b.test,on\nno address,perhaps\n"
				   "c@b.test\nb@b.test,off\n";
	static const char told[] =
		"line 2: pop3=maybe: it must be one of on, off, inherit\nline 4: ";
	struct pl_member_csv csv;
	struct pl_error err;

	(void)state;
	assert_int_equal(parse(text, strlen(text), &csv, &err), -1);
	assert_string_equal(err.msg, "4 lines are wrong, and nothing is changed");
	assert_memory_equal(csv.faults, told, strlen(told));
	assert_non_null(strstr(csv.faults, "\nline 5: fewer fields"));
	assert_non_null(strstr(csv.faults, "\nline 6: b@b.test is already in line 3\n"));
	pl_member_csv_free(&csv);
}

static void of_very_many_wrong_lines_the_first_are_told(void **state)
{
	struct pl_member_csv csv;
	struct pl_error err;
	char text[8192] = "address\n", *end = text + strlen(text);
	size_t lines = 0;

	(void)state;
	for (int i = 0; i < 2 * PL_MEMBER_CSV_FAULTS; i++)
		end += sprintf(end, "no %d\n", i);
	assert_int_equal(parse(text, strlen(text), &csv, &err), -1);
	assert_non_null(strstr(err.msg, "200 lines are wrong"));
	for (const char *c = csv.faults; *c != '\0'; c++)
		lines += *c == '\n';
	assert_int_equal(lines, PL_MEMBER_CSV_FAULTS);
	pl_member_csv_free(&csv);
}

static void faults_name_their_line(void **state)
{
	static const struct {
		const char *text, *line, *what;
	} rows[] = {
		{ "", "the", "the file is empty" },
		{ "\xef\xbb\xbf", "the", "the file is empty" },
		{ "\n\n", "", "the file is empty" },
		{ "pop3\non\n", "line 1", "no column address" },
		{ "address,nosuch\n", "line 1", "there is no column nosuch" },
		{ "address,popp3\n", "line 1", "there is no column popp3 (did you mean pop3?)" },
		{ "address|pop3\n", "line 1", "there is no column address|pop3" },
		{ "address,\na@b.test,on\n", "line 2", "column 2 has no name in the first line" },
		{ "PK\003\004xyz", "this is a workbook", "CSV UTF-8" },
		{ "\xd0\xcf\x11\xe0\xa1", "this is a workbook", "CSV UTF-8" },
		{ "\xff\xfe"
		  "a",
		  "this is UTF-16", "CSV UTF-8" },
		{ "\xc1\xd6\xbc\xd2,imap\n", "this is CP949", "CSV UTF-8" },
		{ "address,class\na@b.test,\xc8\xab\xb1\xe6\n", "this is CP949", "iconv" },
		{ "address,pop3,pop3\n", "line 1", "two columns are called pop3" },
		{ "address,use\n", "line 1", "the column use is now called two_factor_mode" },
		{ "requirement,address\n", "line 1",
		  "the column requirement is now called two_factor_requirement" },
		{ "address,address\n", "line 1", "two columns are called address" },
		{ "address,pop3\na@b.test,on\nc@b.test\n", "line 3", "fewer fields" },
		{ "address,pop3\na@b.test,on,off\n", "line 2", "more fields" },
		{ "address,pop3\na@b.test,maybe\n", "line 2", "pop3=maybe" },
		{ "address,pop3\r\na@b.test,on\r\nb@b.test,forbidden\r\n", "line 3", "forbidden" },
		{ "address,pop3\n\n\na@b.test,maybe\n", "line 4", "pop3=maybe" },
		{ "address,active\na@b.test,inherit\n", "line 2", "active=inherit" },
		{ "address,class\na@b.test,two words\n", "line 2", "class" },
		{ "address\nno address\n", "line 2", "before '@'" },
		{ "address\na@b..test\n", "line 2", "after '@'" },
		{ "address,pop3\n,on\n", "line 2", "before '@'" },
		{ "address\na@b.test\nc@b.test\na@b.test\n", "line 4", "is already in line 2" },
		{ "address\na@default.test\nA\n", "line 3", "is already in line 2" },
		{ "address\n\"a@b.test\n", "line 2", "quoted field" },
		{ "address\n\"a@b.test\" x\n", "line 2", "quoted field" },
		{ "address\na\"b@b.test\n", "line 2", "quoted field" },
		{ "address\n\xff@b.test\n", "line 2", "not UTF-8" },
		{ "address\n\xc0\x80x@b.test\n", "line 2", "not UTF-8" },
		{ "address\n\xed\xa0\x80@b.test\n", "line 2", "not UTF-8" },
		{ "address\n\xf4\x90\x80\x80@b.test\n", "line 2", "not UTF-8" },
		{ "address\n\xc3", "line 2", "not UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pl_member_csv csv;
		struct pl_error err;

		if (parse(rows[i].text, strlen(rows[i].text), &csv, &err) == 0)
			fail_msg("taken: %s", rows[i].text);
		assert_null(csv.rows);
		assert_string_equal(pl_errc_name(err.code), "invalid");
		if (strstr(err.msg, rows[i].line) == NULL || strstr(err.msg, rows[i].what) == NULL)
			fail_msg("\"%s\" does not say \"%s\" and \"%s\"", err.msg, rows[i].line,
				 rows[i].what);
	}
}

static void nul_bytes_are_refused(void **state)
{
	static const char text[] = "address\na@b.test\nc\0@b.test\n";
	struct pl_member_csv csv;
	struct pl_error err;

	(void)state;
	assert_int_equal(parse(text, sizeof(text) - 1, &csv, &err), -1);
	assert_non_null(strstr(err.msg, "line 3"));
	assert_non_null(strstr(err.msg, "NUL"));
}

static void overlong_fields_are_refused(void **state)
{
	static char text[8192];

	(void)state;
	for (size_t len = PL_MEMBER_CSV_FIELD_MAX - 1; len <= PL_MEMBER_CSV_FIELD_MAX + 1; len++) {
		struct pl_member_csv csv;
		struct pl_error err;
		char *end = stpcpy(text, "address,class\na@b.test,\"");

		memset(end, 'x', len);
		strcpy(end + len, "\"\n");
		assert_int_equal(parse(text, strlen(text), &csv, &err), -1);
		assert_non_null(
			strstr(err.msg, len > PL_MEMBER_CSV_FIELD_MAX ? "too long" : "at most"));
		assert_non_null(strstr(err.msg, "line 2"));
	}
}

/* What is too large is refused unread: there is no such memory here. */
static void overlong_file_is_refused(void **state)
{
	struct pl_member_csv csv;
	struct pl_error err;

	(void)state;
	assert_int_equal(parse("address\n", (size_t)PL_MEMBER_CSV_MAX + 1, &csv, &err), -1);
	assert_non_null(strstr(err.msg, "larger than"));
}

/* More rows than there is room for at first; twins far apart are found. */
static void many_rows(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct pl_member_csv csv;
	struct pl_error err;

	(void)state;
	assert_non_null(out);
	fputs("address\n", out);
	for (int i = 0; i < 2000; i++)
		fprintf(out, "user%d@example.test\n", i);
	fputs("user0@example.test\n", out);
	fclose(out);
	assert_int_equal(parse(text, size, &csv, &err), -1);
	assert_non_null(strstr(err.msg, "line 2002: user0@example.test is already in line 2"));
	assert_int_equal(parse(text, size - strlen("user0@example.test\n"), &csv, &err), 0);
	assert_int_equal(csv.count, 2000);
	assert_row(&csv.rows[1999], "user1999@example.test", PL_UNSET, 2001);
	pl_member_csv_free(&csv);
	free(text);
}

static void what_is_written_is_read_back(void **state)
{
	struct pl_member member = { .active = 0,
				    .address = { "=a'+b", "example.test" },
				    .class_name = "staff" };
	struct pl_settings read = { .value = { 0 } };
	struct pl_member_csv csv;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	member.settings.value[PL_SETTING_POP3] = PL_OFF;
	member.settings.value[PL_SETTING_CLIENT_PASSWORD] = PL_NEVER;
	pl_member_csv_write_header(out);
	pl_member_csv_write(out, &member);
	fclose(out);
	csv = taken(text);
	assert_int_equal(csv.count, 1);
	assert_string_equal(csv.rows[0].address.local, member.address.local);
	assert_string_equal(csv.rows[0].change.class_name, "staff");
	assert_int_equal(csv.rows[0].change.active, 0);
	assert_int_equal(csv.rows[0].change.settings, (1u << PL_SETTING_COUNT) - 1);
	memcpy(read.value, csv.rows[0].change.value.value, sizeof(read.value));
	assert_memory_equal(&read, &member.settings, sizeof(read));
	pl_member_csv_free(&csv);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_and_korean_name_columns),
		cmocka_unit_test(all_wrong_lines_are_told),
		cmocka_unit_test(of_very_many_wrong_lines_the_first_are_told),
		cmocka_unit_test(ways_to_write_the_same),
		cmocka_unit_test(columns_may_come_in_any_order),
		cmocka_unit_test(columns_that_are_missing_change_nothing),
		cmocka_unit_test(cells_are_no_formulas_and_are_read_as_they_were),
		cmocka_unit_test(columns_that_show_what_is_change_nothing),
		cmocka_unit_test(header_alone_is_no_members),
		cmocka_unit_test(faults_name_their_line),
		cmocka_unit_test(nul_bytes_are_refused),
		cmocka_unit_test(overlong_fields_are_refused),
		cmocka_unit_test(overlong_file_is_refused),
		cmocka_unit_test(many_rows),
		cmocka_unit_test(what_is_written_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
