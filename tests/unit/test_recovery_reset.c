/* test_recovery_reset.c - requests for a new password, their codes and proofs. */
#include "tests/unit/fixture.h"

#include <time.h>

#include "policy/recovery/reset.h"

#define T INT64_C(1800000000)
#define DAY PL_DAY_SECONDS
#define OWNER "owner@example.test"
#define OTHER "other@example.test"
#define OUTSIDE "me@outside.test"

static int make_portal(void **state)
{
	const int ret = make_database(state);
	struct fixture *fixture = *state;

	if (ret != 0)
		return ret;
	add_domain(fixture, "example.test", "");
	add_domain(fixture, "alias.test", "alias_of=example.test");
	add_member(fixture, OWNER, "");
	add_member(fixture, OTHER, "");
	reopen(fixture, PL_ROLE_PORTAL);
	return 0;
}

#define TEST_OF_PORTAL(test) cmocka_unit_test_setup_teardown(test, make_portal, remove_all)

static const struct pl_work *portal_at(struct fixture *fixture, int64_t now)
{
	static struct pl_work work;

	work = *work_at(fixture, now);
	work.outbox = fixture->keys;
	return &work;
}

static void use_policy(struct fixture *fixture, const char *text)
{
	pl_policy_unref(&fixture->policy);
	fixture->policy = policy_of(text);
}

static struct pl_contact_keys keys_of(const struct fixture *fixture)
{
	return (struct pl_contact_keys){ fixture->keys, fixture->keys };
}

static const struct pl_contact_message asker = { .language = "en", .ip = "192.0.2.9" };

/* The newest message of that kind; to "": there is none. */
static struct pl_contact_message sent(struct fixture *fixture, const char *what)
{
	struct pl_message messages[32];
	struct pl_contact_message found = { .to = "" };
	int count;

	reopen(fixture, PL_ROLE_SENDER);
	sql_run(fixture->db, "UPDATE outbox SET expires_at = expires_at + 86400000");
	count = pl_outbox_due(work_at(fixture, T + 100 * DAY), PL_OUTBOX_OLDEST, messages, 32);
	for (int i = 0; i < count; i++) {
		if (strcmp(messages[i].what, what) == 0)
			assert_ok(fixture, pl_contact_message_open(&messages[i], fixture->keys,
								   &found, &fixture->err));
	}
	sql_run(fixture->db, "UPDATE outbox SET expires_at = expires_at - 86400000");
	reopen(fixture, PL_ROLE_PORTAL);
	return found;
}

static void add_contact(struct fixture *fixture, const char *address, enum pl_contact_kind kind,
			const char *value)
{
	const struct pl_contact_wish wish = { kind, value, 0 };
	const struct pl_contact_keys keys = keys_of(fixture);
	const struct pl_account account = account_of(fixture, address);
	enum pl_contact_fault fault;
	enum pl_contact_confirmed confirmed;
	struct pl_contact_message message;

	assert_int_equal(pl_contact_ask(portal_at(fixture, T - DAY), &keys, fixture->policy,
					&account, &wish, &asker, &fault),
			 1);
	/* It opens the store anew, so it is no argument of the next call. */
	message = sent(fixture,
		       kind == PL_CONTACT_MAIL ? PL_CONTACT_CODE_MAIL : PL_CONTACT_CODE_PHONE);
	assert_ok(fixture, pl_contact_confirm(portal_at(fixture, T - DAY), &keys, &account, kind,
					      message.secret, &asker, &confirmed));
	assert_int_equal(confirmed, PL_CONTACT_ADDED);
}

static struct pl_secret ask_by(struct fixture *fixture, const char *name, enum pl_contact_kind kind,
			       const char *from, int64_t now)
{
	struct pl_reset_wish wish = { .name = name, .kind = kind, .asker = asker };
	struct pl_secret token = { .len = 0 };
	struct pl_ip ip;

	assert_ok(fixture, pl_ip_parse(from, &ip, &fixture->err));
	wish.ip = &ip;
	assert_ok(fixture, pl_reset_ask(portal_at(fixture, now), fixture->policy, &wish, &token));
	return token;
}

