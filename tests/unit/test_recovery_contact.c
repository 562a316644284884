/* test_recovery_contact.c - consent texts, decisions about them, and recovery contacts. */
#include "tests/unit/fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#include "policy/recovery/contact.h"
#include "policy/recovery/phone.h"
#include "policy/rotation/reseal.h"

#define T INT64_C(1800000000)
#define DAY PL_DAY_SECONDS
#define OWNER "owner@example.test"
#define OTHER "other@example.test"
#define OUTSIDE "me@outside.test"
#define NUMBER "010-1234-5678"

/* ---- numbers ---- */

static void numbers_are_read_as_e164(void **state)
{
	static const struct {
		const char *text, *countries;
		int foreign, ret;
		const char *number;
	} rows[] = {
		{ "010-1234-5678", "82", 0, 1, "+821012345678" },
		{ " (010) 1234.5678 ", "82", 0, 1, "+821012345678" },
		{ "+82 10 1234 5678", "82", 0, 1, "+821012345678" },
		{ "+82 (0)10 1234 5678", "82", 0, 1, "+821012345678" },
		{ "+81 90 1234 5678", "82, 81", 1, 1, "+819012345678" },
		{ "+81 90 1234 5678", "82, 81", 0, -1, "" },
		{ "+81 90 1234 5678", "82", 1, -1, "" },
		{ "+1 202 555 0123", "82, *", 1, 1, "+12025550123" },
		{ "+1 202 555 0123", "82, *", 0, -1, "" },
		{ "010-1234-5678", "82", 1, 0, "" },
		{ "0082 10-1234-5678", "82", 0, 0, "" },
		{ "+82 0010-1234-5678", "82", 1, 0, "" },
		{ "+82", "82", 0, 0, "" },
		{ "", "82", 0, 0, "" },
		{ "call me", "82", 0, 0, "" },
		{ "010-1234-5678;rm", "82", 0, 0, "" },
		{ "+0212345678", "82, *", 1, 0, "" },
		{ "+1234567890123456", "82, *", 1, 0, "" },
		{ "+8212345678901234567890123", "82", 0, 0, "" },
		{ "++821012345678", "82", 0, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char number[PL_PHONE_TEXT] = "";

		if (pl_phone_parse(rows[i].text, rows[i].countries, rows[i].foreign, number) !=
		    rows[i].ret)
			fail_msg("\"%s\" of %s is not %d", rows[i].text, rows[i].countries,
				 rows[i].ret);
		if (rows[i].ret == 1) {
			assert_string_equal(number, rows[i].number);
			assert_true(pl_phone_is_valid(number));
		}
	}
	assert_false(pl_phone_has_foreign("82"));
	assert_true(pl_phone_has_foreign("82, *"));
	assert_false(pl_phone_is_valid("-821012345678"));
	assert_false(pl_phone_is_valid("+82101234567x"));
}

/* ---- texts ---- */

static void put_text(const struct fixture *fixture, const char *name, const char *text)
{
	write_file(path_in(fixture, name), text, strlen(text));
}

static void the_highest_number_that_is_there_in_all_languages_holds(void **state)
{
	struct fixture *fixture = *state;
	struct pl_consent_text text;
	char first[PL_CONSENT_HASH];
	int64_t number;

	assert_refused(fixture, pl_consent_text_number(fixture->dir, &number, &fixture->err),
		       PL_ERR_CONFIG, "1.en.txt and 1.ko.txt");
	put_text(fixture, "1.en.txt", "one");
	put_text(fixture, "1.ko.txt", "하나");
	put_text(fixture, "9.en.txt", "not in Korean");
	put_text(fixture, "02.en.txt", "no number");
	put_text(fixture, "02.ko.txt", "no number");
	assert_ok(fixture, pl_consent_text_number(fixture->dir, &number, &fixture->err));
	assert_int_equal(number, 1);
	assert_ok(fixture, pl_consent_text_load(fixture->dir, "ko", &text, &fixture->err));
	assert_string_equal(text.text, "하나");
	assert_int_equal(strlen(text.hash), 64);
	memcpy(first, text.hash, sizeof(first));
	pl_consent_text_free(&text);
	assert_ok(fixture, pl_consent_text_load(fixture->dir, "en", &text, &fixture->err));
	/* sha256sum of "one" */
	assert_string_equal(text.hash,
			    "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed");
	assert_string_not_equal(text.hash, first);
	pl_consent_text_free(&text);
	put_text(fixture, "2.en.txt", "two\xff");
	put_text(fixture, "2.ko.txt", "둘");
	assert_refused(fixture, pl_consent_text_load(fixture->dir, "en", &text, &fixture->err),
		       PL_ERR_CONFIG, "2.en.txt must be UTF-8");
	assert_true(pl_consent_language("ko"));
	assert_false(pl_consent_language("../../etc/passwd"));
}

/* ---- decisions ---- */

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

static void decide(struct fixture *fixture, const char *what, int64_t number, int64_t now)
{
	const struct pl_account account = account_of(fixture, OWNER);
	struct pl_decision decision = { .text_number = number,
					.text_hash = "ab",
					.language = "ko",
					.ip = "192.0.2.9",
					.device = "Browser" };

	snprintf(decision.what, sizeof(decision.what), "%s", what);
	assert_ok(fixture, pl_decision_add(portal_at(fixture, now), &account, &decision));
}

static int count_decision(const struct pl_decision *decision, void *context)
{
	(void)decision;
	(*(int *)context)++;
	return 0;
}

static void decisions_are_added_and_outlive_their_member(void **state)
{
	struct fixture *fixture = *state;
	const int64_t id = account_of(fixture, OWNER).member.id;
	struct pl_decision decision;
	int count = 0;

	assert_int_equal(pl_decision_get(work_at(fixture, T), id, &decision), 0);
	decide(fixture, PL_DECISION_REFUSE, 1, T);
	decide(fixture, PL_DECISION_AGREE, 2, T + 1);
	assert_int_equal(pl_decision_get(work_at(fixture, T), id, &decision), 1);
	assert_string_equal(decision.what, "agree");
	assert_int_equal(decision.text_number, 2);
	assert_int_equal(decision.at, T + 1);
	assert_string_equal(decision.ip, "192.0.2.9");
	assert_ok(fixture, pl_decision_list(work_at(fixture, T), id, count_decision, &count));
	assert_int_equal(count, 2);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM audit WHERE action = "
					      "'recovery-consent.decide' "
					      "AND object = '" OWNER "'"),
			 2);
	/* However old, while the member is there. */
	assert_ok(fixture, prune_at(fixture, T + 2000 * DAY));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM recovery_decision"), 2);
	sql_run(fixture->db, "DELETE FROM member WHERE local = 'owner'");
	assert_ok(fixture, prune_at(fixture, T + 1095 * DAY - 1));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM recovery_decision"), 2);
	assert_ok(fixture, prune_at(fixture, T + 1095 * DAY + 1));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM recovery_decision"), 0);
}

