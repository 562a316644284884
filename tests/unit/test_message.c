/* test_message.c - what the header of a message tells the milter. */
#include "tests/unit/test.h"

#include "milter/message.h"

static struct message message; /* too large for the stack of a test */

static int reset(void **state)
{
	(void)state;
	message_reset(&message);
	return 0;
}

static void assert_field(size_t index, enum trace_kind kind, int nth, const char *address)
{
	char text[PL_ADDRESS_MAX + 1];

	assert_true(index < message.field_count);
	assert_int_equal(message.fields[index].kind, kind);
	assert_int_equal(message.fields[index].nth, nth);
	assert_string_equal(pl_address_format(&message.fields[index].address, text), address);
}

static void two_fields_name_the_member(void **state)
{
	(void)state;
	message_header(&message, "From", "somebody@example.test");
	message_header(&message, "X-Sieve-Redirected-From", "one@example.test");
	message_header(&message, "Delivered-To", "two@example.test");
	message_header(&message, "X-Delivered-To", "three@example.test");
	message_header(&message, "Delivered-To2", "four@example.test");
	assert_int_equal(message.field_count, 2);
	assert_field(0, TRACE_SIEVE, 0, "one@example.test");
	assert_field(1, TRACE_DELIVERED, 1, "two@example.test");
}

static void names_and_addresses_know_no_case(void **state)
{
	(void)state;
	message_header(&message, "x-sieve-redirected-from", "User@Example.TEST");
	message_header(&message, "DELIVERED-TO", "<User@Example.TEST>");
	assert_int_equal(message.field_count, 2);
	assert_field(0, TRACE_SIEVE, 0, "user@example.test");
	assert_field(1, TRACE_DELIVERED, 1, "user@example.test");
}

/* libmilter hands folded lines over as they are (RFC 5322 2.2.3). */
static void addresses_are_found_in_their_dress(void **state)
{
	static const char *const values[] = {
		"user@example.test",       " user@example.test",      "<user@example.test>",
		" < user@example.test > ", "\r\n\tuser@example.test", "\n <user@example.test>\r\n",
		"user@example.test\r\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		message_reset(&message);
		message_header(&message, "Delivered-To", values[i]);
		assert_int_equal(message.field_count, 1);
		assert_field(0, TRACE_DELIVERED, 1, "user@example.test");
	}
}

static void what_is_no_address_names_nobody(void **state)
{
	static const char *const values[] = {
		"",
		" ",
		"<>",
		"user",
		"@example.test",
		"user@",
		"us\xc3\xa9r@example.test",
		"\xff\xfe",
		"user@ex\r\n ample.test",
		"a@b.test, c@d.test",
		"Name <a@b.test>",
		"a@b.test (comment)",
		"<a@b.test> <c@d.test>",
		"\"a\"@b.test",
		"a@b@c.test",
		"\x01",
		"<<<<",
		">>>>",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		message_header(&message, "X-Sieve-Redirected-From", values[i]);
		message_header(&message, "Delivered-To", values[i]);
		message_header(&message, "X-Postlatch-Returned", values[i]);
	}
	assert_int_equal(message.field_count, 0);
	assert_int_equal(message.kept_count, 0);
}

/* The number is that of the field in the header, for its removal: fields that
 * name nobody count too. */
static void delivered_fields_are_numbered_as_they_stand(void **state)
{
	(void)state;
	message_header(&message, "Delivered-To", "first@example.test");
	message_header(&message, "Delivered-To", "no address");
	message_header(&message, "Subject", "x");
	message_header(&message, "Delivered-To", "third@example.test");
	assert_int_equal(message.field_count, 2);
	assert_field(0, TRACE_DELIVERED, 1, "first@example.test");
	assert_field(1, TRACE_DELIVERED, 3, "third@example.test");
}

/* The mail server puts its own field on top, so the first ones are what counts. */
static void floods_are_bounded_and_keep_the_first(void **state)
{
	char address[64];

	(void)state;
	for (int i = 1; i <= 100000; i++) {
		snprintf(address, sizeof(address), "user%d@example.test", i);
		message_header(&message, "Delivered-To", address);
		message_header(&message, "X-Postlatch-Returned", address);
	}
	assert_int_equal(message.field_count, MESSAGE_FIELDS_MAX);
	assert_int_equal(message.kept_count, MESSAGE_FIELDS_MAX);
	for (int i = 1; i <= MESSAGE_FIELDS_MAX; i++) {
		snprintf(address, sizeof(address), "user%d@example.test", i);
		assert_field((size_t)i - 1, TRACE_DELIVERED, i, address);
	}
}

static void long_values_are_bounded(void **state)
{
	static char value[100000];

	(void)state;
	memset(value, 'a', sizeof(value) - 1);
	message_header(&message, "Delivered-To", value);
	memcpy(value, "user@example.test", 17);
	message_header(&message, "Delivered-To", value);
	memset(value, ' ', sizeof(value) - 1);
	memcpy(value + sizeof(value) - 18, "user@example.test", 17);
	message_header(&message, "Delivered-To", value);
	assert_int_equal(message.field_count, 1);
	assert_field(0, TRACE_DELIVERED, 3, "user@example.test");
}

static void returned_members_are_known_again(void **state)
{
	const struct pl_address back = { "user", "example.test" }, other = { "user", "other.test" };

	(void)state;
	assert_int_equal(message_was_kept_for(&message, &back), 0);
	message_header(&message, "x-postlatch-returned", "User@example.test");
	assert_int_equal(message_was_kept_for(&message, &back), 1);
	assert_int_equal(message_was_kept_for(&message, &other), 0);
	assert_int_equal(message.field_count, 0);
}

static void recipients_are_kept_as_given(void **state)
{
	char given[64] = "<User@Example.TEST>";

	(void)state;
	message_recipient(&message, given);
	memset(given, 'x', sizeof(given) - 1);
	assert_int_equal(message.recipient_count, 1);
	assert_string_equal(message.recipients[0], "<User@Example.TEST>");
	assert_int_equal(message.too_many, 0);
}

static void too_many_recipients_are_noticed(void **state)
{
	(void)state;
	for (int i = 0; i < MESSAGE_RECIPIENTS_MAX; i++)
		message_recipient(&message, "<user@example.test>");
	assert_int_equal(message.too_many, 0);
	message_recipient(&message, "<user@example.test>");
	assert_int_equal(message.too_many, 1);
	assert_int_equal(message.recipient_count, MESSAGE_RECIPIENTS_MAX);
}

static void next_message_starts_clean(void **state)
{
	const struct pl_address back = { "user", "example.test" };

	(void)state;
	message_header(&message, "Delivered-To", "user@example.test");
	message_header(&message, "X-Postlatch-Returned", "user@example.test");
	message_recipient(&message, "<user@example.test>");
	message_reset(&message);
	assert_int_equal(message.field_count, 0);
	assert_int_equal(message.recipient_count, 0);
	assert_int_equal(message_was_kept_for(&message, &back), 0);
	message_header(&message, "Delivered-To", "user@example.test");
	assert_field(0, TRACE_DELIVERED, 1, "user@example.test");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, reset, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(two_fields_name_the_member),
		TEST(names_and_addresses_know_no_case),
		TEST(addresses_are_found_in_their_dress),
		TEST(what_is_no_address_names_nobody),
		TEST(delivered_fields_are_numbered_as_they_stand),
		TEST(floods_are_bounded_and_keep_the_first),
		TEST(long_values_are_bounded),
		TEST(returned_members_are_known_again),
		TEST(recipients_are_kept_as_given),
		TEST(too_many_recipients_are_noticed),
		TEST(next_message_starts_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