#define ask(fixture, name, now) ask_by(fixture, name, PL_CONTACT_MAIL, "192.0.2.9", now)

/* How many requests were decided. */
static int decide_all(struct fixture *fixture, int64_t now)
{
	const struct pl_contact_keys keys = keys_of(fixture);
	struct pl_reset_request request;
	int count = 0, ret;

	while ((ret = pl_reset_next(portal_at(fixture, now), &request)) == 1) {
		assert_ok(fixture, pl_reset_decide(portal_at(fixture, now), &keys, fixture->policy,
						   &request));
		/* Whoever comes later does nothing. */
		assert_ok(fixture, pl_reset_decide(portal_at(fixture, now), &keys, fixture->policy,
						   &request));
		count++;
	}
	assert_ok(fixture, ret);
	return count;
}

static int redeem(struct fixture *fixture, const struct pl_secret *token, const char *code,
		  int64_t now, struct pl_secret *proof_r)
{
	return pl_reset_redeem(portal_at(fixture, now), fixture->keys, (const char *)token->data,
			       code, proof_r);
}

/* Whether the code is taken. */
static int takes(struct fixture *fixture, const struct pl_secret *token, const char *code,
		 int64_t now)
{
	struct pl_secret proof;

	return redeem(fixture, token, code, now, &proof);
}

static int find(struct fixture *fixture, const struct pl_secret *proof, int64_t now,
		struct pl_reset *reset_r)
{
	return pl_reset_find(portal_at(fixture, now), (const char *)proof->data, reset_r);
}

static void a_code_is_taken_with_its_token_once(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret token, other, proof;
	struct pl_contact_message message;
	struct pl_reset reset;

	add_contact(fixture, OWNER, PL_CONTACT_MAIL, OUTSIDE);
	other = ask(fixture, OTHER, T);
	token = ask(fixture, "Owner@alias.test", T);
	assert_int_equal(decide_all(fixture, T), 2);
	message = sent(fixture, PL_CONTACT_RESET_CODE_MAIL);
	assert_string_equal(message.to, OUTSIDE);
	assert_string_equal(message.ip, "192.0.2.9");
	assert_int_equal(strlen(message.secret), 8);
	assert_false(takes(fixture, &other, message.secret, T));
	assert_false(takes(fixture, &token, "00000000", T));
	assert_int_equal(redeem(fixture, &token, message.secret, T, &proof), 1);
	assert_false(takes(fixture, &token, message.secret, T));
	assert_false(takes(fixture, &proof, message.secret, T));
	assert_int_equal(find(fixture, &token, T, &reset), 0);
	assert_int_equal(find(fixture, &proof, T + PL_RESET_PROOF_SECONDS, &reset), 0);
	assert_int_equal(find(fixture, &proof, T + PL_RESET_PROOF_SECONDS - 1, &reset), 1);
	assert_string_equal(reset.address.local, "owner");
	assert_string_equal(reset.address.domain, "example.test");
	assert_int_equal(reset.factor, 0);
	assert_ok(fixture, pl_reset_note_factor(portal_at(fixture, T), &reset));
	assert_int_equal(find(fixture, &proof, T, &reset), 1);
	assert_int_equal(reset.factor, 1);
	assert_ok(fixture, pl_reset_finish(portal_at(fixture, T), fixture->keys, &reset, &asker));
	assert_string_equal(sent(fixture, PL_CONTACT_RESET_DONE_MAIL).to, OUTSIDE);
	assert_int_equal(find(fixture, &proof, T, &reset), 0);
}

/* The owner's token, and the code that was mailed for it. */
static struct pl_secret ask_for_code(struct fixture *fixture, char code_r[64])
{
	const struct pl_secret token = ask(fixture, OWNER, T);

	decide_all(fixture, T);
	snprintf(code_r, 64, "%s", sent(fixture, PL_CONTACT_RESET_CODE_MAIL).secret);
	return token;
}