/* ---- contacts ---- */

static struct pl_contact_keys keys_of(const struct fixture *fixture)
{
	return (struct pl_contact_keys){ fixture->keys, fixture->keys };
}

static const struct pl_contact_message asker = { .language = "ko", .ip = "192.0.2.9" };

static enum pl_contact_fault ask_as(struct fixture *fixture, const char *address,
				    enum pl_contact_kind kind, const char *value, int64_t now)
{
	const struct pl_contact_wish wish = { kind, value, 0 };
	const struct pl_contact_keys keys = keys_of(fixture);
	const struct pl_account account = account_of(fixture, address);
	enum pl_contact_fault fault;
	const int ret = pl_contact_ask(portal_at(fixture, now), &keys, fixture->policy, &account,
				       &wish, &asker, &fault);

	assert_ok(fixture, ret);
	assert_int_equal(ret == 1, fault == PL_CONTACT_FITS);
	return fault;
}

#define ask(fixture, kind, value, now) ask_as(fixture, OWNER, kind, value, now)

/* The newest message of that kind. */
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

static enum pl_contact_confirmed confirm(struct fixture *fixture, enum pl_contact_kind kind,
					 const char *code, int64_t now)
{
	const struct pl_contact_keys keys = keys_of(fixture);
	const struct pl_account account = account_of(fixture, OWNER);
	enum pl_contact_confirmed confirmed;

	assert_ok(fixture, pl_contact_confirm(portal_at(fixture, now), &keys, &account, kind, code,
					      &asker, &confirmed));
	return confirmed;
}

