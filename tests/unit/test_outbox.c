/* test_outbox.c - what is still to be sent to members. */
#include "tests/unit/fixture.h"

#include <time.h>

#include "policy/outbox/notice.h"
#include "policy/session/prune.h"

#define T INT64_C(1700000000)
#define DAY INT64_C(86400)
#define USER "user@example.test"
#define OTHER "other@example.test"
#define MOST 8

static const struct pl_notice_origin origin = { .language = "ko",
						.ip = "192.0.2.1",
						.device = "Windows 10, Chrome" };

static void add_at(struct fixture *fixture, int64_t at, const char *address, const char *what,
		   const struct pl_notice_origin *from)
{
	const int64_t member_id = account_of(fixture, address).member.id;
	struct pl_work work = *work_at(fixture, at);

	work.outbox = fixture->keys;
	assert_ok(fixture, pl_notice_add(&work, member_id, what, from));
}

/* What is due is the sender's, as it claims it. How many. */
static int claim(struct fixture *fixture, int64_t now, enum pl_outbox_order order,
		 struct pl_message messages_r[MOST])
{
	const struct pl_work *work = work_at(fixture, now);
	int due = pl_outbox_due(work, order, messages_r, MOST);

	assert_ok(fixture, due);
	for (int i = 0; i < due; i++)
		assert_int_equal(pl_outbox_claim(work, &messages_r[i]), 1);
	return due;
}

static void are_claimed_once_in_their_order(void **state)
{
	struct fixture *fixture = *state;
	struct pl_message messages[MOST];

	add_member(fixture, USER, "");
	add_member(fixture, OTHER, "");
	add_at(fixture, T, OTHER, "factor-reset", NULL);
	add_at(fixture, T + 1, USER, "factor-removed", NULL);
	reopen(fixture, PL_ROLE_SENDER);
	assert_int_equal(claim(fixture, T + 2, PL_OUTBOX_OLDEST, messages), 2);
	assert_string_equal(messages[0].address.local, "other");
	assert_string_equal(messages[0].address.domain, "example.test");
	assert_string_equal(messages[0].kind, "notice");
	assert_string_equal(messages[0].what, "factor-reset");
	assert_int_equal(messages[0].at, T);
	assert_int_equal(messages[0].tries, 1);
	assert_string_equal(messages[1].address.local, "user");
	assert_int_equal(claim(fixture, T + 3, PL_OUTBOX_OLDEST, messages), 0);
	assert_int_equal(claim(fixture, T + 3, PL_OUTBOX_NEW, messages), 0);
}

static void what_two_have_seen_one_of_them_claims(void **state)
{
	struct fixture *fixture = *state;
	struct pl_message one, two;

	add_member(fixture, USER, "");
	add_at(fixture, T, USER, "factor-reset", NULL);
	reopen(fixture, PL_ROLE_SENDER);
	assert_int_equal(pl_outbox_due(work_at(fixture, T), PL_OUTBOX_NEW, &one, 1), 1);
	assert_int_equal(pl_outbox_due(work_at(fixture, T), PL_OUTBOX_OLDEST, &two, 1), 1);
	assert_int_equal(pl_outbox_claim(work_at(fixture, T), &one), 1);
	assert_int_equal(pl_outbox_claim(work_at(fixture, T), &two), 0);
	/* However long the second has thought about it. */
	assert_int_equal(pl_outbox_claim(work_at(fixture, T + DAY), &two), 0);
}

static void new_ones_come_before_those_that_were_tried(void **state)
{
	struct fixture *fixture = *state;
	struct pl_message messages[MOST];

	add_member(fixture, USER, "");
	for (int i = 0; i < 20; i++)
		add_at(fixture, T, USER, "factor-reset", NULL);
	sql_run(fixture->db, "UPDATE outbox SET tries = 3");
	add_at(fixture, T + DAY, USER, "first", NULL);
	add_at(fixture, T + DAY, USER, "second", NULL);
	reopen(fixture, PL_ROLE_SENDER);
	assert_int_equal(pl_outbox_due(work_at(fixture, T + DAY), PL_OUTBOX_OLDEST, messages, MOST),
			 MOST);
	assert_int_equal(messages[MOST - 1].tries, 3);
	assert_int_equal(claim(fixture, T + DAY, PL_OUTBOX_NEW, messages), 2);
	assert_string_equal(messages[0].what, "second");
	assert_string_equal(messages[1].what, "first");
}

