/* test_notice.c - what members are still to be told by mail. */
#include "tests/unit/fixture.h"

#include "policy/account/notice.h"
#include "policy/session/prune.h"

#define USER "user@example.test"
#define OTHER "other@example.test"
#define A_WHILE 600 /* seconds that a test may take */

static void add(struct fixture *fixture, const char *address, const char *what)
{
	assert_ok(fixture,
		  pl_notice_add(work_of(fixture), account_of(fixture, address).member.id, what));
}

static void are_taken_once_in_their_order(void **state)
{
	struct fixture *fixture = *state;
	struct pl_notice notice;

	add_member(fixture, USER, "");
	add_member(fixture, OTHER, "");
	add(fixture, OTHER, "factor-reset");
	add(fixture, USER, "factor-reset");
	reopen(fixture, PL_ROLE_PORTAL);
	assert_int_equal(pl_notice_take(work_of(fixture), &notice), 1);
	assert_string_equal(notice.address.local, "other");
	assert_string_equal(notice.address.domain, "example.test");
	assert_string_equal(notice.what, "factor-reset");
	assert_in_range(notice.at, work_of(fixture)->now - A_WHILE, work_of(fixture)->now);
	assert_int_equal(pl_notice_take(work_of(fixture), &notice), 1);
	assert_string_equal(notice.address.local, "user");
	assert_int_equal(pl_notice_take(work_of(fixture), &notice), 0);
}

static void go_with_their_member_and_with_time(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_address other = address_of(OTHER);
	struct pl_work later;
	struct pl_notice notice;

	add_member(fixture, USER, "");
	add_member(fixture, OTHER, "");
	add(fixture, OTHER, "factor-reset");
	add(fixture, USER, "factor-reset");
	assert_int_equal(pl_member_remove(work_of(fixture), &other), 1);
	reopen(fixture, PL_ROLE_PORTAL);
	later = *work_of(fixture);
	later.now += PL_NOTICE_LIFE - A_WHILE;
	assert_ok(fixture, pl_prune(&later, fixture->policy, 0, NULL, NULL));
	assert_int_equal(pl_notice_take(work_of(fixture), &notice), 1);
	assert_string_equal(notice.address.local, "user");
	reopen(fixture, PL_ROLE_COMMAND);
	add(fixture, USER, "factor-reset");
	later = *work_of(fixture);
	later.now += PL_NOTICE_LIFE + A_WHILE;
	assert_ok(fixture, pl_prune(&later, fixture->policy, 0, NULL, NULL));
	reopen(fixture, PL_ROLE_PORTAL);
	assert_int_equal(pl_notice_take(work_of(fixture), &notice), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(are_taken_once_in_their_order),
		TEST_WITH_DATABASE(go_with_their_member_and_with_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