static void a_code_is_good_for_a_time_and_a_few_tries(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret token;
	char code[64];

	add_contact(fixture, OWNER, PL_CONTACT_MAIL, OUTSIDE);
	add_contact(fixture, OWNER, PL_CONTACT_PHONE, "010-1234-5678");
	use_policy(fixture, "sms_command = \"/bin/true\"\n");
	token = ask_for_code(fixture, code);
	assert_false(takes(fixture, &token, code, T + PL_CONTACT_MAIL_LIFE));
	for (int i = 0; i < PL_RESET_TRIES; i++)
		assert_false(takes(fixture, &token, "x", T));
	assert_false(takes(fixture, &token, code, T));
	token = ask_by(fixture, OWNER, PL_CONTACT_PHONE, "192.0.2.9", T);
	decide_all(fixture, T);
	snprintf(code, sizeof(code), "%s", sent(fixture, PL_CONTACT_RESET_CODE_PHONE).secret);
	assert_false(takes(fixture, &token, code, T + PL_CONTACT_PHONE_LIFE));
	assert_true(takes(fixture, &token, code, T + PL_CONTACT_PHONE_LIFE - 1));
}

static void there_is_one_code_or_proof_of_a_member(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret first, second, proof, another;
	struct pl_reset reset;
	char old[64];

	add_contact(fixture, OWNER, PL_CONTACT_MAIL, OUTSIDE);
	first = ask_for_code(fixture, old);
	second = ask(fixture, OWNER, T + 1);
	/* Nothing has been sent yet. */
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM recovery_request WHERE code IS "
					      "NOT NULL"),
			 1);
	decide_all(fixture, T + 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM recovery_request WHERE code IS "
					      "NOT NULL"),
			 1);
	assert_false(takes(fixture, &first, old, T + 1));
	assert_int_equal(redeem(fixture, &second, sent(fixture, PL_CONTACT_RESET_CODE_MAIL).secret,
				T + 1, &proof),
			 1);
	/* Whoever knows the name can ask for another code, which ends no proof; another proof does. */
	sql_run(fixture->db, "DELETE FROM recovery_code_sent");
	second = ask(fixture, OWNER, T + 2);
	decide_all(fixture, T + 2);
	assert_int_equal(find(fixture, &proof, T + 2, &reset), 1);
	assert_int_equal(redeem(fixture, &second, sent(fixture, PL_CONTACT_RESET_CODE_MAIL).secret,
				T + 2, &another),
			 1);
	assert_int_equal(find(fixture, &proof, T + 2, &reset), 0);
	assert_int_equal(find(fixture, &another, T + 2, &reset), 1);
}

static void a_proof_is_used_by_one_at_a_time(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret token, proof;
	struct pl_reset reset;

	add_contact(fixture, OWNER, PL_CONTACT_MAIL, OUTSIDE);
	token = ask(fixture, OWNER, T);
	decide_all(fixture, T);
	assert_int_equal(redeem(fixture, &token, sent(fixture, PL_CONTACT_RESET_CODE_MAIL).secret,
				T, &proof),
			 1);
	assert_int_equal(find(fixture, &proof, T, &reset), 1);
	assert_int_equal(pl_reset_use(portal_at(fixture, T), &reset), 1);
	assert_int_equal(pl_reset_use(portal_at(fixture, T + PL_RESET_USE_SECONDS - 1), &reset), 0);
	assert_ok(fixture, pl_reset_unuse(portal_at(fixture, T + 1), &reset));
	assert_int_equal(pl_reset_use(portal_at(fixture, T + 1), &reset), 1);
	/* Who was interrupted does not keep it for ever. */
	assert_int_equal(pl_reset_use(portal_at(fixture, T + 1 + PL_RESET_USE_SECONDS), &reset), 1);
}