static void say_where_the_change_came_from(void **state)
{
	struct fixture *fixture = *state;
	struct pl_notice_origin read;
	struct pl_message messages[MOST];

	add_member(fixture, USER, "");
	add_at(fixture, T, USER, "recovery-used", &origin);
	reopen(fixture, PL_ROLE_SENDER);
	assert_int_equal(claim(fixture, T, PL_OUTBOX_NEW, messages), 1);
	assert_ok(fixture, pl_notice_open(&messages[0], fixture->keys, &read, &fixture->err));
	assert_memory_equal(&read, &origin, sizeof(read));
	assert_false(database_holds(fixture, "Windows 10"));
	assert_refused(fixture, pl_notice_open(&messages[0], NULL, &read, &fixture->err),
		       PL_ERR_CONFIG, "outbox key");
}

static void a_program_without_the_key_writes_them_too(void **state)
{
	struct fixture *fixture = *state;
	struct pl_notice_origin read;
	struct pl_message messages[MOST];
	int64_t member_id;

	add_member(fixture, USER, "");
	member_id = account_of(fixture, USER).member.id;
	assert_ok(fixture, pl_notice_add(work_at(fixture, T), member_id, "recovery-used", &origin));
	reopen(fixture, PL_ROLE_SENDER);
	assert_int_equal(claim(fixture, T, PL_OUTBOX_NEW, messages), 1);
	assert_ok(fixture, pl_notice_open(&messages[0], NULL, &read, &fixture->err));
	assert_memory_equal(&read, &origin, sizeof(read));
}

static void a_payload_opens_in_its_own_row_alone(void **state)
{
	struct fixture *fixture = *state;
	struct pl_notice_origin read;
	struct pl_message messages[MOST];

	add_member(fixture, USER, "");
	add_at(fixture, T, USER, "recovery-used", &origin);
	reopen(fixture, PL_ROLE_SENDER);
	assert_int_equal(claim(fixture, T, PL_OUTBOX_NEW, messages), 1);
	for (int i = 1; i < 4; i++)
		messages[i] = messages[0];
	messages[1].member_id++;
	snprintf(messages[2].what, sizeof(messages[2].what), "factor-reset");
	messages[3].sealed.data[messages[3].sealed.len - 1] ^= 1;
	for (int i = 1; i < 4; i++)
		assert_refused(fixture,
			       pl_notice_open(&messages[i], fixture->keys, &read, &fixture->err),
			       PL_ERR_CONFIG, "was changed");
}

static void a_fact_is_one_line_and_unknown_facts_are_passed_over(void **state)
{
	static const struct {
		const char *payload;
		struct pl_notice_origin origin;
	} rows[] = {
		{ "", { .language = "" } },
		{ "ip=192.0.2.1", { .ip = "192.0.2.1" } },
		{ "later=x\nip=192.0.2.1\nlanguage=en\n", { .language = "en", .ip = "192.0.2.1" } },
		{ "\n\n=\n==\nip\nip=\ndevice=a=b\n", { .device = "a=b" } },
		{ "language=longer-than-it-may-be\n", { .language = "longer-" } },
		{ "ipx=1\ni=2\n", { .language = "" } },
	};
	struct fixture *fixture = *state;
	const struct pl_notice_origin odd = { .language = "en\nip=",
					      .device = "a\tb\x7f\r\nlanguage=ko" };
	struct pl_message messages[MOST];
	struct pl_notice_origin read;

	for (size_t i = 0; i < COUNT(rows); i++) {
		pl_notice_parse(rows[i].payload, &read);
		assert_memory_equal(&read, &rows[i].origin, sizeof(read));
	}
	add_member(fixture, USER, "");
	add_at(fixture, T, USER, "recovery-used", &odd);
	reopen(fixture, PL_ROLE_SENDER);
	assert_int_equal(claim(fixture, T, PL_OUTBOX_NEW, messages), 1);
	assert_ok(fixture, pl_notice_open(&messages[0], fixture->keys, &read, &fixture->err));
	assert_string_equal(read.language, "en ip=");
	assert_string_equal(read.ip, "");
	assert_string_equal(read.device, "a b   language=ko");
}

/* Of all facts the longest. */
static void fill(char *text, size_t size)
{
	memset(text, 'x', size - 1);
}