static struct pl_contact contact_at(struct fixture *fixture, enum pl_contact_kind kind, int64_t now)
{
	struct pl_contact contact;

	assert_ok(fixture, pl_contact_get(work_at(fixture, now), fixture->keys,
					  account_of(fixture, OWNER).member.id, kind, &contact));
	return contact;
}

static void add_mail(struct fixture *fixture, const char *value, int64_t now)
{
	assert_int_equal(ask(fixture, PL_CONTACT_MAIL, value, now), PL_CONTACT_FITS);
	assert_int_equal(confirm(fixture, PL_CONTACT_MAIL,
				 sent(fixture, PL_CONTACT_CODE_MAIL).secret, now),
			 PL_CONTACT_ADDED);
}

static void contacts_count_once_their_code_was_entered_and_are_sealed(void **state)
{
	struct fixture *fixture = *state;
	struct pl_contact_message message;

	assert_int_equal(ask(fixture, PL_CONTACT_MAIL, OUTSIDE, T), PL_CONTACT_FITS);
	assert_string_equal(contact_at(fixture, PL_CONTACT_MAIL, T).value, "");
	assert_string_equal(contact_at(fixture, PL_CONTACT_MAIL, T).asked, OUTSIDE);
	message = sent(fixture, PL_CONTACT_CODE_MAIL);
	assert_string_equal(message.to, OUTSIDE);
	assert_string_equal(message.language, "ko");
	assert_int_equal(confirm(fixture, PL_CONTACT_PHONE, message.secret, T), PL_CONTACT_WRONG);
	assert_int_equal(confirm(fixture, PL_CONTACT_MAIL, message.secret, T + 1),
			 PL_CONTACT_ADDED);
	assert_string_equal(contact_at(fixture, PL_CONTACT_MAIL, T + 2).value, OUTSIDE);
	assert_string_equal(contact_at(fixture, PL_CONTACT_MAIL, T + 2).asked, "");
	/* Once. */
	assert_int_equal(confirm(fixture, PL_CONTACT_MAIL, message.secret, T + 2),
			 PL_CONTACT_WRONG);
	assert_int_equal(ask(fixture, PL_CONTACT_PHONE, NUMBER, T), PL_CONTACT_FITS);
	message = sent(fixture, PL_CONTACT_CODE_PHONE);
	assert_string_equal(message.to, "+821012345678");
	assert_int_equal(confirm(fixture, PL_CONTACT_PHONE, message.secret, T + 599),
			 PL_CONTACT_ADDED);
	assert_string_equal(contact_at(fixture, PL_CONTACT_PHONE, T + 600).value, "+821012345678");
	assert_false(database_holds(fixture, "outside.test"));
	assert_false(database_holds(fixture, "1012345678"));
	/* A row that was moved to another kind is not read. */
	sql_run(fixture->db,
		"UPDATE recovery_contact SET sealed = (SELECT o.sealed FROM recovery_contact o "
		"WHERE o.kind = 'mail') WHERE kind = 'phone'");
	{
		struct pl_contact contact;

		assert_int_equal(pl_contact_get(work_at(fixture, T), fixture->keys,
						account_of(fixture, OWNER).member.id,
						PL_CONTACT_PHONE, &contact),
				 -1);
	}
}

static struct pl_keys *load_keys(struct fixture *fixture, const char *text)
{
	const char *path = path_in(fixture, "rotated.key");
	struct pl_keys *keys;