/* Names of nobody, of who has no contact, of who may not sign in. */
static void others_get_a_token_and_nothing_is_sent(void **state)
{
	static const char *const names[] = { "nobody@example.test",
					     "x@nowhere.test",
					     OTHER,
					     "",
					     "a password, typed by mistake",
					     "@",
					     OWNER };
	struct fixture *fixture = *state;
	struct pl_secret token;

	add_contact(fixture, OWNER, PL_CONTACT_MAIL, OUTSIDE);
	sql_run(fixture->db, "UPDATE member SET active = 0 WHERE local = 'owner'");
	for (size_t i = 0; i < COUNT(names); i++) {
		token = ask(fixture, names[i], T);
		assert_int_equal(token.len, 43);
	}
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM recovery_request WHERE name "
					      "LIKE '%mistake%'"),
			 0);
	assert_int_equal(decide_all(fixture, T), COUNT(names));
	assert_string_equal(sent(fixture, PL_CONTACT_RESET_CODE_MAIL).to, "");
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM recovery_request WHERE name "
					      "<> ''"),
			 0);
	sql_run(fixture->db, "UPDATE member SET active = 1 WHERE local = 'owner'");
	(void)ask(fixture, OWNER, T);
	decide_all(fixture, T);
	assert_string_equal(sent(fixture, PL_CONTACT_RESET_CODE_MAIL).to, OUTSIDE);
}

static void codes_are_limited_by_contact_and_requests_by_network(void **state)
{
	struct fixture *fixture = *state;
	char from[64];

	add_contact(fixture, OWNER, PL_CONTACT_MAIL, OUTSIDE);
	for (int i = 0; i < PL_RESET_OF_ORIGIN + 20; i++) {
		/* One /64. */
		snprintf(from, sizeof(from), "2001:db8::%x", i + 1);
		(void)ask_by(fixture, i % 10 == 0 ? OWNER : "nobody@example.test", PL_CONTACT_MAIL,
			     from, T);
	}
	assert_int_equal(decide_all(fixture, T), PL_RESET_OF_ORIGIN);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM outbox WHERE what = "
					      "'reset-code-mail'"),
			 PL_CONTACT_CODES_TO_CONTACT);
	(void)ask_by(fixture, OWNER, PL_CONTACT_MAIL, "2001:db8:0:1::1", T);
	assert_int_equal(decide_all(fixture, T), 1);
	(void)ask_by(fixture, OWNER, PL_CONTACT_MAIL, "2001:db8::1", T + DAY);
	assert_int_equal(decide_all(fixture, T + DAY), 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM outbox WHERE what = "
					      "'reset-code-mail'"),
			 PL_CONTACT_CODES_TO_CONTACT + 1);
	assert_ok(fixture, prune_at(fixture, T + 3 * DAY));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM recovery_request"), 0);
}

/* Of all contacts that it has, and with the codes that confirm them. */
static void codes_are_limited_by_member(void **state)
{
	struct fixture *fixture = *state;

	add_contact(fixture, OWNER, PL_CONTACT_MAIL, OUTSIDE);
	sql_run(fixture->db, "DELETE FROM recovery_code_sent");
	for (int i = 0; i < PL_CONTACT_CODES_OF_MEMBER - 1; i++)
		sql_run(fixture->db, "INSERT INTO recovery_code_sent (member_id, kind, target, "
				     "sent_at) SELECT m.id, 'phone', NULL, 1800000000 FROM member "
				     "m WHERE m.local = 'owner'");
	(void)ask(fixture, OWNER, T);
	decide_all(fixture, T);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM outbox WHERE what = "
					      "'reset-code-mail'"),
			 1);
	(void)ask(fixture, OWNER, T);
	decide_all(fixture, T);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM outbox WHERE what = "
					      "'reset-code-mail'"),
			 1);
	(void)ask(fixture, OWNER, T + DAY);
	decide_all(fixture, T + DAY);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM outbox WHERE what = "
					      "'reset-code-mail'"),
			 2);
}

#define ASKED 1500

