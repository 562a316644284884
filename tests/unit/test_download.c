/* test_download.c - what browsers send and get when they fetch files that mail links to. */
#include "tests/unit/fixture.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "portal/download/disposition.h"
#include "portal/download/range.h"
#include "portal/download/ticket.h"
#include "portal/http/site.h"

#define T 1700000000

/* -- tickets -- */

static void a_ticket_is_read_as_it_was_made(void **state)
{
	struct fixture *fixture = *state;
	char text[TICKET_TEXT], other[TICKET_TEXT];
	struct ticket ticket, second;

	assert_ok(fixture,
		  ticket_make(fixture->keys, TICKET_OF_FILE, INT64_MAX, T, text, &fixture->err));
	assert_int_equal(strlen(text), 75);
	assert_int_equal(text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789-_")],
			 '\0');
	assert_int_equal(ticket_read(fixture->keys, TICKET_OF_FILE, text, &ticket, &fixture->err),
			 1);
	assert_true(ticket.of == INT64_MAX);
	assert_int_equal(ticket.expires_at, T + 3600);
	/* Another one of the same second is another one. */
	assert_ok(fixture,
		  ticket_make(fixture->keys, TICKET_OF_FILE, INT64_MAX, T, other, &fixture->err));
	assert_int_equal(ticket_read(fixture->keys, TICKET_OF_FILE, other, &second, &fixture->err),
			 1);
	assert_memory_not_equal(ticket.id, second.id, sizeof(ticket.id));
}

static void what_is_not_exactly_a_ticket_is_none(void **state)
{
	struct fixture *fixture = *state;
	char text[TICKET_TEXT], wrong[TICKET_TEXT + 2];
	struct ticket ticket;

	assert_ok(fixture, ticket_make(fixture->keys, TICKET_OF_FILE, 7, T, text, &fixture->err));
	for (size_t i = 0; i < strlen(text); i++) {
		/* In every bit of every digit: no ticket has two ways to be written. */
		for (const char *c =
			     "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"
			     "_=+/ %.";
		     *c != '\0'; c++) {
			strcpy(wrong, text);
			wrong[i] = *c;
			assert_int_equal(ticket_read(fixture->keys, TICKET_OF_FILE, wrong, &ticket,
						     &fixture->err),
					 *c == text[i]);
		}
		strcpy(wrong, text);
		wrong[i] = '\0';
		assert_int_equal(ticket_read(fixture->keys, TICKET_OF_FILE, wrong, &ticket,
					     &fixture->err),
				 0);
	}
	snprintf(wrong, sizeof(wrong), "%sA", text);
	assert_int_equal(ticket_read(fixture->keys, TICKET_OF_FILE, wrong, &ticket, &fixture->err),
			 0);
	/* File 7 is not link 7. */
	assert_int_equal(ticket_read(fixture->keys, TICKET_OF_LINK, text, &ticket, &fixture->err),
			 0);
}

static struct pl_keys *keys_of(struct fixture *fixture, const char *name, const char *text)
{
	const char *path = path_in(fixture, name);
	struct pl_keys *keys;

	write_file(path, text, strlen(text));
	chmod(path, 0600);
	assert_ok(fixture, pl_keys_load(path, &keys, &fixture->err));
	return keys;
}

#define ONE "1 0000000000000000000000000000000000000000000000000000000000000001\n"
#define TWO "2 0000000000000000000000000000000000000000000000000000000000000002\n"

static void a_ticket_of_an_earlier_key_is_good_and_one_of_another_key_is_not(void **state)
{
	struct fixture *fixture = *state;
	struct pl_keys *one = keys_of(fixture, "one", ONE), *two = keys_of(fixture, "two", TWO),
		       *both = keys_of(fixture, "both", TWO ONE);
	char text[TICKET_TEXT];
	struct ticket ticket;

	assert_ok(fixture, ticket_make(one, TICKET_OF_FILE, 7, T, text, &fixture->err));
	assert_int_equal(ticket_read(both, TICKET_OF_FILE, text, &ticket, &fixture->err), 1);
	assert_int_equal(ticket_read(two, TICKET_OF_FILE, text, &ticket, &fixture->err), 0);
	assert_ok(fixture, ticket_make(both, TICKET_OF_FILE, 7, T, text, &fixture->err));
	assert_int_equal(ticket_read(two, TICKET_OF_FILE, text, &ticket, &fixture->err), 1);
	pl_keys_free(&one);
	pl_keys_free(&two);
	pl_keys_free(&both);
}

/* -- ranges -- */

