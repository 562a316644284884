/* test_mime.c - the parts of messages, what is in them, and what their files are called. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "milter/mime/decoder.h"
#include "milter/mime/file_name.h"
#include "milter/mime/scanner.h"

/* A whole message: header, empty line, body. step bytes of the body at once. */
static struct mime_scanner *scan(const char *message, size_t step, int *reason_r)
{
	struct mime_scanner *scanner = mime_scanner_new();
	const char *body = strstr(message, "\r\n\r\n");
	char *header, *line, *rest;

	assert_non_null(scanner);
	assert_non_null(body);
	header = strndup(message, (size_t)(body - message));
	for (line = header; line != NULL; line = rest) {
		char *colon = strchr(line, ':');

		/* A folded line belongs to the field before it. */
		for (rest = strstr(line, "\r\n");
		     rest != NULL && (rest[2] == ' ' || rest[2] == '\t');)
			rest = strstr(rest + 2, "\r\n");
		if (rest != NULL) {
			*rest = '\0';
			rest += 2;
		}
		assert_non_null(colon);
		*colon = '\0';
		mime_scanner_field(scanner, line, colon + 1);
	}
	free(header);
	body += 4;
	for (size_t left = strlen(body); left > 0;) {
		const size_t count = left < step ? left : step;

		mime_scanner_body(scanner, (const unsigned char *)body, count);
		body += count;
		left -= count;
	}
	*reason_r = mime_scanner_end(scanner);
	return scanner;
}

/* As "type[body] ", each part behind as many dots as it is deep. */
static void describe(const struct mime_scanner *scanner, const char *message, char *text,
		     size_t size)
{
	const char *body = strstr(message, "\r\n\r\n") + 4;
	size_t count, used = 0;
	const struct mime_part *parts = mime_scanner_parts(scanner, &count);

	text[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		const struct mime_part *part = &parts[i];

		used += (size_t)snprintf(text + used, size - used, "%s%.*s%s", i == 0 ? "" : " ",
					 (int)part->depth, "......", part->content.type);
		if (!mime_has_parts(&part->content))
			used += (size_t)snprintf(text + used, size - used, "[%.*s]",
						 (int)(part->end - part->body), body + part->body);
		assert_true(used < size);
	}
}

#define MIXED "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n"
#define ALTERNATIVE "Content-Type: multipart/alternative; boundary=c\r\n\r\n"

static void parts_are_found(void **state)
{
	static const struct {
		const char *message, *parts;
	} rows[] = {
		{ "Subject: a\r\n\r\nhello\r\n", "[hello\r\n]" },
		{ "Content-Type: text/html\r\n\r\n", "text/html[]" },
		{ MIXED "--b\r\n\r\none\r\n--b\r\nContent-Type: IMAGE/png\r\n\r\ntwo\r\n--b--\r\n",
		  "multipart/mixed .[one] .image/png[two]" },
		/* The text before and behind the parts is no part. */
		{ MIXED "before\r\n--b\r\n\r\none\r\n\r\n--b--\r\nbehind\r\n--x\r\n",
		  "multipart/mixed .[one\r\n]" },
		/* No end of line behind the last delimiter; white space that a mail server put there. */
		{ MIXED "--b  \r\n\r\none\r\n--b-- ", "multipart/mixed .[one]" },
		{ MIXED "--b\r\n" ALTERNATIVE
			"--c\r\n\r\nx\r\n--c\r\n\r\ny\r\n--c--\r\n\r\n--b\r\n\r\nz\r\n--b--\r\n",
		  "multipart/mixed .multipart/alternative ..[x] ..[y] .[z]" },
		/* Empty parts: the CR and LF before the delimiter is the end of the empty line. */
		{ MIXED "--b\r\n\r\n--b\r\n\r\n\r\n--b--\r\n", "multipart/mixed .[] .[]" },
		/* What is in a message that is attached is not looked at. */
		{ MIXED "--b\r\nContent-Type: message/rfc822\r\n\r\n" ALTERNATIVE
			"--c\r\n\r\nx\r\n--c--\r\n--b--\r\n",
		  "multipart/mixed .message/rfc822[" ALTERNATIVE "--c\r\n\r\nx\r\n--c--]" },
		{ "Content-Type: multipart/mixed;\r\n\tboundary=\"a b:c\"\r\n\r\n--a "
		  "b:c\r\n\r\none\r\n--a b:c--\r\n",
		  "multipart/mixed .[one]" },
		{ MIXED "--b\r\nContent-Type: text/plain;\r\n "
			"charset=utf-8\r\nX:\r\n\r\none\r\n--b--\r\n",
		  "multipart/mixed .text/plain[one]" },
		/* Lines that begin like a delimiter in no way that counts. */
		{ MIXED "--b\r\n\r\n--\r\n-- \r\n --b\r\n---b\r\n--B\r\n--b--\r\n",
		  "multipart/mixed .[--\r\n-- \r\n --b\r\n---b\r\n--B]" },
		/* A type that is none. */
		{ "Content-Type: text\r\n\r\nx", "[x]" },
	};
	static const size_t steps[] = { 1, 2, 3, 7, 65536 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t j = 0; j < COUNT(steps); j++) {
			char text[512];
			int reason;
			struct mime_scanner *scanner = scan(rows[i].message, steps[j], &reason);

			assert_string_equal(mime_reason_name((enum mime_reason)reason), "");
			describe(scanner, rows[i].message, text, sizeof(text));
			assert_string_equal(text, rows[i].parts);
			mime_scanner_free(&scanner);
		}
	}
}

