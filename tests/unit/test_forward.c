/* test_forward.c - members' forwards: what may be set, and what Postfix is answered. */
#include "tests/unit/fixture.h"

#include "policy/forward/course.h"
#include "policy/forward/forward.h"
#include "policy/forward/look_up.h"

/* ---- the answer, from a table ---- */

struct row {
	const char *owner;
	int keep_copy;
	const char *targets[4];
};

/* Forwards that lead somewhere, back, in a circle, and to a chain that is too long. */
static const struct row rows[] = {
	{ "one@a.test", 0, { "X@out.test" } },
	{ "copy@a.test", 1, { "x@out.test", "y@out.test" } },
	{ "ping@a.test", 0, { "pong@a.test" } },
	{ "pong@a.test", 0, { "ping@a.test", "x@out.test" } },
	{ "keeps@a.test", 1, { "ping2@a.test" } },
	{ "ping2@a.test", 0, { "keeps@a.test" } },
	{ "into@a.test", 0, { "ping@a.test" } },
	{ "tail@a.test", 0, { "one@a.test" } },
	{ "tagged@a.test", 0, { "one+list@a.test" } },
	{ "back@a.test", 0, { "via@a.test" } },
	{ "via@a.test", 0, { "back+x@a.test" } },
	{ "c0@a.test", 0, { "c1@a.test" } },
	{ "c1@a.test", 0, { "c2@a.test" } },
	{ "c2@a.test", 0, { "c3@a.test" } },
	{ "c3@a.test", 0, { "c4@a.test" } },
	{ "c4@a.test", 0, { "c5@a.test" } },
	{ "c5@a.test", 0, { "c6@a.test" } },
	{ "c6@a.test", 0, { "c7@a.test" } },
	{ "c7@a.test", 0, { "c8@a.test" } },
	{ "c8@a.test", 0, { "c9@a.test" } },
	{ "c9@a.test", 0, { "c10@a.test" } },
	{ "c10@a.test", 0, { "x@out.test" } },
	/* Three times four times four times four and more addresses. */
	{ "w0@a.test", 0, { "w1@a.test", "w1+1@a.test", "w1+2@a.test", "w1+3@a.test" } },
	{ "w1@a.test", 0, { "w2@a.test", "w2+1@a.test", "w2+2@a.test", "w2+3@a.test" } },
	{ "w2@a.test", 0, { "w3@a.test", "w3+1@a.test", "w3+2@a.test", "w3+3@a.test" } },
	{ "w3@a.test", 0, { "x1@out.test", "x2@out.test", "x3@out.test", "x4@out.test" } },
};

static int find_row(void *context, const struct pl_address *address, struct pl_forward_step *step_r,
		    struct pl_error *err)
{
	char text[PL_ADDRESS_MAX + 1];

	if (context != NULL)
		return pl_error_set(err, PL_ERR_RETRY, "away");
	pl_address_format(address, text);
	/* alias.test stands for a.test. */
	if (strcmp(address->domain, "alias.test") == 0)
		snprintf(text, sizeof(text), "%s@a.test", address->local);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].owner, text) != 0)
			continue;
		memset(step_r, 0, sizeof(*step_r));
		step_r->owner = address_of(rows[i].owner);
		step_r->keep_copy = rows[i].keep_copy;
		while (step_r->count < 4 && rows[i].targets[step_r->count] != NULL) {
			const size_t at = step_r->count++;

			assert_int_equal(pl_target_parse(rows[i].targets[at], &step_r->target[at],
							 err),
					 0);
		}
		return 1;
	}
	return 0;
}