	write_file(path, text, strlen(text));
	chmod(path, 0600);
	assert_ok(fixture, pl_keys_load(path, &keys, &fixture->err));
	return keys;
}

static void no_progress(const char *what, int64_t done)
{
	(void)what;
	(void)done;
}

#define KEY_1 "1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define KEY_2 "2 ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

static void contacts_and_their_changes_outlive_a_new_seal_key(void **state)
{
	struct fixture *fixture = *state;
	struct pl_keys *both = load_keys(fixture, KEY_2 KEY_1);
	struct pl_resealed resealed;

	add_mail(fixture, OUTSIDE, T);
	assert_int_equal(ask(fixture, PL_CONTACT_PHONE, NUMBER, T), PL_CONTACT_FITS);
	assert_int_equal(confirm(fixture, PL_CONTACT_PHONE,
				 sent(fixture, PL_CONTACT_CODE_PHONE).secret, T),
			 PL_CONTACT_ADDED);
	assert_int_equal(ask(fixture, PL_CONTACT_MAIL, "new@outside.test", T), PL_CONTACT_FITS);
	reopen(fixture, PL_ROLE_COMMAND);
	assert_ok(fixture, pl_reseal_commit(work_at(fixture, T), PL_KEY_FILE_SEAL, both,
					    no_progress, &resealed));
	assert_int_equal(resealed.done, 3);
	assert_int_equal(resealed.unreadable, 0);
	pl_keys_free(&both);
	pl_keys_free(&fixture->keys);
	fixture->keys = load_keys(fixture, KEY_2);
	reopen(fixture, PL_ROLE_PORTAL);
	assert_string_equal(contact_at(fixture, PL_CONTACT_MAIL, T).value, OUTSIDE);
	assert_string_equal(contact_at(fixture, PL_CONTACT_MAIL, T).asked, "new@outside.test");
	assert_string_equal(contact_at(fixture, PL_CONTACT_PHONE, T).value, "+821012345678");
}

static void codes_are_good_for_a_time_and_a_few_tries(void **state)
{
	struct fixture *fixture = *state;
	struct pl_contact_message message;
	char wrong[PL_CODE_DIGITS + 1];

	assert_int_equal(ask(fixture, PL_CONTACT_PHONE, NUMBER, T), PL_CONTACT_FITS);
	message = sent(fixture, PL_CONTACT_CODE_PHONE);
	assert_int_equal(confirm(fixture, PL_CONTACT_PHONE, message.secret, T + 600),
			 PL_CONTACT_WRONG);
	assert_string_equal(contact_at(fixture, PL_CONTACT_PHONE, T + 600).asked, "");
	assert_int_equal(ask(fixture, PL_CONTACT_MAIL, OUTSIDE, T), PL_CONTACT_FITS);
	message = sent(fixture, PL_CONTACT_CODE_MAIL);
	memcpy(wrong, message.secret, sizeof(wrong));
	wrong[5] = wrong[5] == '0' ? '1' : '0';
	for (int i = 0; i < PL_CONTACT_CODE_TRIES; i++)
		assert_int_equal(confirm(fixture, PL_CONTACT_MAIL, wrong, T), PL_CONTACT_WRONG);
	assert_int_equal(confirm(fixture, PL_CONTACT_MAIL, message.secret, T), PL_CONTACT_WRONG);
	/* What nobody has confirmed does not stay. */
	assert_ok(fixture, prune_at(fixture, T + DAY + 1));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM recovery_change"), 0);
}