static void what_is_left_alone(void **state)
{
	static const struct {
		enum mime_reason reason;
		const char *message;
	} rows[] = {
		{ MIME_SIGNED, "Content-Type: multipart/signed; boundary=b\r\n\r\n--b--" },
		{ MIME_ENCRYPTED, "Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b--" },
		{ MIME_REPORT, "Content-Type: multipart/report; boundary=b\r\n\r\n--b--" },
		{ MIME_ENCRYPTED,
		  "Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n\r\nx" },
		{ MIME_ENCRYPTED, "Content-Type: application/x-pkcs7-mime\r\n\r\nx" },
		/* Signed within a part, as mailing lists make it. */
		{ MIME_SIGNED, MIXED
		  "--b\r\nContent-Type: multipart/signed; boundary=c\r\n\r\n--c--\r\n--b--\r\n" },
		{ MIME_DKIM, "DKIM-Signature: v=1; d=demo.test\r\n\r\nx" },
		{ MIME_PGP, "Subject: a\r\n\r\nhello\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n" },
		{ MIME_PGP, MIXED "--b\r\nContent-Type: text/plain\r\n\r\n-----BEGIN PGP "
				  "MESSAGE-----\r\n--b--\r\n" },
		{ MIME_LINE_ENDS, MIXED "--b\r\n\r\none\n--b--\r\n" },
		{ MIME_LINE_ENDS, MIXED "--b\r\n\r\no\rne\r\n--b--\r\n" },
		{ MIME_LINE_ENDS, MIXED "--b\r\n\r\none\r\r\n--b--\r\n" },
		{ MIME_LINE_ENDS, MIXED "--b\r\n\r\none\r\n--b--\r" },
		{ MIME_HEADER, MIXED "--b\r\nContent-Type text/plain\r\n\r\none\r\n--b--\r\n" },
		{ MIME_HEADER, MIXED "--b\r\n folded: from nothing\r\n\r\none\r\n--b--\r\n" },
		{ MIME_HEADER, MIXED "--b\r\nX: a\r\n \t\r\n\r\none\r\n--b--\r\n" },
		{ MIME_HEADER, MIXED "--b\r\nX: a\r\n--b--\r\n" },
		{ MIME_HEADER, MIXED "--b\r\n--b--\r\n" },
		{ MIME_HEADER, MIXED "--b\r\nX: a" },
		{ MIME_FIELD_TWICE,
		  "Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nx" },
		{ MIME_FIELD_TWICE,
		  MIXED "--b\r\nContent-Transfer-Encoding: 7bit\r\n"
			"Content-transfer-encoding: base64\r\n\r\none\r\n--b--\r\n" },
		{ MIME_FIELD_SYNTAX, "Content-Type: (a) multipart/mixed; boundary=b\r\n\r\n--b--" },
		{ MIME_FIELD_SYNTAX, "Content-Type: multipart mixed; boundary=b\r\n\r\n--b--" },
		{ MIME_FIELD_SYNTAX, "Content-Type: multipart/mixed; boundary=b c\r\n\r\n--b c--" },
		{ MIME_FIELD_SYNTAX, "Content-Type: multipart/mixed; boundary=\"b\r\n\r\n--b--" },
		{ MIME_FIELD_SYNTAX, "Content-Transfer-Encoding: base64\r\n" MIXED "--b--" },
		{ MIME_BOUNDARY, "Content-Type: multipart/mixed\r\n\r\n--b--" },
		{ MIME_BOUNDARY, "Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--b--" },
		{ MIME_BOUNDARY,
		  "Content-Type: multipart/mixed; boundary=b; boundary=c\r\n\r\n--b--" },
		{ MIME_BOUNDARY, "Content-Type: multipart/mixed; boundary*0=b\r\n\r\n--b--" },
		{ MIME_BOUNDARY, "Content-Type: multipart/mixed; boundary=\"b \"\r\n\r\n--b --" },
		{ MIME_BOUNDARY,
		  "Content-Type: multipart/mixed; boundary=\"12345678901234567890123456789012345"
		  "678901234567890123456789012345678901\"\r\n\r\n--b--" },
		{ MIME_BOUNDARY_TWICE, MIXED "--b\r\n" MIXED "--b--\r\n--b--\r\n" },
		{ MIME_BOUNDARY_TWICE, MIXED "--b\r\n\r\none\r\n--bc\r\n--b--\r\n" },
		{ MIME_BOUNDARY_TWICE, MIXED "--b\r\n\r\none\r\n--b-\r\n--b--\r\n" },
		/* A delimiter of a part that has ended. */
		{ MIME_BOUNDARY_TWICE,
		  MIXED "--b\r\n" ALTERNATIVE "--c\r\n\r\nx\r\n--c--\r\n--c\r\n--b--\r\n" },
		{ MIME_UNFINISHED, MIXED "--b\r\n\r\none\r\n" },
		{ MIME_UNFINISHED, MIXED "--b--\r\n" },
		{ MIME_UNFINISHED, MIXED },
		{ MIME_UNFINISHED, MIXED "--b\r\n" ALTERNATIVE "--c\r\n\r\nx\r\n--b--\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t step = 1; step < 40; step += 13) {
			int reason;
			struct mime_scanner *scanner = scan(rows[i].message, step, &reason);

			if (reason != (int)rows[i].reason)
				fail_msg("row %zu: %s", i,
					 mime_reason_name((enum mime_reason)reason));
			mime_scanner_free(&scanner);
		}
	}
	for (int reason = MIME_SIGNED; reason <= MIME_HEADER_SIZE; reason++) {
		assert_string_not_equal(mime_reason_name((enum mime_reason)reason), "");
		assert_string_not_equal(mime_reason_sentence((enum mime_reason)reason), "");
	}
}