static void answers(void **state)
{
	static const struct {
		const char *name, *delimiters;
		int is_repeated;
		const char *answer; /* NULL: none */
	} tests[] = {
		{ "one@a.test", "+", 0, "X@out.test" },
		{ "One@A.Test", "+", 0, "X@out.test" },
		{ "x@out.test", "+", 0, NULL },
		{ "nobody@a.test", "+", 0, NULL },
		/* Not addresses of members, whatever they are. */
		{ "a.test", "+", 0, NULL },
		{ "@a.test", "+", 0, NULL },
		{ "one", "+", 0, NULL },
		{ "\"one\"@a.test", "+", 0, NULL },
		{ "", "+", 0, NULL },
		{ "one@a.test@b.test", "+", 0, NULL },
		/* The extension stays with the copy, and no target gets it. */
		{ "copy@a.test", "+", 0, "copy@a.test,x@out.test,y@out.test" },
		{ "one+list@a.test", "+", 0, "X@out.test" },
		{ "copy+list@a.test", "+", 0, "copy+list@a.test,x@out.test,y@out.test" },
		{ "one-list@a.test", "-", 0, "X@out.test" },
		{ "one-list@a.test", "+-", 0, "X@out.test" },
		{ "one-list@a.test", "+", 0, NULL },
		{ "one+list@a.test", "", 0, NULL },
		{ "+one@a.test", "+", 0, NULL },
		/* What leads back keeps a copy, and so ends. */
		{ "ping@a.test", "+", 0, "ping@a.test,pong@a.test" },
		{ "pong@a.test", "+", 0, "pong@a.test,ping@a.test,x@out.test" },
		{ "back@a.test", "+", 0, "back@a.test,via@a.test" },
		{ "ping2@a.test", "+", 0, "ping2@a.test,keeps@a.test" },
		/* Who leads into a circle is not part of it. */
		{ "into@a.test", "+", 0, "ping@a.test" },
		{ "tail@a.test", "+", 0, "one@a.test" },
		{ "tagged@a.test", "+", 0, "one+list@a.test" },
		/* A circle of Postfix's own aliases. */
		{ "one@a.test", "+", 1, "one@a.test,X@out.test" },
		{ "one+x@a.test", "+", 1, "one+x@a.test,X@out.test" },
		/* Too many: the mail stays. */
		{ "c0@a.test", "+", 0, NULL },
		{ "c1@a.test", "+", 0, "c2@a.test" },
		{ "w0@a.test", "+", 0, NULL },
		{ "w1@a.test", "+", 0, "w2@a.test,w2+1@a.test,w2+2@a.test,w2+3@a.test" },
		/* Postfix asks for the account's own address then. */
		{ "one@alias.test", "+", 0, "one@a.test" },
		{ "one+list@alias.test", "+", 0, "one+list@a.test" },
	};
	char answer[PL_FORWARD_ANSWER];
	struct pl_error err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		const struct pl_forward_question question = { tests[i].name, tests[i].delimiters,
							      tests[i].is_repeated };
		const int ret = pl_forward_resolve(&question, find_row, NULL, answer, &err);

		if (ret != (tests[i].answer != NULL) ||
		    (ret == 1 && strcmp(answer, tests[i].answer) != 0))
			fail_msg("%s: %d %s", tests[i].name, ret, ret == 1 ? answer : "");
	}
}

static void what_cannot_be_read_is_no_answer(void **state)
{
	const struct pl_forward_question question = { "one@a.test", "+", 0 };
	char answer[PL_FORWARD_ANSWER];
	struct pl_error err = { 0 };

	(void)state;
	assert_int_equal(pl_forward_resolve(&question, find_row, &err, answer, &err), -1);
	assert_string_equal(err.msg, "away");
}

#define POSTFIX_LIMIT 1000

/* Follows answers as Postfix's cleanup does. */
struct expansion {
	char list[POSTFIX_LIMIT][PL_ADDRESS_MAX + 1], final[POSTFIX_LIMIT][PL_ADDRESS_MAX + 1];
	size_t count, finals;
};

/* Whether it has been found in its own answer. */
static int is_final(const struct expansion *expansion, const char *address)
{
	for (size_t i = 0; i < expansion->finals; i++) {
		if (strcmp(expansion->final[i], address) == 0)
			return 1;
	}
	return 0;
}

/* One answer: the first address of it stands where the question did. 0: there is none. */
static int expand_once(struct expansion *expansion, size_t at)
{
	char answer[PL_FORWARD_ANSWER], asked[PL_ADDRESS_MAX + 1], *rest = answer, *word;
	const struct pl_forward_question question = { expansion->list[at], "+", 0 };
	struct pl_error err;
	size_t put = 0;

	if (pl_forward_resolve(&question, find_row, NULL, answer, &err) != 1)
		return 0;
	memcpy(asked, expansion->list[at], sizeof(asked));
	while ((word = strsep(&rest, ",")) != NULL) {
		assert_true(expansion->count < POSTFIX_LIMIT);
		strcpy(expansion->list[put++ == 0 ? at : expansion->count++], word);
		if (strcmp(word, asked) == 0)
			strcpy(expansion->final[expansion->finals++], word);
	}
	return 1;
}

