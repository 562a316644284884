/* test_mime_edit.c - parts of a message are replaced, and nothing else changes. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "milter/mime/edit.h"

#define TWINS                                                                               \
	"Content-Type: multipart/alternative; boundary=n\r\n\r\n--n\r\n\r\nlink\r\n--n\r\n" \
	"Content-Type: text/html\r\n\r\n<a>\r\n--n--\r\n"

#define MIXED "multipart/mixed; boundary=b"

static const char two_files[] =
	"before\r\n--b\r\n\r\ntext\r\n--b\r\nContent-Type: a/a\r\n\r\none\r\n--b \r\n"
	"Content-Type: a/b\r\n\r\ntwo\r\n\r\n--b--\r\nbehind";

static int read_text(void *context, uint64_t offset, unsigned char *bytes_r, size_t count)
{
	const char *text = context;

	assert_true(offset + count <= strlen(text));
	memcpy(bytes_r, text + offset, count);
	return 0;
}

static int fail_to_read(void *context, uint64_t offset, unsigned char *bytes_r, size_t count)
{
	(void)context;
	(void)offset;
	(void)bytes_r;
	(void)count;
	return -1;
}

struct text {
	char bytes[1024];
	size_t used;
};

static int write_text(void *context, const unsigned char *bytes, size_t count)
{
	struct text *text = context;

	assert_true(text->used + count < sizeof(text->bytes));
	memcpy(text->bytes + text->used, bytes, count);
	text->used += count;
	text->bytes[text->used] = '\0';
	return 0;
}

static struct mime_scanner *scan(const char *type, const char *body)
{
	struct mime_scanner *scanner = mime_scanner_new();

	assert_non_null(scanner);
	mime_scanner_field(scanner, "Content-Type", type);
	mime_scanner_body(scanner, (const unsigned char *)body, strlen(body));
	assert_int_equal(mime_scanner_end(scanner), MIME_NO_REASON);
	return scanner;
}

/* The edit of a body, with the replacements; its parts belong to the scanner. */
static struct mime_edit edit_of(const struct mime_scanner *scanner, const char *body,
				const struct mime_replacement *replacements, size_t count,
				const struct mime_field *type)
{
	struct mime_edit edit = {
		.replacements = replacements,
		.replacement_count = count,
		.fields = type,
		.field_count = 1,
		.read = read_text,
		.read_context = (void *)body,
	};

	edit.parts = mime_scanner_parts(scanner, &edit.part_count);
	return edit;
}

static void parts_are_replaced(void **state)
{
	static const struct {
		const char *type, *body;
		struct mime_replacement replacements[2];
		size_t count;
		const char *new_type, *expected;
	} rows[] = {
		{ MIXED, two_files, { { 0 } }, 0, MIXED, two_files },
		{ MIXED,
		  two_files,
		  { { 2, TWINS, strlen(TWINS) } },
		  1,
		  MIXED,
		  "before\r\n--b\r\n\r\ntext\r\n--b\r\n" TWINS "\r\n--b \r\n"
		  "Content-Type: a/b\r\n\r\ntwo\r\n\r\n--b--\r\nbehind" },
		{ MIXED,
		  two_files,
		  { { 2, TWINS, strlen(TWINS) }, { 3, TWINS, strlen(TWINS) } },
		  2,
		  MIXED,
		  "before\r\n--b\r\n\r\ntext\r\n--b\r\n" TWINS "\r\n--b \r\n" TWINS
		  "\r\n--b--\r\nbehind" },
		/* A message that is only a file. */
		{ "a/a",
		  "one",
		  { { 0, "--n\r\n\r\nlink\r\n--n--\r\n", 20 } },
		  1,
		  "multipart/alternative; boundary=n",
		  "--n\r\n\r\nlink\r\n--n--\r\n" },
		/* Within a part that has others behind it. */
		{ MIXED,
		  "--b\r\nContent-Type: multipart/mixed; "
		  "boundary=c\r\n\r\n--c\r\n\r\none\r\n--c--\r\n"
		  "--b\r\n\r\ntwo\r\n--b--",
		  { { 2, "\r\nlink", 6 } },
		  1,
		  MIXED,
		  "--b\r\nContent-Type: multipart/mixed; "
		  "boundary=c\r\n\r\n--c\r\n\r\nlink\r\n--c--\r\n"
		  "--b\r\n\r\ntwo\r\n--b--" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct mime_field type = { "Content-Type", rows[i].new_type };
		struct mime_scanner *scanner = scan(rows[i].type, rows[i].body);
		const struct mime_edit edit =
			edit_of(scanner, rows[i].body, rows[i].replacements, rows[i].count, &type);
		struct text text = { .used = 0 };

		assert_int_equal(mime_edit_holds(&edit), 1);
		assert_int_equal(mime_edit_write(&edit, write_text, &text), 0);
		assert_string_equal(text.bytes, rows[i].expected);
		mime_scanner_free(&scanner);
	}
}

static void what_would_change_other_parts_is_found(void **state)
{
	static const struct {
		const char *text, *new_type;
	} rows[] = {
		/* The delimiter of the part around it. */
		{ "\r\nlink\r\n--b\r\n\r\nmore", MIXED },
		{ "\r\nlink\r\n--b--", MIXED },
		/* A part that does not end, and a header that does not. */
		{ "Content-Type: multipart/alternative; boundary=n\r\n\r\n--n\r\n\r\nlink", MIXED },
		{ "Content-Type: text/plain", MIXED },
		/* A boundary like the other one. */
		{ "Content-Type: multipart/alternative; "
		  "boundary=bc\r\n\r\n--bc\r\n\r\nlink\r\n--bc--",
		  MIXED },
		/* The header of the message is not the one that was meant. */
		{ TWINS, "multipart/mixed; boundary=x" },
		{ TWINS, "text/plain" },
		{ "\r\nlink\n", MIXED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct mime_replacement replacement = { 2, rows[i].text,
							      strlen(rows[i].text) };
		const struct mime_field type = { "Content-Type", rows[i].new_type };
		struct mime_scanner *scanner = scan(MIXED, two_files);
		const struct mime_edit edit = edit_of(scanner, two_files, &replacement, 1, &type);

		assert_int_equal(mime_edit_holds(&edit), 0);
		mime_scanner_free(&scanner);
	}
}

static void a_body_that_cannot_be_read(void **state)
{
	const struct mime_field type = { "Content-Type", MIXED };
	struct mime_scanner *scanner = scan(MIXED, two_files);
	struct mime_edit edit = edit_of(scanner, two_files, NULL, 0, &type);
	struct text text = { .used = 0 };

	(void)state;
	edit.read = fail_to_read;
	assert_int_equal(mime_edit_holds(&edit), -1);
	assert_int_equal(mime_edit_write(&edit, write_text, &text), -1);
	assert_int_equal(text.used, 0);
	mime_scanner_free(&scanner);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_replaced),
		cmocka_unit_test(what_would_change_other_parts_is_found),
		cmocka_unit_test(a_body_that_cannot_be_read),
	};

	return cmocka_run_group_tests_name("mime edit", tests, NULL, NULL);
}