/* What a message has many times; number counts them. */
typedef void write_part(int number, char text_r[128]);

static void write_simple(int number, char text_r[128])
{
	snprintf(text_r, 128, "--b\r\n\r\n%d\r\n", number);
}

static void write_nested(int number, char text_r[128])
{
	snprintf(text_r, 128, "--n%02d\r\nContent-Type: multipart/mixed; boundary=n%02d\r\n\r\n",
		 number, number + 1);
}

static int reason_of_many(const char *header, write_part *write, int count, const char *end)
{
	struct mime_scanner *scanner = mime_scanner_new();
	int reason;

	mime_scanner_field(scanner, "Content-Type", header);
	for (int i = 0; i < count; i++) {
		char text[128];

		write(i, text);
		mime_scanner_body(scanner, (const unsigned char *)text, strlen(text));
	}
	mime_scanner_body(scanner, (const unsigned char *)end, strlen(end));
	reason = mime_scanner_end(scanner);
	mime_scanner_free(&scanner);
	return reason;
}

static void limits_hold(void **state)
{
	static const char flat[] = "multipart/mixed; boundary=b";
	static const char nested[] = "multipart/mixed; boundary=n00";

	(void)state;
	assert_int_equal(reason_of_many(flat, write_simple, MIME_PARTS_MAX - 1, "--b--\r\n"),
			 MIME_NO_REASON);
	assert_int_equal(reason_of_many(flat, write_simple, MIME_PARTS_MAX, "--b--\r\n"),
			 MIME_PARTS);
	assert_int_equal(reason_of_many(nested, write_nested, MIME_DEPTH_MAX - 1, ""),
			 MIME_UNFINISHED);
	assert_int_equal(reason_of_many(nested, write_nested, MIME_DEPTH_MAX, ""), MIME_DEPTH);
}

static void headers_are_bounded(void **state)
{
	static const char filling[] =
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl";
	struct mime_scanner *scanner = mime_scanner_new();

	(void)state;
	mime_scanner_field(scanner, "Content-Type", "multipart/mixed; boundary=b");
	mime_scanner_body(scanner, (const unsigned char *)"--b\r\nX: ", 8);
	for (size_t i = 0; i <= MIME_HEADER_MAX / strlen(filling); i++)
		mime_scanner_body(scanner, (const unsigned char *)filling, strlen(filling));
	assert_int_equal(mime_scanner_end(scanner), MIME_HEADER_SIZE);
	mime_scanner_free(&scanner);
}