static void every_name_ends_at_a_mailbox(void **state)
{
	static struct expansion expansion;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t steps = 0;

		expansion.count = 1;
		expansion.finals = 0;
		strcpy(expansion.list[0], rows[i].owner);
		for (size_t at = 0; at < expansion.count; at++) {
			while (!is_final(&expansion, expansion.list[at]) &&
			       expand_once(&expansion, at))
				assert_true(++steps < POSTFIX_LIMIT);
		}
	}
}

static void targets(void **state)
{
	static const struct {
		const char *text, *target; /* NULL: refused */
	} tests[] = {
		{ "User@Example.TEST", "User@example.test" },
		{ "a.b+c@example.test.", "a.b+c@example.test" },
		{ "a@b\xC3\xBC"
		  "cher.test",
		  "a@xn--bcher-kva.test" },
		{ "\xED\x95\x9C\xEA\xB8\x80@example.test",
		  "\xED\x95\x9C\xEA\xB8\x80@example.test" },
		{ ".a@example.test", NULL },
		{ "a.@example.test", NULL },
		{ "a..b@example.test", NULL },
		{ "a,b@example.test", NULL },
		{ "a b@example.test", NULL },
		{ "\"a\"@example.test", NULL },
		{ "|/bin/sh@example.test", "|/bin/sh@example.test" },
		{ "a@example.test,b@example.test", NULL },
		{ "a", NULL },
		{ "a@", NULL },
		{ "@example.test", NULL },
		{ "a@[127.0.0.1]", NULL },
		{ "a\nb@example.test", NULL },
	};
	struct pl_target target;
	struct pl_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		const int ret = pl_target_parse(tests[i].text, &target, &err);

		if ((ret == 0) != (tests[i].target != NULL) ||
		    (ret == 0 && strcmp(target.text, tests[i].target) != 0))
			fail_msg("%s: %d %s", tests[i].text, ret, target.text);
	}
}

/* ---- circles that Postfix goes in ---- */

static int ask(struct pl_course *course, const char *name, int64_t now_ms, int has_forward)
{
	const int repeats = pl_course_ask(course, name, now_ms);

	if (has_forward)
		pl_course_forward(course, name);
	return repeats;
}

static void a_circle_is_noticed(void **state)
{
	struct pl_course course = { .names = 0 };
	int at = 0;

	(void)state;
	while (at < 500 && !ask(&course, "a@a.test", 1000, 1) &&
	       !ask(&course, "team@a.test", 1000, 0))
		at++;
	assert_int_equal(at, PL_COURSE_MANY);
	/* Another member of the circle is let out when it has come round as often. */
	assert_int_equal(ask(&course, "a@a.test", 1000, 1), 1);
}

static void messages_are_no_circle(void **state)
{
	struct pl_course course = { .names = 0 };

	(void)state;
	/* As many as one process of Postfix takes. */
	for (int i = 0; i < 100; i++) {
		assert_int_equal(ask(&course, "a@a.test", 1000, 1), 0);
		assert_int_equal(ask(&course, "x@out.test", 1000, 0), 0);
	}
	/* After a pause it is another message. */
	for (int i = 0; i < 1000; i++)
		assert_int_equal(ask(&course, "a@a.test", 2000 + 300 * i, 1), 0);
	/* So it is with many names. */
	for (int i = 0; i < 5000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%d@a.test", i % 40);
		assert_int_equal(ask(&course, name, 400000, 1), 0);
	}
}

/* ---- rows ---- */

static int set(struct fixture *fixture, const char *member, const char *words, int keep_copy)
{
	char text[4096], *rest = text, *word;
	const char *list[64];
	size_t count = 0;
	const struct pl_account account = account_of(fixture, member);

	snprintf(text, sizeof(text), "%s", words);
	while (rest != NULL && *rest != '\0' && (word = strsep(&rest, " ")) != NULL)
		list[count++] = word;
	return pl_forward_set(work_of(fixture), fixture->policy, &account, list, count, keep_copy);
}

static int resolve(struct fixture *fixture, const char *policy_text, const char *name,
		   char answer[PL_FORWARD_ANSWER])
{
	const struct pl_forward_question question = { name, "+", 0 };
	struct pl_policy *policy = policy_of(policy_text);
	int ret;

	reopen(fixture, PL_ROLE_MILTER);
	ret = pl_forward_look_up(fixture->store, policy, 1000, &question, answer, &fixture->err);
	reopen(fixture, PL_ROLE_COMMAND);
	pl_policy_unref(&policy);
	return ret;
}

