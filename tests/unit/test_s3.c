/* test_s3.c - the store of attachments that speaks the protocol of Amazon S3: addresses, keys, XML. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "policy/attachment/s3_key.h"
#include "policy/attachment/s3_xml.h"
#include "policy/settings/s3_url.h"

/* -- addresses -- */

struct url_row {
	const char *url, *origin, *bucket, *prefix;
};

static void addresses_of_buckets(void **state)
{
	static const struct url_row rows[] = {
		{ "https://s3.example.com/mail", "https://s3.example.com", "mail", "" },
		{ "https://s3.example.com:9000/mail-files.x/of/Mail_1",
		  "https://s3.example.com:9000", "mail-files.x", "of/Mail_1/" },
		{ "http://127.0.0.1:9000/mail", "http://127.0.0.1:9000", "mail", "" },
		{ "http://[::1]:9000/mail", "http://[::1]:9000", "mail", "" },
		{ "http://localhost/mail", "http://localhost", "mail", "" },
		{ "https://s3.example.com/mail/..x", "https://s3.example.com", "mail", "..x/" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pl_s3_url url;

		if (pl_s3_url_parse(rows[i].url, &url, NULL) != 0)
			fail_msg("%s", rows[i].url);
		assert_string_equal(url.origin, rows[i].origin);
		assert_string_equal(url.bucket, rows[i].bucket);
		assert_string_equal(url.prefix, rows[i].prefix);
	}
}

static void what_is_no_address_of_a_bucket(void **state)
{
	static const char *const rows[] = {
		"",
		"s3.example.com/mail",
		"ftp://s3.example.com/mail",
		"https://s3.example.com",
		"https://s3.example.com/",
		"https://s3.example.com/ab",
		"https://s3.example.com/mail/",
		"https://s3.example.com/mail//x",
		"https://s3.example.com/mail/./x",
		"https://s3.example.com/mail/..",
		"https://s3.example.com/mail/a?b",
		"https://s3.example.com/mail/a%20b",
		"https://s3.example.com/mail?list-type=2",
		"https://s3.example.com/Mail",
		"https://s3.example.com/-mail",
		"https://s3.example.com:/mail",
		"https://s3.example.com:port/mail",
		"https://s3.example.com:900000/mail",
		"https://key:secret@s3.example.com/mail",
		"https:///mail",
		"http://s3.example.com/mail",
		"http://127.0.0.1.example.com/mail",
		"http://localhost.example.com/mail",
		"http://127.0.0.1@s3.example.com/mail",
	};
	char url[1024] = "https://s3.example.com/mail/";
	struct pl_error err;
	struct pl_s3_url parsed;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (pl_s3_url_parse(rows[i], &parsed, &err) != -1)
			fail_msg("%s", rows[i]);
		assert_non_null(strstr(err.msg, "https://HOST/BUCKET"));
	}
	memset(url + strlen(url), 'a', PL_S3_PREFIX - 1);
	assert_int_equal(pl_s3_url_parse(url, &parsed, NULL), -1);
	url[strlen(url) - 1] = '\0';
	assert_int_equal(pl_s3_url_parse(url, &parsed, NULL), 0);
	assert_int_equal(strlen(parsed.prefix), PL_S3_PREFIX - 1);
}

/* -- keys -- */

struct key_row {
	const char *text, *id, *secret; /* id NULL: it is refused */
};

static void texts_of_keys(void **state)
{
	static const struct key_row rows[] = {
		{ "AKIA1 s/e+c\n", "AKIA1", "s/e+c" },
		{ "# comment\n\n \tAKIA1\tsecret  \r\n# more\n", "AKIA1", "secret" },
		{ "AKIA1 secret", "AKIA1", "secret" },
		{ "", NULL, NULL },
		{ "# AKIA1 secret\n", NULL, NULL },
		{ "AKIA1\n", NULL, NULL },
		{ "AKIA1\nsecret\n", NULL, NULL },
		{ "AKIA1 secret more\n", NULL, NULL },
		{ "AKIA1 secret\nAKIA2 secret\n", NULL, NULL },
		{ "AKI:A1 secret\n", NULL, NULL },
		{ "AKIA1 sec\001ret\n", NULL, NULL },
	};
	struct pl_s3_key key;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (pl_s3_key_parse(rows[i].text, &key) != (rows[i].id == NULL ? -1 : 0))
			fail_msg("%zu", i);
		if (rows[i].id == NULL) {
			assert_int_equal(key.secret.len, 0);
			continue;
		}
		assert_string_equal(key.id, rows[i].id);
		assert_string_equal((const char *)key.secret.data, rows[i].secret);
		pl_secret_wipe(&key.secret);
	}
}

/* -- XML -- */

#define LIST "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
#define END "</ListBucketResult>"
#define OBJECT                                                                           \
	"<Contents><Key>ab/1</Key><LastModified>2026-01-31T23:59:59.000Z</LastModified>" \
	"<Size>12</Size><Owner><ID>x</ID></Owner></Contents>"