static void assert_comes_through(struct fixture *fixture, const struct pl_notice_origin *told)
{
	struct pl_message messages[MOST];
	struct pl_notice_origin read;

	reopen(fixture, PL_ROLE_COMMAND);
	add_at(fixture, T, USER, "recovery-used", told);
	reopen(fixture, PL_ROLE_SENDER);
	assert_int_equal(claim(fixture, T, PL_OUTBOX_NEW, messages), 1);
	assert_ok(fixture, pl_notice_open(&messages[0], fixture->keys, &read, &fixture->err));
	assert_memory_equal(&read, told, sizeof(read));
}

/* A notice says what ends, or why an administrator did something. */
static void the_longest_facts_fit(void **state)
{
	struct fixture *fixture = *state;
	struct pl_notice_origin longest = { 0 };

	add_member(fixture, USER, "");
	fill(longest.language, sizeof(longest.language));
	fill(longest.ip, sizeof(longest.ip));
	fill(longest.device, sizeof(longest.device));
	fill(longest.reason, sizeof(longest.reason));
	assert_comes_through(fixture, &longest);
	fill(longest.day, sizeof(longest.day));
	fill(longest.uses, sizeof(longest.uses));
	reopen(fixture, PL_ROLE_COMMAND);
	assert_refused(fixture,
		       pl_notice_add(work_at(fixture, T), account_of(fixture, USER).member.id,
				     "recovery-used", &longest),
		       PL_ERR_INTERNAL, "too much");
	memset(longest.reason, 0, sizeof(longest.reason));
	assert_comes_through(fixture, &longest);
}

static void belong_to_who_claims_them_for_a_while(void **state)
{
	struct fixture *fixture = *state;
	struct pl_message first[MOST], second[MOST];
	const int64_t later = T + PL_OUTBOX_HOLD;

	add_member(fixture, USER, "");
	add_at(fixture, T, USER, "factor-reset", NULL);
	reopen(fixture, PL_ROLE_SENDER);
	assert_int_equal(claim(fixture, T, PL_OUTBOX_NEW, first), 1);
	assert_int_equal(claim(fixture, later - 1, PL_OUTBOX_OLDEST, second), 0);
	assert_int_equal(claim(fixture, later, PL_OUTBOX_OLDEST, second), 1);
	assert_int_equal(second[0].tries, 2);
	/* Who has lost it does not put it off for the other. */
	assert_ok(fixture, pl_outbox_put_off(work_at(fixture, later), &first[0]));
	assert_int_equal(sql_int(fixture->db, "SELECT due_at FROM outbox"), later + PL_OUTBOX_HOLD);
	assert_int_equal(pl_outbox_remove(work_at(fixture, later), &second[0]), 1);
	assert_int_equal(pl_outbox_remove(work_at(fixture, later), &first[0]), 0);
	assert_int_equal(claim(fixture, later + DAY, PL_OUTBOX_OLDEST, second), 0);
}

static void that_cannot_be_sent_are_tried_more_and_more_rarely(void **state)
{
	static const int64_t delays[] = { 60, 120, 240, 480, 960, 1920, 3600, 3600 };
	struct fixture *fixture = *state;
	struct pl_message messages[MOST];
	int64_t at = T;

	add_member(fixture, USER, "");
	add_at(fixture, T, USER, "factor-reset", NULL);
	reopen(fixture, PL_ROLE_SENDER);
	assert_int_equal(claim(fixture, at, PL_OUTBOX_OLDEST, messages), 1);
	for (size_t i = 0; i < COUNT(delays); i++) {
		assert_ok(fixture, pl_outbox_put_off(work_at(fixture, at), &messages[0]));
		assert_int_equal(claim(fixture, at + delays[i] - 1, PL_OUTBOX_OLDEST, messages), 0);
		at += delays[i];
		assert_int_equal(claim(fixture, at, PL_OUTBOX_OLDEST, messages), 1);
	}
}

static void go_with_their_member(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_address other = address_of(OTHER);
	struct pl_message messages[MOST];

	add_member(fixture, USER, "");
	add_member(fixture, OTHER, "");
	add_at(fixture, T, OTHER, "factor-reset", NULL);
	add_at(fixture, T, USER, "factor-reset", NULL);
	assert_int_equal(pl_member_remove(work_of(fixture), &other), 1);
	reopen(fixture, PL_ROLE_SENDER);
	assert_int_equal(claim(fixture, T, PL_OUTBOX_OLDEST, messages), 1);
	assert_string_equal(messages[0].address.local, "user");
}