static void make_members(struct fixture *fixture)
{
	add_domain(fixture, "a.test", "");
	add_member(fixture, "one@a.test", "forwarding=on");
	add_member(fixture, "two@a.test", "");
}

static void what_is_set_is_answered(void **state)
{
	struct fixture *fixture = *state;
	char answer[PL_FORWARD_ANSWER];
	static const char on[] = "member_forwards = on";

	make_members(fixture);
	assert_int_equal(resolve(fixture, on, "one@a.test", answer), 0);
	assert_ok(fixture, set(fixture, "one@a.test", "X@out.test two@a.test", 0));
	assert_int_equal(resolve(fixture, on, "one@a.test", answer), 1);
	assert_string_equal(answer, "X@out.test,two@a.test");
	assert_ok(fixture, set(fixture, "one@a.test", "y@out.test", 1));
	assert_int_equal(resolve(fixture, on, "one@a.test", answer), 1);
	assert_string_equal(answer, "one@a.test,y@out.test");
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM audit WHERE action = "
					      "'forward.set' AND object = 'one@a.test' AND "
					      "before = 'on to=X@out.test,two@a.test' AND after = "
					      "'on keep-copy to=y@out.test'"),
			 1);
}

static void the_switch_says_whether_it_counts(void **state)
{
	static const struct {
		const char *policy, *domain, *member;
		int counts;
	} tests[] = {
		{ "member_forwards = on", "", "forwarding=on", 1 },
		{ "member_forwards = on", "forwarding=on", "", 1 },
		{ "member_forwards = on\ndefaults { forwarding = on }", "", "", 1 },
		{ "member_forwards = on", "", "", 0 },
		{ "member_forwards = on", "forwarding=on", "forwarding=off", 0 },
		{ "member_forwards = on\ndefaults { forwarding = forbidden }", "", "forwarding=on",
		  0 },
		{ "member_forwards = on\ndomain a.test { forwarding = forbidden }", "",
		  "forwarding=on", 0 },
		{ "member_forwards = on", "", "forwarding=on active=off", 0 },
		{ "member_forwards = on", "active=off", "forwarding=on", 0 },
		{ "", "", "forwarding=on", 0 },
	};
	struct fixture *fixture = *state;
	char answer[PL_FORWARD_ANSWER], name[64], domain[32];

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		snprintf(domain, sizeof(domain), "%s", i == 6 ? "a.test" : "");
		if (domain[0] == '\0')
			snprintf(domain, sizeof(domain), "d%zu.test", i);
		snprintf(name, sizeof(name), "one@%s", domain);
		add_domain(fixture, domain, tests[i].domain);
		add_member(fixture, name, tests[i].member);
		assert_ok(fixture, set(fixture, name, "x@out.test", 0));
		if (resolve(fixture, tests[i].policy, name, answer) != tests[i].counts)
			fail_msg("row %zu", i);
	}
}

static void what_may_not_be_set(void **state)
{
	struct fixture *fixture = *state;

	make_members(fixture);
	sql_run(fixture->db,
		"INSERT INTO domain (name, known, active, created_at, alias_of) SELECT "
		"'alias.test', 1, 1, 0, id FROM domain WHERE name = 'a.test'");
	assert_refused(fixture, set(fixture, "one@a.test", "one@a.test", 1), PL_ERR_INVALID,
		       "own address");
	assert_refused(fixture, set(fixture, "one@a.test", "ONE@A.test", 1), PL_ERR_INVALID,
		       "own address");
	assert_refused(fixture, set(fixture, "one@a.test", "one+x@a.test", 1), PL_ERR_INVALID,
		       "own address");
	assert_refused(fixture, set(fixture, "one@a.test", "one@alias.test", 1), PL_ERR_INVALID,
		       "own address");
	assert_refused(fixture, set(fixture, "one@a.test", "x@out.test X@out.test", 1),
		       PL_ERR_INVALID, "twice");
	assert_refused(fixture, set(fixture, "one@a.test", "x,y@out.test", 1), PL_ERR_INVALID,
		       "x,y");
	assert_refused(fixture, set(fixture, "one@a.test", "", 1), PL_ERR_INVALID, "1 to 10");
	assert_refused(fixture,
		       set(fixture, "one@a.test",
			   "1@o.test 2@o.test 3@o.test 4@o.test 5@o.test "
			   "6@o.test 7@o.test 8@o.test 9@o.test 10@o.test "
			   "11@o.test",
			   1),
		       PL_ERR_INVALID, "1 to 10");
}