static int read_page(const char *text, struct pl_s3_page *page_r)
{
	return pl_s3_page_read(text, strlen(text), page_r);
}

static void a_page_is_read(void **state)
{
	struct pl_s3_page *page = calloc(1, sizeof(*page));

	(void)state;
	assert_non_null(page);
	assert_int_equal(read_page("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" LIST
				   "<Name>mail</Name><IsTruncated>true</IsTruncated>" OBJECT
				   "<Contents><Size>0</Size><LastModified>1970-01-01T00:00:01Z"
				   "</LastModified><Key>a&amp;b &#x41;</Key></Contents>"
				   "<NextContinuationToken>a+/=</NextContinuationToken>" END,
				   page),
			 0);
	assert_int_equal(page->count, 2);
	assert_string_equal(page->object[0].name, "ab/1");
	assert_int_equal(page->object[0].size, 12);
	assert_int_equal(page->object[0].modified_at, 1769903999);
	assert_string_equal(page->object[1].name, "a&b A");
	assert_int_equal(page->object[1].modified_at, 1);
	assert_true(page->is_truncated);
	/* Without a namespace, too; and nothing is left of the page before. */
	assert_int_equal(read_page("<ListBucketResult><IsTruncated>false</IsTruncated>" END, page),
			 0);
	assert_int_equal(page->count, 0);
	assert_false(page->is_truncated);
	free(page);
}

static void a_page_that_is_not_one_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"no XML",
		LIST,
		LIST OBJECT,
		LIST OBJECT END "more",
		"<Error><Code>NoSuchBucket</Code></Error>",
		"<!DOCTYPE a [<!ENTITY b 'c'>]>" LIST END,
		LIST "<IsTruncated>true</IsTruncated>" END,
		LIST "<Contents><Key>a</Key><Size>1</Size></Contents>" END,
		LIST "<Contents><Key>a</Key><LastModified>2026-01-31T23:59:59Z</LastModified>"
		     "</Contents>" END,
		LIST "<Contents><Size>1</Size><LastModified>2026-01-31T23:59:59Z</LastModified>"
		     "</Contents>" END,
		LIST "<Contents><Key>a</Key><Key>b</Key><Size>1</Size><LastModified>2026-01-31T"
		     "23:59:59Z</LastModified></Contents>" END,
		LIST "<Contents><Key>a</Key><Size>-1</Size><LastModified>2026-01-31T23:59:59Z"
		     "</LastModified></Contents>" END,
		LIST "<Contents><Key>a</Key><Size>1</Size><LastModified>yesterday</LastModified>"
		     "</Contents>" END,
		LIST "<a><b><c><d><e><f><g><h/></g></f></e></d></c></b></a>" END,
	};
	struct pl_s3_page *page = calloc(1, sizeof(*page));

	(void)state;
	assert_non_null(page);
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (read_page(rows[i], page) != -1)
			fail_msg("%s", rows[i]);
	}
	free(page);
}

static void a_page_has_as_many_objects_as_the_protocol_says(void **state)
{
	struct pl_s3_page *page = calloc(1, sizeof(*page));
	char *text = NULL;
	size_t len = 0;
	FILE *out;

	(void)state;
	assert_non_null(page);
	for (int count = PL_S3_PAGE; count <= PL_S3_PAGE + 1; count++) {
		out = open_memstream(&text, &len);
		fputs(LIST, out);
		for (int i = 0; i < count; i++)
			fputs(OBJECT, out);
		fputs(END, out);
		fclose(out);
		assert_int_equal(pl_s3_page_read(text, len, page), count == PL_S3_PAGE ? 0 : -1);
		free(text);
	}
	free(page);
}

static void words_of_errors(void **state)
{
	static const char *const rows[][2] = {
		{ "<?xml "
		  "version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>No.</Message></Error>",
		  "NoSuchKey" },
		{ "<Error xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Message/>"
		  "<Code>SlowDown</Code></Error>",
		  "SlowDown" },
		{ "<Error><Code>No\nKey</Code></Error>", "" },
		{ "<Error><Code>No key</Code></Error>", "" },
		{ "<Error><Detail><Code>NoSuchKey</Code></Detail></Error>", "" },
		{ "<Error><Code>NoSuchKey</Code>", "" },
		{ "<html><Code>NoSuchKey</Code></html>", "" },
		{ "<!DOCTYPE html><Error><Code>NoSuchKey</Code></Error>", "" },
		{ "", "" },
	};
	char code[PL_S3_CODE];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		pl_s3_error_code(rows[i][0], strlen(rows[i][0]), code);
		if (strcmp(code, rows[i][1]) != 0)
			fail_msg("%s: %s", rows[i][0], code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_buckets),
		cmocka_unit_test(what_is_no_address_of_a_bucket),
		cmocka_unit_test(texts_of_keys),
		cmocka_unit_test(a_page_is_read),
		cmocka_unit_test(a_page_that_is_not_one_is_refused),
		cmocka_unit_test(a_page_has_as_many_objects_as_the_protocol_says),
		cmocka_unit_test(words_of_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
