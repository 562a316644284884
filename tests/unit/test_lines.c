/* test_lines.c - the lines of Dovecot's auth protocol, and the temporary failures among them. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "dovecot/auth_lines.h"

static struct auth_lines lines; /* too large for the stack of a test */

static int reset(void **state)
{
	(void)state;
	auth_lines_wipe(&lines);
	return 0;
}

static size_t put(const char *bytes, size_t count)
{
	assert_true(count <= auth_lines_room(&lines));
	memcpy(auth_lines_end(&lines), bytes, count);
	return count;
}

static int answer(const char *text)
{
	return auth_lines_filled_with_answers(&lines, put(text, strlen(text)));
}

static void assert_whole(const char *expected)
{
	assert_int_equal(lines.whole, strlen(expected));
	assert_memory_equal(lines.bytes, expected, strlen(expected));
}

static void only_whole_lines_go_out(void **state)
{
	static const char talk[] =
		"VERSION\t1\t1\nCPID\t7\nAUTH\t1\tPLAIN\tresp=AGEAYg==\nCONT\t1\t";

	(void)state;
	auth_lines_filled(&lines, put(talk, strlen(talk)));
	assert_whole("VERSION\t1\t1\nCPID\t7\nAUTH\t1\tPLAIN\tresp=AGEAYg==\n");
	assert_int_equal(lines.used, strlen(talk));
}

static void lines_arrive_in_single_bytes(void **state)
{
	static const char talk[] = "OK\t1\tuser=a\nFAIL\t2\tuser=a\tcode=temp_fail\n";
	int temporary = 0;

	(void)state;
	for (const char *c = talk; *c != '\0' && !temporary; c++)
		temporary = auth_lines_filled_with_answers(&lines, put(c, 1));
	assert_int_equal(temporary, 1);
	assert_whole("OK\t1\tuser=a\n");
	assert_int_equal(lines.used, lines.whole);
}

static void temporary_failures_are_known(void **state)
{
	static const char *const answers[] = {
		"FAIL\t1\ttemp\n",
		"FAIL\t1\tcode=temp_fail\n",
		"FAIL\t1\tuser=alice@demo.test\tcode=temp_fail\n",
		"FAIL\t4294967295\tuser=a\ttemp\tnodelay\n",
		"FAIL\t1\tcode=temp_fail\treason=later\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		reset(NULL);
		assert_int_equal(answer(answers[i]), 1);
		assert_int_equal(lines.used, 0);
	}
}

static void all_other_answers_are_handed_on(void **state)
{
	static const char *const answers[] = {
		"FAIL\t1\n",
		"FAIL\t1\tuser=alice@demo.test\n",
		"FAIL\t1\tuser=temp\n",
		"FAIL\t1\tuser=code=temp_fail\n",
		"FAIL\t1\tuser=a\001tcode=temp_fail\n",
		"FAIL\t1\tcode=temp_failure\n",
		"FAIL\t1\tcode=user_disabled\treason=temp\n",
		"FAIL\t1\tcode=authz_failed\n",
		"FAIL\t1\tTEMP\n",
		"FAIL\ttemp\n",
		"FAILED\t1\ttemp\n",
		"OK\t1\tuser=a\ttemp\n",
		"CONT\t1\ttemp\n",
		"MECH\tPLAIN\tplaintext\n",
		"\tFAIL\t1\ttemp\n",
		"temp\n",
		"\n",
		"\t\t\ttemp\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		reset(NULL);
		assert_int_equal(answer(answers[i]), 0);
		assert_whole(answers[i]);
	}
}

static void what_came_before_a_temporary_failure_goes_out(void **state)
{
	(void)state;
	assert_int_equal(answer("OK\t1\tuser=a\nCONT\t2\tYQ==\nFAIL\t3\ttemp\nOK\t4\tuser="
				"b\nCONT\t"),
			 1);
	assert_whole("OK\t1\tuser=a\nCONT\t2\tYQ==\n");
	assert_int_equal(lines.used, lines.whole);
}

static void a_line_of_the_full_length_passes_and_a_longer_one_is_noticed(void **state)
{
	size_t count;

	(void)state;
	memset(auth_lines_end(&lines), 'a', AUTH_LINES_BYTES - 1);
	auth_lines_filled(&lines, AUTH_LINES_BYTES - 1);
	assert_int_equal(auth_lines_too_long(&lines), 0);
	count = put("\n", 1);
	auth_lines_filled(&lines, count);
	assert_int_equal(lines.whole, AUTH_LINES_BYTES);
	assert_int_equal(auth_lines_too_long(&lines), 0);
	assert_int_equal(auth_lines_room(&lines), 0);

	reset(NULL);
	memset(auth_lines_end(&lines), 'a', AUTH_LINES_BYTES);
	assert_int_equal(auth_lines_filled_with_answers(&lines, AUTH_LINES_BYTES), 0);
	assert_int_equal(auth_lines_too_long(&lines), 1);
}

static void what_has_gone_out_is_wiped(void **state)
{
	static const char talk[] = "CONT\t1\tc2VjcmV0\nCONT\t2\tsecr";

	(void)state;
	auth_lines_filled(&lines, put(talk, strlen(talk)));
	auth_lines_sent(&lines, 5);
	assert_whole("1\tc2VjcmV0\n");
	auth_lines_sent(&lines, lines.whole);
	assert_int_equal(lines.whole, 0);
	assert_int_equal(lines.used, strlen("CONT\t2\tsecr"));
	for (size_t i = lines.used; i < sizeof(lines.bytes); i++)
		assert_int_equal(lines.bytes[i], 0);
	auth_lines_wipe(&lines);
	for (size_t i = 0; i < sizeof(lines.bytes); i++)
		assert_int_equal(lines.bytes[i], 0);
}

static void a_failure_that_is_dropped_is_wiped(void **state)
{
	(void)state;
	assert_int_equal(answer("OK\t1\tuser=a\nFAIL\t2\tuser=b\ttemp\nOK\t3\tuser=c\n"), 1);
	for (size_t i = lines.used; i < sizeof(lines.bytes); i++)
		assert_int_equal(lines.bytes[i], 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, reset, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_whole_lines_go_out),
		TEST(lines_arrive_in_single_bytes),
		TEST(temporary_failures_are_known),
		TEST(all_other_answers_are_handed_on),
		TEST(what_came_before_a_temporary_failure_goes_out),
		TEST(a_line_of_the_full_length_passes_and_a_longer_one_is_noticed),
		TEST(what_has_gone_out_is_wiped),
		TEST(a_failure_that_is_dropped_is_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