/* The time of this thread that asking takes. */
static double seconds_of_ask(struct fixture *fixture, const char *name, int i)
{
	struct timespec begin, end;
	char from[64];

	snprintf(from, sizeof(from), "198.18.%d.%d", i / 256, i % 256);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
	(void)ask_by(fixture, name, PL_CONTACT_MAIL, from, T);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	return (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
}

struct sample {
	double sum, squares;
};

static double mean(const struct sample *sample)
{
	return sample->sum / ASKED;
}

/* Of the mean. */
static double variance(const struct sample *sample)
{
	return (sample->squares - sample->sum * mean(sample)) / (ASKED - 1) / ASKED;
}

/* Without the floor of the answer: asking looks nobody up. Welch's t, squared. */
static void asking_takes_as_long_for_everyone(void **state)
{
	static const char *const names[] = { OWNER, "nobod@example.test" };
	struct fixture *fixture = *state;
	struct sample samples[COUNT(names)] = { { 0, 0 } };
	double apart, t_squared;

	add_contact(fixture, OWNER, PL_CONTACT_MAIL, OUTSIDE);
	for (int i = 0; i < (int)COUNT(names) * ASKED; i++) {
		/* Each comes first in every other pair. */
		const size_t which = (size_t)(i % 2 ^ i / 2 % 2);
		const double seconds = seconds_of_ask(fixture, names[which], i);

		samples[which].sum += seconds;
		samples[which].squares += seconds * seconds;
	}
	apart = mean(&samples[0]) - mean(&samples[1]);
	t_squared = apart * apart / (variance(&samples[0]) + variance(&samples[1]));
	if (t_squared >= 4.5 * 4.5)
		fail_msg("the square of t is %.1f: %.1f and %.1f us", t_squared,
			 mean(&samples[0]) * 1e6, mean(&samples[1]) * 1e6);
}

static void text_messages_are_limited_by_country_and_day(void **state)
{
	struct fixture *fixture = *state;

	add_contact(fixture, OWNER, PL_CONTACT_PHONE, "010-1234-5678");
	(void)ask_by(fixture, OWNER, PL_CONTACT_PHONE, "192.0.2.9", T);
	decide_all(fixture, T);
	/* There is no sms_command. */
	assert_string_equal(sent(fixture, PL_CONTACT_RESET_CODE_PHONE).to, "");
	use_policy(fixture, "sms_command = \"/bin/true\"\n");
	fixture->policy->sms_countries[0] = '9';
	(void)ask_by(fixture, OWNER, PL_CONTACT_PHONE, "192.0.2.9", T);
	decide_all(fixture, T);
	assert_string_equal(sent(fixture, PL_CONTACT_RESET_CODE_PHONE).to, "");
	fixture->policy->sms_countries[0] = '8';
	fixture->policy->sms_per_day = 0;
	(void)ask_by(fixture, OWNER, PL_CONTACT_PHONE, "192.0.2.9", T);
	decide_all(fixture, T);
	assert_string_equal(sent(fixture, PL_CONTACT_RESET_CODE_PHONE).to, "");
	fixture->policy->sms_per_day = 1;
	(void)ask_by(fixture, OWNER, PL_CONTACT_PHONE, "192.0.2.9", T);
	decide_all(fixture, T);
	assert_string_equal(sent(fixture, PL_CONTACT_RESET_CODE_PHONE).to, "+821012345678");
}

/* What the console sees before it begins one. */
static enum pl_reset_help help_of(struct fixture *fixture, const char *address, int64_t now)
{
	const struct pl_account account = account_of(fixture, address);
	enum pl_reset_help help;

	reopen(fixture, PL_ROLE_CONSOLE);
	assert_ok(fixture, pl_reset_help(work_at(fixture, now), fixture->policy, &account, &help));
	reopen(fixture, PL_ROLE_PORTAL);
	return help;
}

static void an_administrator_learns_whether_there_is_a_contact_and_no_more(void **state)
{
	struct fixture *fixture = *state;

	use_policy(fixture, "password_command = \"/bin/true\"\nrecovery_contacts = on\n"
			    "consent_dir = \"/\"\npassword_recovery = on\n");
	assert_int_equal(help_of(fixture, OWNER, T), PL_RESET_NO_CONTACT);
	add_contact(fixture, OWNER, PL_CONTACT_MAIL, OUTSIDE);
	assert_int_equal(help_of(fixture, OWNER, T), PL_RESET_POSSIBLE);
	assert_int_equal(help_of(fixture, OTHER, T), PL_RESET_NO_CONTACT);
	sql_run(fixture->db, "UPDATE member SET active = 0");
	assert_int_equal(help_of(fixture, OWNER, T), PL_RESET_NO_CONTACT);
	sql_run(fixture->db, "UPDATE member SET active = 1");
	fixture->policy->password_recovery = 0;
	assert_int_equal(help_of(fixture, OWNER, T), PL_RESET_OFF);
}

static void what_an_administrator_begins_is_a_link_to_the_contact(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_account account = account_of(fixture, OWNER);
	struct pl_secret link, proof;
	struct pl_reset reset;
	struct pl_contact_message message;

	add_contact(fixture, OWNER, PL_CONTACT_MAIL, OUTSIDE);
	reopen(fixture, PL_ROLE_CONSOLE);
	assert_ok(fixture, pl_reset_begin(work_at(fixture, T), fixture->policy, &account));
	reopen(fixture, PL_ROLE_PORTAL);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM audit WHERE action = "
					      "'password-recovery.start'"),
			 1);
	decide_all(fixture, T);
	message = sent(fixture, PL_CONTACT_RESET_LINK_MAIL);
	assert_string_equal(message.to, OUTSIDE);
	assert_ok(fixture, pl_secret_set(&link, message.secret, strlen(message.secret)));
	assert_false(takes(fixture, &link, "00000000", T));
	assert_int_equal(redeem(fixture, &link, "", T, &proof), 1);
	assert_int_equal(find(fixture, &proof, T, &reset), 1);
	assert_string_equal(reset.address.local, "owner");
}