static void what_parts_say_of_themselves(void **state)
{
	static const char message[] =
		MIXED "--b\r\nContent-Type: Application/PDF; name=\"a.pdf\"\r\n"
		      "Content-Transfer-Encoding: BASE64\r\nContent-Disposition: Attachment;\r\n"
		      " filename=a.pdf\r\nContent-ID: <x@y>\r\n\r\n\r\n--b\r\n"
		      "Content-Transfer-Encoding: x-uuencode\r\nContent-Disposition: "
		      "inline\r\n\r\n\r\n--b--\r\n";
	int reason;
	struct mime_scanner *scanner = scan(message, 5, &reason);
	size_t count;
	const struct mime_part *parts = mime_scanner_parts(scanner, &count);

	(void)state;
	assert_int_equal(reason, MIME_NO_REASON);
	assert_int_equal(count, 3);
	assert_string_equal(parts[1].content.type, "application/pdf");
	assert_string_equal(parts[1].content.id, "x@y");
	assert_int_equal(parts[1].content.encoding, MIME_BASE64);
	assert_int_equal(parts[1].content.disposition, MIME_ATTACHMENT);
	assert_string_equal(parts[1].disposition, " Attachment; filename=a.pdf");
	assert_int_equal(parts[2].content.encoding, MIME_OTHER_ENCODING);
	assert_int_equal(parts[2].content.disposition, MIME_INLINE);
	assert_memory_equal(strstr(message, "\r\n\r\n") + 4 + parts[1].begin, "Content-Type: App",
			    17);
	mime_scanner_free(&scanner);
}

