/* test_notice.c - what members are still to be told by mail. */
#include "tests/unit/fixture.h"

#include <time.h>

#include "policy/account/notice.h"
#include "policy/session/prune.h"

#define USER "user@example.test"
#define OTHER "other@example.test"
#define A_WHILE 600 /* seconds that a test may take */

static void add(struct fixture *fixture, const char *address, const char *what)
{
	assert_ok(fixture, pl_notice_add(work_of(fixture), account_of(fixture, address).member.id,
					 what, NULL));
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

static void say_where_the_change_came_from(void **state)
{
	const struct pl_notice_origin origin = { "ko", "192.0.2.1", "Windows 10, Chrome" };
	struct fixture *fixture = *state;
	struct pl_notice notice;

	add_member(fixture, USER, "");
	assert_ok(fixture, pl_notice_add(work_of(fixture), account_of(fixture, USER).member.id,
					 "recovery-used", &origin));
	reopen(fixture, PL_ROLE_PORTAL);
	assert_int_equal(pl_notice_take(work_of(fixture), &notice), 1);
	assert_string_equal(notice.origin.language, "ko");
	assert_string_equal(notice.origin.ip, "192.0.2.1");
	assert_string_equal(notice.origin.device, "Windows 10, Chrome");
}

/* Takes the only one and puts it off. Whether it was due. */
static int try_at(struct fixture *fixture, int64_t now)
{
	const struct pl_work *work = work_at(fixture, now);
	struct pl_notice notice;
	int taken = pl_notice_take(work, &notice);

	if (taken == 1)
		assert_ok(fixture, pl_notice_put_off(work, notice.id, notice.tries));
	return taken;
}

static void belong_to_who_takes_them_for_a_while(void **state)
{
	struct fixture *fixture = *state;
	struct pl_work later;
	struct pl_notice notice;

	add_member(fixture, USER, "");
	add(fixture, USER, "factor-reset");
	reopen(fixture, PL_ROLE_PORTAL);
	later = *work_of(fixture);
	assert_int_equal(pl_notice_take(&later, &notice), 1);
	assert_int_equal(notice.tries, 1);
	later.now += PL_NOTICE_HOLD - A_WHILE / 2;
	assert_int_equal(pl_notice_take(&later, &notice), 0);
	later.now += A_WHILE;
	assert_int_equal(pl_notice_take(&later, &notice), 1);
	assert_int_equal(notice.tries, 2);
	assert_ok(fixture, pl_notice_sent(&later, notice.id));
	later.now += PL_NOTICE_LIFE;
	assert_int_equal(pl_notice_take(&later, &notice), 0);
}

static void that_cannot_be_sent_are_tried_more_and_more_rarely(void **state)
{
	static const int64_t delays[] = { 60, 120, 240, 480, 960, 1920, 3600, 3600 };
	struct fixture *fixture = *state;
	int64_t at = time(NULL) + A_WHILE;

	add_member(fixture, USER, "");
	add(fixture, USER, "factor-reset");
	reopen(fixture, PL_ROLE_PORTAL);
	assert_int_equal(try_at(fixture, at), 1);
	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
		assert_int_equal(try_at(fixture, at + delays[i] - 1), 0);
		at += delays[i];
		assert_int_equal(try_at(fixture, at), 1);
	}
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
		TEST_WITH_DATABASE(say_where_the_change_came_from),
		TEST_WITH_DATABASE(belong_to_who_takes_them_for_a_while),
		TEST_WITH_DATABASE(that_cannot_be_sent_are_tried_more_and_more_rarely),
		TEST_WITH_DATABASE(go_with_their_member_and_with_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