/* An erased contact confirms nobody any more, nor has it confirmed anybody. */
static void codes_end_with_their_contact(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_account account = account_of(fixture, OWNER);
	struct pl_secret token;
	char code[64];

	add_contact(fixture, OWNER, PL_CONTACT_MAIL, OUTSIDE);
	token = ask_for_code(fixture, code);
	assert_int_equal(pl_contact_erase(portal_at(fixture, T), &account, PL_CONTACT_MAIL), 1);
	assert_false(takes(fixture, &token, code, T));
	assert_string_equal(sent(fixture, PL_CONTACT_RESET_CODE_MAIL).to, "");
}

static void proofs_end_with_their_contact(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_account account = account_of(fixture, OWNER);
	struct pl_secret token, proof;
	struct pl_reset reset;
	char code[64];

	add_contact(fixture, OWNER, PL_CONTACT_MAIL, OUTSIDE);
	token = ask_for_code(fixture, code);
	assert_int_equal(redeem(fixture, &token, code, T, &proof), 1);
	assert_int_equal(pl_contact_erase(portal_at(fixture, T), &account, PL_CONTACT_MAIL), 1);
	assert_int_equal(find(fixture, &proof, T, &reset), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_OF_PORTAL(a_code_is_taken_with_its_token_once),
		TEST_OF_PORTAL(a_code_is_good_for_a_time_and_a_few_tries),
		TEST_OF_PORTAL(there_is_one_code_or_proof_of_a_member),
		TEST_OF_PORTAL(a_proof_is_used_by_one_at_a_time),
		TEST_OF_PORTAL(others_get_a_token_and_nothing_is_sent),
		TEST_OF_PORTAL(codes_are_limited_by_contact_and_requests_by_network),
		TEST_OF_PORTAL(codes_are_limited_by_member),
		TEST_OF_PORTAL(asking_takes_as_long_for_everyone),
		TEST_OF_PORTAL(text_messages_are_limited_by_country_and_day),
		TEST_OF_PORTAL(an_administrator_learns_whether_there_is_a_contact_and_no_more),
		TEST_OF_PORTAL(what_an_administrator_begins_is_a_link_to_the_contact),
		TEST_OF_PORTAL(codes_end_with_their_contact),
		TEST_OF_PORTAL(proofs_end_with_their_contact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