static void codes_are_limited_for_member_and_contact(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 5; i++)
		assert_int_equal(ask(fixture, PL_CONTACT_MAIL, OUTSIDE, T), PL_CONTACT_FITS);
	/* Of another member it looks the same, and nothing is sent. */
	assert_int_equal(ask_as(fixture, OTHER, PL_CONTACT_MAIL, OUTSIDE, T), PL_CONTACT_FITS);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM outbox"),
			 PL_CONTACT_CODES_TO_CONTACT);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(fixture, PL_CONTACT_PHONE, NUMBER, T), PL_CONTACT_FITS);
	assert_int_equal(ask(fixture, PL_CONTACT_PHONE, NUMBER, T), PL_CONTACT_TOO_MANY);
	assert_int_equal(ask(fixture, PL_CONTACT_PHONE, NUMBER, T + DAY + 1), PL_CONTACT_FITS);
	fixture->policy->sms_per_day = 1;
	assert_int_equal(ask_as(fixture, OTHER, PL_CONTACT_PHONE, NUMBER, T + DAY + 1),
			 PL_CONTACT_TOO_MANY);
	assert_ok(fixture, prune_at(fixture, T + 3 * DAY));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM recovery_code_sent"), 0);
}

static void addresses_of_this_server_are_refused(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(ask(fixture, PL_CONTACT_MAIL, OWNER, T), PL_CONTACT_OWN_SERVER);
	assert_int_equal(ask(fixture, PL_CONTACT_MAIL, "Owner+x@EXAMPLE.test", T),
			 PL_CONTACT_OWN_SERVER);
	assert_int_equal(ask(fixture, PL_CONTACT_MAIL, "owner@alias.test", T),
			 PL_CONTACT_OWN_SERVER);
	assert_int_equal(ask(fixture, PL_CONTACT_MAIL, OTHER, T), PL_CONTACT_OWN_SERVER);
	assert_int_equal(ask(fixture, PL_CONTACT_MAIL, "nothing", T), PL_CONTACT_INVALID);
	assert_int_equal(ask(fixture, PL_CONTACT_MAIL, "a@b.test\r\nBcc: c@d.test", T),
			 PL_CONTACT_INVALID);
	assert_int_equal(ask(fixture, PL_CONTACT_PHONE, "+81 90 1234 5678", T), PL_CONTACT_COUNTRY);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM outbox"), 0);
	add_mail(fixture, OUTSIDE, T);
	assert_int_equal(ask(fixture, PL_CONTACT_MAIL, OUTSIDE, T), PL_CONTACT_SAME);
}

static void a_change_waits_for_a_day_and_tells_the_old_contact(void **state)
{
	struct fixture *fixture = *state;
	struct pl_contact contact;
	struct pl_contact_message told;
	int64_t member_id = 0;

	add_mail(fixture, OUTSIDE, T);
	assert_int_equal(ask(fixture, PL_CONTACT_MAIL, "new@else.test", T + 10), PL_CONTACT_FITS);
	assert_string_equal(sent(fixture, PL_CONTACT_CHANGE_MAIL).to, "");
	assert_int_equal(confirm(fixture, PL_CONTACT_MAIL,
				 sent(fixture, PL_CONTACT_CODE_MAIL).secret, T + 20),
			 PL_CONTACT_WAITS);
	contact = contact_at(fixture, PL_CONTACT_MAIL, T + 19 + DAY);
	assert_string_equal(contact.value, OUTSIDE);
	assert_string_equal(contact.asked, "new@else.test");
	assert_int_equal(contact.due_at, T + 20 + DAY);
	told = sent(fixture, PL_CONTACT_CHANGE_MAIL);
	assert_string_equal(told.to, OUTSIDE);
	assert_int_equal(strlen(told.secret), 43);
	assert_false(database_holds(fixture, told.secret));
	/* Stopped from there, once. */
	assert_int_equal(pl_contact_stop(work_at(fixture, T + 30), "guess", &member_id), 0);
	assert_int_equal(pl_contact_stop(work_at(fixture, T + 30), told.secret, &member_id), 1);
	assert_int_equal(member_id, account_of(fixture, OWNER).member.id);
	assert_int_equal(pl_contact_stop(work_at(fixture, T + 30), told.secret, &member_id), 0);
	contact = contact_at(fixture, PL_CONTACT_MAIL, T + 3 * DAY);
	assert_string_equal(contact.value, OUTSIDE);
	/* Nobody stops it. */
	assert_int_equal(ask(fixture, PL_CONTACT_MAIL, "new@else.test", T + 40), PL_CONTACT_FITS);
	assert_int_equal(confirm(fixture, PL_CONTACT_MAIL,
				 sent(fixture, PL_CONTACT_CODE_MAIL).secret, T + 50),
			 PL_CONTACT_WAITS);
	told = sent(fixture, PL_CONTACT_CHANGE_MAIL);
	assert_string_equal(contact_at(fixture, PL_CONTACT_MAIL, T + 50 + DAY).value,
			    "new@else.test");
	assert_int_equal(pl_contact_stop(work_at(fixture, T + 50 + DAY), told.secret, &member_id),
			 0);
	assert_ok(fixture, pl_contact_apply(work_at(fixture, T + 50 + DAY)));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM recovery_change"), 0);
	assert_string_equal(contact_at(fixture, PL_CONTACT_MAIL, T + 50 + DAY).value,
			    "new@else.test");
	assert_int_equal(contact_at(fixture, PL_CONTACT_MAIL, T + 50 + DAY).confirmed_at,
			 T + 50 + DAY);
}