static void off_and_on_and_gone(void **state)
{
	struct fixture *fixture = *state;
	char answer[PL_FORWARD_ANSWER];
	static const char on[] = "member_forwards = on";
	struct pl_account account;

	make_members(fixture);
	account = account_of(fixture, "one@a.test");
	assert_refused(fixture, pl_forward_enable(work_of(fixture), fixture->policy, &account, 1),
		       PL_ERR_CONFLICT, "no forward");
	assert_int_equal(pl_forward_clear(work_of(fixture), fixture->policy, &account), 0);
	assert_ok(fixture, set(fixture, "one@a.test", "x@out.test", 1));
	assert_int_equal(pl_forward_enable(work_of(fixture), fixture->policy, &account, 0), 1);
	assert_int_equal(pl_forward_enable(work_of(fixture), fixture->policy, &account, 0), 0);
	assert_int_equal(resolve(fixture, on, "one@a.test", answer), 0);
	assert_int_equal(pl_forward_enable(work_of(fixture), fixture->policy, &account, 1), 1);
	assert_int_equal(resolve(fixture, on, "one@a.test", answer), 1);
	assert_string_equal(answer, "one@a.test,x@out.test");
	assert_int_equal(pl_forward_clear(work_of(fixture), fixture->policy, &account), 1);
	assert_int_equal(resolve(fixture, on, "one@a.test", answer), 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM forward_target"), 0);
}

static void an_unconfirmed_target_does_not_count(void **state)
{
	struct fixture *fixture = *state;
	char answer[PL_FORWARD_ANSWER];

	make_members(fixture);
	assert_ok(fixture, set(fixture, "one@a.test", "x@out.test y@out.test", 0));
	sql_run(fixture->db,
		"UPDATE forward_target SET confirmed_at = NULL WHERE address LIKE 'x%'");
	assert_int_equal(resolve(fixture, "member_forwards = on", "one@a.test", answer), 1);
	assert_string_equal(answer, "y@out.test");
	sql_run(fixture->db, "UPDATE forward_target SET confirmed_at = NULL");
	assert_int_equal(resolve(fixture, "member_forwards = on", "one@a.test", answer), 0);
}

static int count_outside(const struct pl_forward *forward, void *context)
{
	*(size_t *)context += pl_forward_outside(forward);
	return 0;
}

static void forwards_of_a_domain_end(void **state)
{
	struct fixture *fixture = *state;
	size_t outside = 0;

	make_members(fixture);
	add_domain(fixture, "b.test", "");
	add_member(fixture, "x@b.test", "");
	assert_ok(fixture, set(fixture, "one@a.test", "x@b.test x@out.test", 0));
	assert_ok(fixture, set(fixture, "two@a.test", "x@b.test", 0));
	assert_ok(fixture, set(fixture, "x@b.test", "x@out.test", 0));
	assert_ok(fixture, pl_forward_list(fixture->store, fixture->policy, "a.test", count_outside,
					   &outside, &fixture->err));
	assert_int_equal(outside, 1);
	assert_int_equal(pl_forward_clear_domain(work_of(fixture), fixture->policy, "a.test", 0),
			 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM forward"), 2);
	assert_int_equal(pl_forward_clear_domain(work_of(fixture), fixture->policy, "a.test", 1),
			 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM forward"), 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM audit WHERE action = "
					      "'forward.clear'"),
			 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(what_cannot_be_read_is_no_answer),
		cmocka_unit_test(every_name_ends_at_a_mailbox),
		cmocka_unit_test(targets),
		cmocka_unit_test(a_circle_is_noticed),
		cmocka_unit_test(messages_are_no_circle),
		TEST_WITH_DATABASE(what_is_set_is_answered),
		TEST_WITH_DATABASE(the_switch_says_whether_it_counts),
		TEST_WITH_DATABASE(what_may_not_be_set),
		TEST_WITH_DATABASE(off_and_on_and_gone),
		TEST_WITH_DATABASE(an_unconfirmed_target_does_not_count),
		TEST_WITH_DATABASE(forwards_of_a_domain_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