static void a_range_of_a_file(void **state)
{
	static const struct {
		const char *header;
		int64_t size;
		int ret;
		int64_t offset, len;
	} rows[] = {
		{ NULL, 10, 0, 0, 0 },
		{ "bytes=0-9", 10, 1, 0, 10 },
		{ "bytes=0-", 10, 1, 0, 10 },
		{ "bytes=3-3", 10, 1, 3, 1 },
		{ "BYTES=3-5", 10, 1, 3, 3 },
		{ "bytes= 3-5 ", 10, 1, 3, 3 },
		{ "bytes=9-", 10, 1, 9, 1 },
		{ "bytes=9-1000", 10, 1, 9, 1 },
		{ "bytes=-1", 10, 1, 9, 1 },
		{ "bytes=-10", 10, 1, 0, 10 },
		{ "bytes=-11", 10, 1, 0, 10 },
		{ "bytes=00003-00005", 10, 1, 3, 3 },
		{ "bytes=0-99999999999999999999999999", 10, 1, 0, 10 },
		{ "bytes=-99999999999999999999999999", 10, 1, 0, 10 },
		{ "bytes=0-9223372036854775807", INT64_MAX, 1, 0, INT64_MAX },
		{ "bytes=5000000000-5000000001", 6000000000, 1, 5000000000, 2 },
		/* not in the file */
		{ "bytes=10-", 10, -1, 0, 0 },
		{ "bytes=10-20", 10, -1, 0, 0 },
		{ "bytes=99999999999999999999999999-", 10, -1, 0, 0 },
		{ "bytes=-0", 10, -1, 0, 0 },
		{ "bytes=0-", 0, -1, 0, 0 },
		{ "bytes=-5", 0, -1, 0, 0 },
		/* as if there were none */
		{ "", 10, 0, 0, 0 },
		{ "bytes", 10, 0, 0, 0 },
		{ "bytes=", 10, 0, 0, 0 },
		{ "bytes=-", 10, 0, 0, 0 },
		{ "bytes=3", 10, 0, 0, 0 },
		{ "bytes=5-3", 10, 0, 0, 0 },
		{ "bytes=0-1,3-4", 10, 0, 0, 0 },
		{ "bytes=0-1x", 10, 0, 0, 0 },
		{ "bytes=x-1", 10, 0, 0, 0 },
		{ "bytes=+1-2", 10, 0, 0, 0 },
		{ "bytes=--2", 10, 0, 0, 0 },
		{ "bytes =1-2", 10, 0, 0, 0 },
		{ "items=1-2", 10, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t offset = 0, len = 0;
		const int ret = range_parse(rows[i].header, rows[i].size, &offset, &len);

		if (ret != rows[i].ret ||
		    (ret == 1 && (offset != rows[i].offset || len != rows[i].len)))
			fail_msg("%s: %d %lld %lld", rows[i].header, ret, (long long)offset,
				 (long long)len);
	}
}

/* -- names -- */

static void names_of_files_in_a_header(void **state)
{
	static const struct {
		const char *name, *header;
	} rows[] = {
		{ "a.txt", "attachment; filename=\"a.txt\"; filename*=UTF-8''a.txt" },
		{ "a b.txt", "attachment; filename=\"a b.txt\"; filename*=UTF-8''a%20b.txt" },
		{ "\xed\x95\x9c.pdf",
		  "attachment; filename=\"_.pdf\"; filename*=UTF-8''%ED%95%9C.pdf" },
		{ "a\"\\;%41\n'", "attachment; filename=\"a____41_'\"; "
				  "filename*=UTF-8''a%22%5C%3B%2541%0A%27" },
		{ "", "attachment; filename=\"\"; filename*=UTF-8''" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *header = disposition_of(rows[i].name);

		assert_string_equal(header, rows[i].header);
		free(header);
	}
}

static void hosts_of_the_site_of_files(void **state)
{
	static const struct {
		const char *url, *host;
		int is_at;
	} rows[] = {
		{ "https://files.test", "files.test", 1 },
		{ "https://files.test", "FILES.Test", 1 },
		{ "https://files.test", "files.test:443", 1 },
		{ "https://files.test", "files.test:80", 0 },
		{ "https://files.test", "files.test:8443", 0 },
		{ "https://files.test:443", "files.test", 1 },
		{ "https://files.test:443", "files.test:443", 1 },
		{ "https://files.test:8443", "files.test:8443", 1 },
		{ "https://files.test:8443", "files.test", 0 },
		{ "https://files.test:8443", "files.test:443", 0 },
		{ "http://files.test", "files.test:80", 1 },
		{ "http://127.0.0.1:8001", "127.0.0.1:8001", 1 },
		{ "http://127.0.0.1:8001", "127.0.0.1:80010", 0 },
		{ "http://[::1]:8001", "[::1]:8001", 1 },
		{ "https://files.test", "files.test.", 0 },
		{ "https://files.test", "xfiles.test", 0 },
		{ "https://files.test", "files.tes", 0 },
		{ "https://files.test", "", 0 },
		{ "https://files.test", ":443", 0 },
		{ "https://files.test", NULL, 0 },
		{ "", "", 0 },
		{ "", "files.test", 0 },
		{ "", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (site_is_at(rows[i].url, rows[i].host) != rows[i].is_at)
			fail_msg("%s at %s", rows[i].host, rows[i].url);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_FOLDER(a_ticket_is_read_as_it_was_made),
		TEST_IN_FOLDER(what_is_not_exactly_a_ticket_is_none),
		TEST_IN_FOLDER(a_ticket_of_an_earlier_key_is_good_and_one_of_another_key_is_not),
		cmocka_unit_test(a_range_of_a_file),
		cmocka_unit_test(names_of_files_in_a_header),
		cmocka_unit_test(hosts_of_the_site_of_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