static void files_have_names(void **state)
{
	static const struct {
		const char *disposition, *type, *name;
	} rows[] = {
		{ "attachment; filename=a.pdf", NULL, "a.pdf" },
		{ "attachment; filename=\"a b.pdf\"; size=3", NULL, "a b.pdf" },
		{ "attachment; filename=a b.pdf", NULL, "a b.pdf" },
		{ "attachment", "application/pdf; name=\"b.pdf\"", "b.pdf" },
		{ NULL, "application/pdf; charset=x; name=b.pdf", "b.pdf" },
		{ "attachment; filename=\"\"", "a/b; name=c", "c" },
		{ NULL, NULL, "" },
		/* RFC 2231 */
		{ "attachment; filename*=UTF-8''%ED%9A%8C%EC%9D%98.pdf", NULL, "회의.pdf" },
		{ "attachment; filename*=euc-kr'ko'%C8%B8%C0%C7.pdf; filename=x", NULL,
		  "회의.pdf" },
		{ "attachment; filename*0=\"long \"; filename*1=\"name.txt\"", NULL,
		  "long name.txt" },
		{ "attachment; filename*1*=%EC%9D%98; filename*0*=utf-8''%ED%9A%8C; "
		  "filename*2=\".txt\"",
		  NULL, "회의.txt" },
		/* A character that begins in one piece and ends in the next. */
		{ "attachment; filename*0*=utf-8''%ED%9A; filename*1*=%8C.txt", NULL, "회.txt" },
		/* RFC 2047 where it should not be */
		{ "attachment; filename=\"=?UTF-8?B?7ZqM7J2YLnBkZg==?=\"", NULL, "회의.pdf" },
		{ "attachment; filename=\"=?EUC-KR?B?yLjAxy5wZGY=?=\"", NULL, "회의.pdf" },
		{ "attachment; filename=\"=?ks_c_5601-1987?B?yLjAxw==?= "
		  "=?ks_c_5601-1987?B?LnBkZg==?=\"",
		  NULL, "회의.pdf" },
		{ "attachment; filename=\"=?utf-8?Q?=ED=9A=8C_=EC=9D=98=2Epdf?=\"", NULL,
		  "회 의.pdf" },
		/* A character in two words, and padding that is missing. */
		{ "attachment; filename=\"=?UTF-8?B?7Zo?= =?UTF-8?B?jA==?=.pdf\"", NULL, "회.pdf" },
		{ "attachment; filename=\"a =?UTF-8?X?b?= =?c\"", NULL, "a =?UTF-8?X?b?= =?c" },
		{ "attachment; filename*0=\"=?UTF-8?B?7ZqM7J2Y\"; filename*1=\"LnBkZg==?=\"", NULL,
		  "회의.pdf" },
		/* 8-bit characters in no charset: UTF-8, EUC-KR */
		{ "attachment; filename=\"회의.pdf\"", NULL, "회의.pdf" },
		{ "attachment; filename=\"\xC8\xB8\xC0\xC7.pdf\"", NULL, "회의.pdf" },
		{ "attachment; filename=\xC8\xB8\xC0\xC7.pdf", NULL, "회의.pdf" },
		/* A charset that does not hold, and one that nobody knows. */
		{ "attachment; filename*=utf-8''%C8%B8%C0%C7.pdf", NULL, "회의.pdf" },
		{ "attachment; filename*=klingon''%ED%9A%8C.pdf", NULL, "회.pdf" },
		/* What is no name. */
		{ "attachment; filename=\"../../etc/passwd\"", NULL, "passwd" },
		{ "attachment; filename=\"C:\\\\a\\\\b.exe\"", NULL, "b.exe" },
		{ "attachment; filename=\"..\"", NULL, "" },
		{ "attachment; filename*=utf-8''a%00b%0d%0ac", NULL, "abc" },
		{ "attachment; filename=\"a\xE2\x80\xAE"
		  "fdp.exe\"",
		  NULL, "afdp.exe" },
		{ "attachment; filename=\" a \"", NULL, "a" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char name[MIME_FILE_NAME_MAX + 1];

		mime_file_name(rows[i].disposition, rows[i].type, name);
		assert_string_equal(name, rows[i].name);
	}
}

/* The text of a part, decoded in pieces of step bytes; NULL: it cannot be. */
static const char *decode(enum mime_encoding encoding, const char *text, size_t step)
{
	static unsigned char out[256];
	struct mime_decoder decoder;
	size_t used = 0;

	mime_decoder_begin(&decoder, encoding);
	for (size_t left = strlen(text); left > 0;) {
		const size_t count = left < step ? left : step;
		size_t more;

		if (mime_decode(&decoder, (const unsigned char *)text, count, out + used, &more) <
		    0)
			return NULL;
		assert_true(more <= count + 4);
		used += more;
		text += count;
		left -= count;
	}
	out[used] = '\0';
	return mime_decoder_end(&decoder) < 0 ? NULL : (const char *)out;
}

static void contents_are_decoded_strictly(void **state)
{
	static const struct {
		enum mime_encoding encoding;
		const char *text, *decoded;
	} rows[] = {
		{ MIME_BASE64, "", "" },
		{ MIME_BASE64, "aGVsbG8=", "hello" },
		{ MIME_BASE64, "aGVs\r\nbG8h\r\n", "hello!" },
		{ MIME_BASE64, "aA==\r\n\r\n", "h" },
		{ MIME_BASE64, "aA=", NULL },
		{ MIME_BASE64, "aA", NULL },
		{ MIME_BASE64, "a===", NULL },
		{ MIME_BASE64, "aA==aA==", NULL },
		{ MIME_BASE64, "aA=A", NULL },
		{ MIME_BASE64, "aB==", NULL }, /* bits that are left over */
		{ MIME_BASE64, "aGVsbG9=", NULL },
		{ MIME_BASE64, "aGVs bG8=", NULL },
		{ MIME_BASE64, "aGVs-G8=", NULL },
		{ MIME_BASE64, "====", NULL },
		{ MIME_QUOTED_PRINTABLE, "a=3Db=3d\r\n", "a=b=\r\n" },
		{ MIME_QUOTED_PRINTABLE, "a=\r\nb c\td", "ab c\td" },
		{ MIME_QUOTED_PRINTABLE, "a= \r\nb", NULL },
		{ MIME_QUOTED_PRINTABLE, "a \r\nb", NULL },
		{ MIME_QUOTED_PRINTABLE, "a ", NULL },
		{ MIME_QUOTED_PRINTABLE, "a=4", NULL },
		{ MIME_QUOTED_PRINTABLE, "a=4x", NULL },
		{ MIME_QUOTED_PRINTABLE, "a=x4", NULL },
		{ MIME_QUOTED_PRINTABLE, "a=", NULL },
		{ MIME_QUOTED_PRINTABLE, "\xC3\xA4", NULL },
		{ MIME_7BIT, "a=3D \r\n", "a=3D \r\n" },
		{ MIME_8BIT, "\xC3\xA4", "\xC3\xA4" },
		{ MIME_OTHER_ENCODING, "a", NULL },
		{ MIME_OTHER_ENCODING, "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t step = 1; step < 10; step++) {
			const char *decoded = decode(rows[i].encoding, rows[i].text, step);

			if (rows[i].decoded == NULL)
				assert_null(decoded);
			else
				assert_string_equal(decoded, rows[i].decoded);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_found),
		cmocka_unit_test(what_is_left_alone),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(headers_are_bounded),
		cmocka_unit_test(what_parts_say_of_themselves),
		cmocka_unit_test(files_have_names),
		cmocka_unit_test(contents_are_decoded_strictly),
	};

	return cmocka_run_group_tests_name("mime", tests, NULL, NULL);
}
