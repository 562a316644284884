/* test_message.c - which files are taken out of a message, and what stands in their place. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "milter/message.h"
#include "milter/mime/candidates.h"
#include "milter/mime/link_part.h"
#include "milter/mime/references.h"

#define URL "https://files.test/l/0123456789"
#define FILE_A "Content-Type: application/pdf; name=a.pdf\r\n\r\n"

/* -- which parts -- */

static void parts_that_are_files(void **state)
{
	static const struct {
		const char *name, *container, *header, *file_name;
		int expected;
	} rows[] = {
		{ "pdf", "multipart/mixed", "application/pdf", "a.pdf", 1 },
		{ "without a name", "multipart/mixed", "application/pdf", "", 1 },
		{ "text to be read", "multipart/mixed", "text/plain", "", 0 },
		{ "text with a name", "multipart/mixed", "text/plain", "log.txt", 1 },
		{ "no type", "multipart/mixed", "", "", 0 },
		{ "message", "multipart/mixed", "message/rfc822", "", 1 },
		{ "report", "multipart/mixed", "message/delivery-status", "x", 0 },
		{ "a piece of a message", "multipart/mixed", "message/partial", "x", 0 },
		{ "elsewhere", "multipart/mixed", "message/external-body", "x", 0 },
		{ "calendar", "multipart/mixed", "text/calendar", "invite.ics", 0 },
		{ "calendar as a file", "multipart/mixed", "application/ics", "invite.ics", 0 },
		{ "tnef", "multipart/mixed", "application/ms-tnef", "x", 0 },
		{ "tnef by its name", "multipart/mixed", "application/octet-stream", "WINMAIL.DAT",
		  0 },
		{ "S/MIME by its name", "multipart/mixed", "application/octet-stream", "smime.p7m",
		  0 },
		{ "picture of a page", "multipart/related", "image/png", "a.png", 0 },
		{ "alternative", "multipart/alternative", "application/pdf", "a.pdf", 0 },
		{ "of an unknown container", "multipart/x-new", "application/pdf", "a.pdf", 0 },
		{ "of a digest", "multipart/digest", "message/rfc822", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mime_part parts[2] = { { .parent = -1 }, { .parent = 0, .depth = 1 } };

		snprintf(parts[0].content.type, sizeof(parts[0].content.type), "%s",
			 rows[i].container);
		snprintf(parts[1].content.type, sizeof(parts[1].content.type), "%s",
			 rows[i].header);
		parts[1].content.has_type = rows[i].header[0] != '\0';
		if (mime_is_candidate(parts, 1, rows[i].file_name) != rows[i].expected)
			fail_msg("%s", rows[i].name);
	}
}

static void files_that_are_chosen(void **state)
{
	static const struct {
		const char *name;
		uint64_t sizes[4];
		struct mime_limits limits;
		const char *expected;
	} rows[] = {
		{ "none", { 9, 9 }, { 10, 20, 1, 100 }, "--" },
		{ "at the threshold", { 9, 10 }, { 10, 20, 1, 100 }, "-x" },
		{ "at the sum, the largest", { 7, 8, 5 }, { 10, 20, 1, 100 }, "-x-" },
		{ "until it is less", { 9, 9, 9 }, { 10, 10, 1, 100 }, "xx-" },
		{ "both", { 30, 9, 9, 5 }, { 10, 20, 1, 100 }, "xx--" },
		{ "small ones stay", { 2, 2, 2 }, { 10, 4, 3, 100 }, "---" },
		{ "no more than so many", { 11, 13, 12 }, { 10, 20, 1, 2 }, "-xx" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const size_t count = strlen(rows[i].expected);
		struct mime_candidate candidates[4] = { { 0 } };
		size_t taken = 0;

		for (size_t k = 0; k < count; k++) {
			candidates[k].size = rows[i].sizes[k];
			taken += rows[i].expected[k] == 'x';
		}
		assert_int_equal(mime_choose(candidates, count, &rows[i].limits), taken);
		for (size_t k = 0; k < count; k++) {
			if (candidates[k].is_taken != (rows[i].expected[k] == 'x'))
				fail_msg("%s: %zu", rows[i].name, k);
		}
	}
}

static void keep_id(void *context, const char *id)
{
	strcat(context, "[");
	strcat(context, id);
	strcat(context, "]");
}

static void references_of_pages(void **state)
{
	static const struct {
		const char *page, *expected;
	} rows[] = {
		{ "<img src=\"cid:a@b\">", "[a@b]" },
		{ "<img src=CID:a@b> <img src='cid:c'>", "[a@b][c]" },
		{ "url(cid:x%40y)", "[x@y]" },
		{ "acid: ccid:q\"", "[][q]" },
		{ "cid:a&#64;b\"", "[]" },
		{ "cid:%4\"", "[]" },
		{ "cid:end", "[end]" },
		{ "no cid, ci:d", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t piece = 1; piece < 9; piece += 7) {
			char found[256] = "";
			struct mime_references references = { .found = keep_id, .context = found };

			for (size_t at = 0; at < strlen(rows[i].page); at += piece) {
				const size_t left = strlen(rows[i].page) - at;

				mime_references_text(&references,
						     (const unsigned char *)rows[i].page + at,
						     left < piece ? left : piece);
			}
			mime_references_end(&references);
			assert_string_equal(found, rows[i].expected);
		}
	}
}

/* -- whole messages -- */

static const struct message_limits limits = {
	.sizes = { .threshold = 20, .sum = 1000, .least = 1, .most = 100 }
};

static struct message *given(const char *const *fields, const char *body)
{
	struct message *message = message_new();
	struct pl_error err;

	assert_non_null(message);
	for (; fields[0] != NULL; fields += 2)
		assert_int_equal(message_field(message, fields[0], fields[1], &err), 0);
	assert_int_equal(message_body(message, (const unsigned char *)body, strlen(body), &err), 0);
	return message;
}

struct text {
	char bytes[16384];
	size_t used;
};

static int put_text(void *context, const unsigned char *bytes, size_t count)
{
	struct text *text = context;

	assert_true(text->used + count < sizeof(text->bytes));
	memcpy(text->bytes + text->used, bytes, count);
	text->used += count;
	text->bytes[text->used] = '\0';
	return 0;
}

#define MIXED "Content-Type", "multipart/mixed; boundary=b"
#define LONG "12345678901234567890"
#define PAGE_OF(id) "--b\r\nContent-Type: text/html\r\n\r\n<img src=\"cid:" id "\">\r\n"
#define PICTURE                                                                                 \
	"--b\r\nContent-Type: image/png; name=a.png\r\nContent-ID: <i@d>\r\n\r\n" LONG "\r\n--" \
	"b--\r\n"

static void messages(void **state)
{
	static const struct {
		const char *name, *fields[6], *body, *files, *reason;
	} rows[] = {
		{ "a file",
		  { MIXED },
		  "--b\r\n\r\nHi\r\n--b\r\n" FILE_A LONG "\r\n--b--\r\n",
		  "a.pdf 20;",
		  "" },
		{ "a small file",
		  { MIXED },
		  "--b\r\n\r\nHi\r\n--b\r\n" FILE_A "123\r\n--b--\r\n",
		  "",
		  "" },
		{ "base64 that is right",
		  { MIXED },
		  "--b\r\nContent-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\n"
		  "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=\r\n--b--\r\n",
		  "attachment.bin 20;",
		  "" },
		{ "base64 that is wrong",
		  { MIXED },
		  "--b\r\nContent-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\n"
		  "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA\r\n--b--\r\n",
		  "",
		  "" },
		{ "base64 that is smaller than it looks",
		  { MIXED },
		  "--b\r\nContent-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\n"
		  "MTIzNDU2Nzg5MDEyMzQ1Njc4\r\n--b--\r\n",
		  "",
		  "" },
		{ "a picture of a page", { MIXED }, PAGE_OF("i@d") PICTURE, "", "" },
		{ "a picture beside a page", { MIXED }, PAGE_OF("j@d") PICTURE, "a.png 20;", "" },
		{ "a page that cannot be read",
		  { MIXED },
		  "--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: "
		  "x\r\n\r\nx\r\n" PICTURE,
		  "",
		  "" },
		{ "a page in another alphabet",
		  { MIXED },
		  "--b\r\nContent-Type: text/html; charset=utf-16\r\n\r\nx\r\n" PICTURE,
		  "",
		  "" },
		{ "only a file",
		  { "Content-Type", "application/pdf; name=b.pdf" },
		  LONG,
		  "b.pdf 20;",
		  "" },
		{ "only a text", { "Content-Type", "text/plain" }, LONG LONG, "", "" },
		{ "a message in it",
		  { MIXED },
		  "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: Plan 1/2\r\n of\r\nX: "
		  "y\r\n\r\n" LONG "\r\n--b--\r\n",
		  "Plan 1-2 of.eml 52;",
		  "" },
		{ "a message without a subject",
		  { MIXED },
		  "--b\r\nContent-Type: message/rfc822\r\n\r\nX: y\r\n\r\nSubject: no\r\n" LONG
		  "\r\n--b--\r\n",
		  "message.eml 41;",
		  "" },
		{ "signed",
		  { "Content-Type", "multipart/signed; boundary=b" },
		  LONG LONG,
		  "",
		  "signed" },
		{ "with the author's signature",
		  { MIXED, "DKIM-Signature", "v=1" },
		  LONG LONG,
		  "",
		  "dkim" },
		{ "PGP in base64",
		  { MIXED },
		  "--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"
		  "SGkKLS0tLS1CRUdJTiBQR1AgTUVTU0FHRS0tLS0t\r\n--b\r\n" FILE_A LONG "\r\n--b--\r\n",
		  "",
		  "inline-pgp" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct message *message = given(rows[i].fields, rows[i].body);
		const struct message_file *files;
		struct pl_error err;
		const char *reason;
		char found[512] = "";
		size_t count;

		assert_true(message_plan(message, &limits, &reason, &err) >= 0);
		files = message_files(message, &count);
		for (size_t k = 0; k < count; k++)
			snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s %llu;",
				 files[k].name, (unsigned long long)files[k].size);
		if (strcmp(found, rows[i].files) != 0 || strcmp(reason, rows[i].reason) != 0)
			fail_msg("%s: \"%s\" \"%s\"", rows[i].name, found, reason);
		message_free(&message);
	}
}

static void the_new_body(void **state)
{
	static const char *const fields[] = { MIXED, NULL };
	static const char before[] = "pre\r\n--b\r\n\r\nHi\r\n--b\r\n",
			  after[] = "\r\n--b--\r\npost";
	struct message *message;
	struct text content = { .used = 0 }, body = { .used = 0 };
	struct pl_error err;
	const char *reason;
	char whole[512];
	size_t count;

	(void)state;
	snprintf(whole, sizeof(whole), "%s" FILE_A "%s%s", before, LONG, after);
	message = given(fields, whole);
	assert_int_equal(message_plan(message, &limits, &reason, &err), 1);
	assert_int_equal(message_content(message, 0, put_text, &content), 0);
	assert_string_equal(content.bytes, LONG);
	assert_int_equal(message_build(message, URL, "2027-03-01", &err), 1);
	message_changes(message, &count);
	assert_int_equal(count, 0);
	assert_int_equal(message_write(message, put_text, &body), 0);
	assert_memory_equal(body.bytes, before, strlen(before));
	assert_string_equal(body.bytes + body.used - strlen(after), after);
	assert_non_null(strstr(body.bytes, "X-Mozilla-Cloud-Part: cloudFile;\r\n url=\"" URL "\""));
	message_free(&message);
}

static void the_new_header(void **state)
{
	static const char *const fields[] = {
		"Subject", "=?utf-8?B?7ZqM7J2Y?=", "Content-Type", "a/b; name=x.bin", "Content-MD5",
		"1",       "Content-Disposition",  "attachment",   "Content-MD5",     "2",
		NULL
	};
	static const char *const expected[] = { "Content-MD5 2 -", "Content-Disposition 1 -",
						"Content-MD5 1 -", "Content-Type 1 multipart",
						"MIME-Version 1 1.0" };
	struct message *message = given(fields, LONG);
	const struct message_change *changes;
	struct pl_error err;
	const char *reason;
	char found[80];
	size_t count;

	(void)state;
	assert_string_equal(message_subject(message), "회의");
	assert_int_equal(message_plan(message, &limits, &reason, &err), 1);
	assert_int_equal(message_build(message, URL, "2027-03-01", &err), 1);
	changes = message_changes(message, &count);
	assert_int_equal(count, COUNT(expected));
	for (size_t i = 0; i < count; i++) {
		snprintf(found, sizeof(found), "%s %u %.9s", changes[i].name, changes[i].number,
			 changes[i].value == NULL ? "-" : changes[i].value);
		assert_string_equal(found, expected[i]);
		assert_int_equal(changes[i].is_new, i == 4);
	}
	message_free(&message);
}

/* -- the text -- */

static void part_is_of_7_bits(void **state)
{
	static const struct pl_linked_file files[] = { { "<회의> \"a\" & b.pdf", 12345678 },
						       { "b.txt", 700 } };
	static const char *const languages[] = { "", "ko", "en-US", "fr" };
	char boundary[MIME_LINK_BOUNDARY];

	(void)state;
	assert_int_equal(mime_link_boundary(boundary), 0);
	for (size_t i = 0; i < COUNT(languages); i++) {
		const struct pl_link_text link = { languages[i], URL, "2027-03-01", files, 2 };

		for (size_t number = 0; number < 2; number++) {
			size_t count, line = 0;
			char *part = mime_link_part(&link, number, 0, boundary, &count);

			assert_non_null(part);
			assert_int_equal(strlen(part), count);
			for (size_t k = 0; k < count; k++) {
				assert_true(part[k] == '\r' || part[k] == '\n' ||
					    (part[k] >= ' ' && part[k] <= '~'));
				line = part[k] == '\n' ? 0 : line + 1;
				assert_true(line <= 998);
			}
			free(part);
		}
	}
}

/* A name is cut before its extension, and never within a character. */
static void long_names_keep_their_extension(void **state)
{
	char field[1400] = "attachment; filename=\"", name[MIME_FILE_NAME_MAX + 1];

	(void)state;
	for (int i = 0; i < 120; i++)
		strcat(field, "한");
	strcat(field, ".hwpx\"");
	mime_file_name(field, NULL, name);
	assert_int_equal(strlen(name), 83 * strlen("한") + strlen(".hwpx"));
	assert_string_equal(name + strlen(name) - 8, "한.hwpx");
	mime_file_name_of("a.EML", "eml", name);
	assert_string_equal(name, "a.EML");
	mime_file_name_of("/", "eml", name);
	assert_string_equal(name, "-.eml");
	mime_file_name_of(" . ", "eml", name);
	assert_string_equal(name, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_that_are_files),
		cmocka_unit_test(files_that_are_chosen),
		cmocka_unit_test(references_of_pages),
		cmocka_unit_test(messages),
		cmocka_unit_test(the_new_body),
		cmocka_unit_test(the_new_header),
		cmocka_unit_test(part_is_of_7_bits),
		cmocka_unit_test(long_names_keep_their_extension),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
