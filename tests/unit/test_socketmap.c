/* test_socketmap.c - Postfix's socketmap protocol. */
#include "tests/unit/test.h"

#include "milter/socketmap.h"

static void requests(void **state)
{
	static const struct {
		const char *text;
		int ret;
		const char *name, *key;
		size_t used;
	} tests[] = {
		{ "16:forward+ a@b.com,", 1, "forward+", "a@b.com", 20 },
		{ "15:forward a@b.com,9:forward x,", 1, "forward", "a@b.com", 19 },
		{ "8:forward ,", 1, "forward", "", 11 },
		{ "11:forward a b,", 1, "forward", "a b", 15 },
		{ "", 0, NULL, NULL, 0 },
		{ "1", 0, NULL, NULL, 0 },
		{ "15:forward a@b.com", 0, NULL, NULL, 0 },
		{ "15:forward a@b", 0, NULL, NULL, 0 },
		{ "15:forward a@b.comX", -1, NULL, NULL, 0 },
		{ "0:,", -1, NULL, NULL, 0 },
		{ "7:forward,", -1, NULL, NULL, 0 },
		{ "8: forward,", -1, NULL, NULL, 0 },
		{ ":forward a,", -1, NULL, NULL, 0 },
		{ "-1:x,", -1, NULL, NULL, 0 },
		{ "09:forward x,", -1, NULL, NULL, 0 },
		{ "4097:", -1, NULL, NULL, 0 },
		{ "99999999999999999999:", -1, NULL, NULL, 0 },
		{ "GET / HTTP/1.1\r\n", -1, NULL, NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		char buffer[SOCKETMAP_BUFFER];
		struct socketmap_request request;
		size_t used = 0;

		strcpy(buffer, tests[i].text);
		if (socketmap_parse(buffer, strlen(buffer), &request, &used) != tests[i].ret)
			fail_msg("%s", tests[i].text);
		if (tests[i].ret != 1)
			continue;
		assert_string_equal(request.name, tests[i].name);
		assert_string_equal(request.key, tests[i].key);
		assert_int_equal(used, tests[i].used);
	}
}

static void a_request_with_a_nul_is_none(void **state)
{
	char buffer[] = "9:f\0rward x,";
	struct socketmap_request request;
	size_t used;

	(void)state;
	assert_int_equal(socketmap_parse(buffer, sizeof(buffer) - 1, &request, &used), -1);
}

static void the_longest_request_has_room(void **state)
{
	char buffer[SOCKETMAP_BUFFER];
	struct socketmap_request request;
	size_t used, len = (size_t)sprintf(buffer, "%d:forward ", SOCKETMAP_REQUEST);

	(void)state;
	memset(buffer + len, 'a', sizeof(buffer) - len);
	len = 5 + SOCKETMAP_REQUEST;
	assert_int_equal(socketmap_parse(buffer, len, &request, &used), 0);
	buffer[len++] = ',';
	assert_true(len <= sizeof(buffer));
	assert_int_equal(socketmap_parse(buffer, len, &request, &used), 1);
	assert_int_equal(used, len);
}

static void replies(void **state)
{
	char buffer[32];

	(void)state;
	assert_int_equal(socketmap_reply("OK", "a@b", buffer, sizeof(buffer)), 9);
	assert_string_equal(buffer, "6:OK a@b,");
	assert_int_equal(socketmap_reply("NOTFOUND", "", buffer, sizeof(buffer)), 12);
	assert_string_equal(buffer, "9:NOTFOUND ,");
	assert_int_equal(socketmap_reply("OK", "0123456789012345678901234567", buffer,
					 sizeof(buffer)),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(a_request_with_a_nul_is_none),
		cmocka_unit_test(the_longest_request_has_room),
		cmocka_unit_test(replies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