static void erasing_leaves_no_contact_and_no_way_around_the_wait(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_account account = account_of(fixture, OWNER);

	add_mail(fixture, OUTSIDE, T);
	assert_int_equal(ask(fixture, PL_CONTACT_MAIL, "new@else.test", T + 10), PL_CONTACT_FITS);
	assert_int_equal(pl_contact_erase(portal_at(fixture, T + 20), &account, PL_CONTACT_MAIL),
			 1);
	assert_int_equal(pl_contact_erase(portal_at(fixture, T + 20), &account, PL_CONTACT_MAIL),
			 0);
	assert_string_equal(contact_at(fixture, PL_CONTACT_MAIL, T + 20).value, "");
	assert_string_equal(contact_at(fixture, PL_CONTACT_MAIL, T + 20).asked, "");
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM recovery_contact WHERE sealed IS "
				 "NOT NULL"),
			 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM recovery_change"), 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM recovery_code_sent WHERE "
					      "target IS NOT NULL"),
			 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM outbox"), 0);
	/* Another one right after it waits as if it were a change. */
	assert_int_equal(ask(fixture, PL_CONTACT_MAIL, "new@else.test", T + 30), PL_CONTACT_FITS);
	assert_int_equal(confirm(fixture, PL_CONTACT_MAIL,
				 sent(fixture, PL_CONTACT_CODE_MAIL).secret, T + 40),
			 PL_CONTACT_WAITS);
	assert_int_equal(contact_at(fixture, PL_CONTACT_MAIL, T + 40).due_at, T + 20 + DAY);
	assert_int_equal(pl_contact_cancel(portal_at(fixture, T + 50), &account, PL_CONTACT_MAIL),
			 1);
	assert_int_equal(pl_contact_cancel(portal_at(fixture, T + 50), &account, PL_CONTACT_MAIL),
			 0);
	reopen(fixture, PL_ROLE_COMMAND);
	assert_int_equal(pl_member_remove(work_at(fixture, T + 60), &account.member.address), 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM recovery_contact"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_read_as_e164),
		TEST_IN_FOLDER(the_highest_number_that_is_there_in_all_languages_holds),
		TEST_OF_PORTAL(decisions_are_added_and_outlive_their_member),
		TEST_OF_PORTAL(contacts_count_once_their_code_was_entered_and_are_sealed),
		TEST_OF_PORTAL(contacts_and_their_changes_outlive_a_new_seal_key),
		TEST_OF_PORTAL(codes_are_good_for_a_time_and_a_few_tries),
		TEST_OF_PORTAL(codes_are_limited_for_member_and_contact),
		TEST_OF_PORTAL(addresses_of_this_server_are_refused),
		TEST_OF_PORTAL(a_change_waits_for_a_day_and_tells_the_old_contact),
		TEST_OF_PORTAL(erasing_leaves_no_contact_and_no_way_around_the_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