static void expire_and_are_swept_where_no_sender_does_it(void **state)
{
	struct fixture *fixture = *state;
	struct pl_message messages[MOST];
	const int64_t end = T + PL_NOTICE_LIFE;

	add_member(fixture, USER, "");
	add_at(fixture, T, USER, "factor-reset", NULL);
	reopen(fixture, PL_ROLE_SENDER);
	assert_int_equal(pl_outbox_expired(work_at(fixture, end - 1), messages, MOST), 0);
	assert_int_equal(pl_outbox_due(work_at(fixture, end - 1), PL_OUTBOX_OLDEST, messages, MOST),
			 1);
	assert_int_equal(pl_outbox_due(work_at(fixture, end), PL_OUTBOX_OLDEST, messages, MOST), 0);
	assert_int_equal(pl_outbox_due(work_at(fixture, end), PL_OUTBOX_NEW, messages, MOST), 0);
	assert_int_equal(pl_outbox_expired(work_at(fixture, end), messages, MOST), 1);
	assert_string_equal(messages[0].address.local, "user");
	reopen(fixture, PL_ROLE_PORTAL);
	assert_ok(fixture,
		  pl_prune(work_at(fixture, end + DAY - 1), fixture->policy, 0, NULL, NULL));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM outbox"), 1);
	assert_ok(fixture, pl_prune(work_at(fixture, end + DAY), fixture->policy, 0, NULL, NULL));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM outbox"), 0);
}

static void the_state_tells_who_waits_for_a_sender_and_who_for_sendmail(void **state)
{
	struct fixture *fixture = *state;
	struct pl_outbox_state outbox;

	add_member(fixture, USER, "");
	assert_ok(fixture, pl_outbox_read_state(work_at(fixture, T), &outbox));
	assert_int_equal(outbox.due_since, 0);
	assert_int_equal(outbox.refused, 0);
	add_at(fixture, T, USER, "factor-reset", NULL);
	add_at(fixture, T + 5, USER, "factor-reset", NULL);
	assert_ok(fixture, pl_outbox_read_state(work_at(fixture, T + 100), &outbox));
	assert_int_equal(outbox.due_since, T);
	sql_run(fixture->db, "UPDATE outbox SET tries = 3, due_at = due_at + 1000 WHERE made_at = "
			     "1700000000");
	assert_ok(fixture, pl_outbox_read_state(work_at(fixture, T + 100), &outbox));
	assert_int_equal(outbox.due_since, T + 5);
	assert_int_equal(outbox.refused, 1);
	/* What has expired waits no longer. */
	assert_ok(fixture, pl_outbox_read_state(work_at(fixture, T + PL_NOTICE_LIFE + 5), &outbox));
	assert_int_equal(outbox.due_since, 0);
}

static void other_programs_cannot_claim(void **state)
{
	static const enum pl_role roles[] = { PL_ROLE_PORTAL, PL_ROLE_COMMAND, PL_ROLE_USE,
					      PL_ROLE_LOGIN, PL_ROLE_MILTER };
	struct fixture *fixture = *state;
	struct pl_message message;

	add_member(fixture, USER, "");
	add_at(fixture, T, USER, "factor-reset", NULL);
	for (size_t i = 0; i < COUNT(roles); i++) {
		reopen(fixture, roles[i]);
		assert_refused(fixture,
			       pl_outbox_due(work_at(fixture, T), PL_OUTBOX_OLDEST, &message, 1),
			       PL_ERR_INTERNAL, "OUTBOX_DUE");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(are_claimed_once_in_their_order),
		TEST_WITH_DATABASE(what_two_have_seen_one_of_them_claims),
		TEST_WITH_DATABASE(new_ones_come_before_those_that_were_tried),
		TEST_WITH_DATABASE(say_where_the_change_came_from),
		TEST_WITH_DATABASE(a_program_without_the_key_writes_them_too),
		TEST_WITH_DATABASE(a_payload_opens_in_its_own_row_alone),
		TEST_WITH_DATABASE(a_fact_is_one_line_and_unknown_facts_are_passed_over),
		TEST_WITH_DATABASE(the_longest_facts_fit),
		TEST_WITH_DATABASE(belong_to_who_claims_them_for_a_while),
		TEST_WITH_DATABASE(that_cannot_be_sent_are_tried_more_and_more_rarely),
		TEST_WITH_DATABASE(go_with_their_member),
		TEST_WITH_DATABASE(expire_and_are_swept_where_no_sender_does_it),
		TEST_WITH_DATABASE(the_state_tells_who_waits_for_a_sender_and_who_for_sendmail),
		TEST_WITH_DATABASE(other_programs_cannot_claim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
