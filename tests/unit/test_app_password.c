/* test_app_password.c - made, shown once, found again, limited, revoked. */
#include "tests/unit/fixture.h"

#include <stdlib.h>
#include <sys/stat.h>

#define OWNER "owner@example.test"

static struct pl_app_password issue(struct fixture *fixture, const char *address,
				    struct pl_secret *secret_r)
{
	const struct pl_address parsed = address_of(address);
	struct pl_app_password wanted = { .label = "phone" };

	assert_ok(fixture, pl_app_password_issue(work_of(fixture), fixture->keys, 16, &parsed,
						 &wanted, secret_r));
	return wanted;
}

/* Returns the id of the one that was typed, or 0. */
static int64_t offer(struct fixture *fixture, const char *address, const char *typed)
{
	return offered_app_password(fixture, address, typed).id;
}

static void what_was_made_is_found(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret, shown;
	struct pl_app_password made = issue(fixture, OWNER, &secret);
	char upper[PL_SECRET_MAX + 1] = "";

	assert_int_equal(secret.len, 16);
	for (size_t i = 0; i < secret.len; i++) {
		assert_in_range(secret.data[i], 'a', 'z');
		upper[i] = (char)(secret.data[i] - 'a' + 'A');
	}
	assert_int_equal(offer(fixture, OWNER, (const char *)secret.data), made.id);
	assert_int_equal(offer(fixture, OWNER, upper), made.id);
	assert_int_equal(pl_app_password_display(&secret, &shown), 0);
	assert_int_equal(strlen((const char *)shown.data), 19);
	assert_int_equal(offer(fixture, OWNER, (const char *)shown.data), made.id);
}

static void nearly_right_is_wrong(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret;
	struct pl_app_password made = issue(fixture, OWNER, &secret);
	char typed[32];

	snprintf(typed, sizeof(typed), "%.15s", secret.data);
	assert_int_equal(offer(fixture, OWNER, typed), 0);
	snprintf(typed, sizeof(typed), "%.16sa", secret.data);
	assert_int_equal(offer(fixture, OWNER, typed), 0);
	for (size_t i = 0; i < 16; i++) {
		memcpy(typed, secret.data, 17);
		typed[i] = typed[i] == 'z' ? 'a' : (char)(typed[i] + 1);
		assert_int_equal(offer(fixture, OWNER, typed), 0);
	}
	assert_int_equal(offer(fixture, OWNER, (const char *)secret.data), made.id);
}

static void it_opens_no_other_member(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret, others;
	struct pl_app_password made = issue(fixture, OWNER, &secret);
	struct pl_app_password other = issue(fixture, "other@example.test", &others);

	assert_int_not_equal(made.member_id, other.member_id);
	assert_int_equal(offer(fixture, "other@example.test", (const char *)secret.data), 0);
	assert_int_equal(offer(fixture, "stranger@example.test", (const char *)secret.data), 0);
	/* Nor when its row is moved to the other in the database. */
	sql_run(fixture->db, "DELETE FROM app_password WHERE member_id = 2; "
			     "UPDATE app_password SET member_id = 2 WHERE member_id = 1");
	assert_int_equal(offer(fixture, "other@example.test", (const char *)secret.data), 0);
}

/* 64,000 letters: each is expected 2462 times, give or take 49, and the last
 * four together 9846 times, give or take 91. A byte modulo 26 would give these
 * four 9000. The bounds are far enough for chance never to reach them. */
static void every_letter_is_equally_likely(void **state)
{
	struct fixture *fixture = *state;
	unsigned int seen[26] = { 0 };

	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	for (int i = 0; i < 1000; i++) {
		struct pl_app_password wanted = { .label = "many" };
		struct pl_address address = address_of(OWNER);
		struct pl_secret secret;

		snprintf(address.local, sizeof(address.local), "user%d", i / 20);
		assert_ok(fixture, pl_app_password_issue(work_of(fixture), fixture->keys, 64,
							 &address, &wanted, &secret));
		for (size_t c = 0; c < secret.len; c++)
			seen[secret.data[c] - 'a']++;
	}
	for (size_t i = 0; i < COUNT(seen); i++)
		assert_in_range(seen[i], 2462 - 400, 2462 + 400);
	assert_in_range(seen[22] + seen[23] + seen[24] + seen[25], 9846 - 500, 9846 + 500);
}

static void database_and_records_hold_no_secret(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret, shown;

	issue(fixture, OWNER, &secret);
	pl_app_password_display(&secret, &shown);
	assert_true(database_holds(fixture, "phone"));
	assert_false(database_holds(fixture, (const char *)secret.data));
	assert_false(database_holds(fixture, (const char *)shown.data));
}

static void limits_come_back_as_they_were_set(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_address address = address_of(OWNER);
	struct pl_app_password wanted = { .label = "scanner",
					  .services = 1u << PL_SETTING_SMTP,
					  .expires_at = 2000 };
	struct pl_app_password found;
	struct pl_secret secret;
	struct pl_ip ip;

	strcpy(wanted.networks, "192.0.2.0/24, 2001:db8::/32");
	assert_ok(fixture, pl_app_password_issue(work_of(fixture), fixture->keys, 16, &address,
						 &wanted, &secret));
	found = offered_app_password(fixture, OWNER, (const char *)secret.data);
	assert_int_equal(found.id, wanted.id);
	pl_ip_parse("2001:db8::7", &ip, NULL);
	assert_int_equal(pl_app_password_limit(&found, PL_SETTING_SMTP, &ip, 1999),
			 PL_APP_PASSWORD_COVERS);
	assert_int_equal(pl_app_password_limit(&found, PL_SETTING_SMTP, &ip, 2000),
			 PL_APP_PASSWORD_EXPIRED);
	assert_int_equal(pl_app_password_limit(&found, PL_SETTING_IMAP, &ip, 1999),
			 PL_APP_PASSWORD_WRONG_SERVICE);
	pl_ip_parse("198.51.100.1", &ip, NULL);
	assert_int_equal(pl_app_password_limit(&found, PL_SETTING_SMTP, &ip, 1999),
			 PL_APP_PASSWORD_WRONG_NETWORK);
	/* A service that only a newer version knows must not mean "all". */
	sql_run(fixture->db, "UPDATE app_password SET services = 'caldav', networks = ''");
	found = offered_app_password(fixture, OWNER, (const char *)secret.data);
	assert_int_equal(found.id, wanted.id);
	assert_int_equal(pl_app_password_limit(&found, PL_SETTING_SMTP, &ip, 1),
			 PL_APP_PASSWORD_WRONG_SERVICE);
	assert_int_equal(pl_app_password_limit(&found, PL_SETTING_IMAP, &ip, 1),
			 PL_APP_PASSWORD_WRONG_SERVICE);
}

static void bad_values_are_refused_and_leave_nothing(void **state)
{
	static const struct {
		const char *label, *networks;
		size_t letters;
	} rows[] = {
		{ "phone", "", 15 },     { "phone", "", 65 }, { "", "", 16 },
		{ "a\nb", "", 16 },      { "a\x7f", "", 16 }, { "phone", "192.0.2.1/24", 16 },
		{ " ", "", 16 },         { "\xff", "", 16 },  { "a\u202eb", "", 16 },
		{ "phone", "home", 16 },
	};
	struct fixture *fixture = *state;
	const struct pl_address address = address_of(OWNER);

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pl_app_password wanted = { .id = 0 };
		struct pl_secret secret;

		strcpy(wanted.label, rows[i].label);
		strcpy(wanted.networks, rows[i].networks);
		assert_refused(fixture,
			       pl_app_password_issue(work_of(fixture), fixture->keys,
						     rows[i].letters, &address, &wanted, &secret),
			       PL_ERR_INVALID, OWNER);
		assert_int_equal(secret.len, 0);
	}
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM member"), 0);
}

static void revoked_is_dead_at_once(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_address owner = address_of(OWNER), other = address_of("other@example.test");
	struct pl_secret first, second, third;
	int64_t second_id;

	issue(fixture, OWNER, &first);
	second_id = issue(fixture, OWNER, &second).id;
	issue(fixture, "other@example.test", &third);
	/* An id of another member's is none of yours. */
	assert_int_equal(pl_app_password_revoke(work_of(fixture), &other, second_id, NULL), 0);
	assert_int_equal(offer(fixture, OWNER, (const char *)second.data), second_id);
	assert_int_equal(pl_app_password_revoke(work_of(fixture), &owner, second_id, NULL), 1);
	assert_int_equal(offer(fixture, OWNER, (const char *)second.data), 0);
	assert_int_not_equal(offer(fixture, OWNER, (const char *)first.data), 0);
	issue(fixture, OWNER, &second);
	assert_int_equal(pl_app_password_revoke(work_of(fixture), &owner, 0, NULL), 2);
	assert_int_equal(offer(fixture, OWNER, (const char *)first.data), 0);
	assert_int_equal(offer(fixture, OWNER, (const char *)second.data), 0);
	assert_int_not_equal(offer(fixture, "other@example.test", (const char *)third.data), 0);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM audit WHERE action = 'app-password.revoke' "
				 "AND object = '" OWNER "' AND before LIKE 'id=% label=phone'"),
			 3);
}

static void kind_decides_the_services(void **state)
{
	static const struct {
		enum pl_app_password_kind kind;
		unsigned int wanted, covered;
		int refused;
	} rows[] = {
		{ PL_APP_PASSWORD_MAIL, 0, 0, 0 },
		{ PL_APP_PASSWORD_MAIL, 1u << PL_SETTING_IMAP, 1u << PL_SETTING_IMAP, 0 },
		{ PL_APP_PASSWORD_SCANNER, 0, 1u << PL_SETTING_SMTP, 0 },
		{ PL_APP_PASSWORD_SCANNER, 1u << PL_SETTING_SMTP, 1u << PL_SETTING_SMTP, 0 },
		{ PL_APP_PASSWORD_SCANNER, 1u << PL_SETTING_IMAP, 0, 1 },
		{ PL_APP_PASSWORD_SCRIPT, 1u << PL_SETTING_SIEVE, 1u << PL_SETTING_SIEVE, 0 },
	};
	struct fixture *fixture = *state;
	const struct pl_address address = address_of(OWNER);

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pl_app_password made = { .kind = rows[i].kind,
						.label = "phone",
						.services = rows[i].wanted };
		struct pl_secret secret;
		int ret = pl_app_password_issue(work_of(fixture), fixture->keys, 16, &address,
						&made, &secret);

		assert_int_equal(ret, rows[i].refused ? -1 : 0);
		if (ret < 0)
			continue;
		assert_int_equal(made.services, rows[i].covered);
		assert_int_equal(app_password_of(fixture, made.member_id).kind, rows[i].kind);
	}
}

/* As long as it may be, in the longest characters: the record of it has it whole. */
static void longest_label_is_kept(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_address address = address_of(OWNER);
	struct pl_app_password made = { .id = 0 };
	struct pl_secret secret;

	for (int i = 0; i < PL_APP_PASSWORD_LABEL; i++)
		strcat(made.label, "\U0001f5a8");
	memset(made.networks, ' ', PL_APP_PASSWORD_NETWORKS);
	assert_ok(fixture, pl_app_password_issue(work_of(fixture), fixture->keys, 16, &address,
						 &made, &secret));
	assert_string_equal(app_password_of(fixture, made.member_id).label, made.label);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM audit a JOIN app_password p ON "
					      "a.after LIKE '% label=' || p.label"),
			 1);
}

static int count_one(const struct pl_app_password *row, void *context)
{
	assert_string_equal(row->label, "phone");
	++*(int *)context;
	return 0;
}

static void number_for_each_member_is_bounded(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_address address = address_of(OWNER);
	struct pl_app_password made = { .label = "phone" };
	struct pl_secret secret;
	int count = 0;

	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	for (int i = 0; i < PL_APP_PASSWORDS_PER_MEMBER; i++)
		made = issue(fixture, OWNER, &secret);
	assert_refused(fixture,
		       pl_app_password_issue(work_of(fixture), fixture->keys, 16, &address, &made,
					     &secret),
		       PL_ERR_CONFLICT, "revoke one first");
	assert_ok(fixture, pl_app_password_list(fixture->store, made.member_id, count_one, &count,
						&fixture->err));
	assert_int_equal(count, PL_APP_PASSWORDS_PER_MEMBER);
	assert_int_equal(pl_app_password_revoke(work_of(fixture), &address, 0, NULL),
			 PL_APP_PASSWORDS_PER_MEMBER);
}

static void load_keys(struct fixture *fixture, const char *text)
{
	const char *path = path_in(fixture, "rotated.key");

	pl_keys_free(&fixture->keys);
	write_file(path, text, strlen(text));
	assert_int_equal(chmod(path, 0600), 0);
	assert_ok(fixture, pl_keys_load(path, &fixture->keys, &fixture->err));
}

#define KEY_1 "1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define KEY_2 "2 ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

static void keys_can_be_changed_without_loss(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret old_secret, new_secret;
	struct pl_app_password old_row = issue(fixture, OWNER, &old_secret), new_row;

	load_keys(fixture, KEY_2 KEY_1);
	assert_int_equal(offer(fixture, OWNER, (const char *)old_secret.data), old_row.id);
	new_row = issue(fixture, OWNER, &new_secret);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT key_id FROM app_password ORDER BY id DESC LIMIT 1"),
			 2);
	load_keys(fixture, KEY_2);
	assert_int_equal(offer(fixture, OWNER, (const char *)old_secret.data), 0);
	assert_int_equal(offer(fixture, OWNER, (const char *)new_secret.data), new_row.id);
	load_keys(fixture, KEY_1);
	assert_int_equal(offer(fixture, OWNER, (const char *)old_secret.data), old_row.id);
	assert_int_equal(offer(fixture, OWNER, (const char *)new_secret.data), 0);
}

/* "Cannot tell" must not look like "wrong". */
static void broken_store_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_address owner = address_of(OWNER);
	struct pl_secret secret;

	issue(fixture, OWNER, &secret);
	sql_run(fixture->db, "ALTER TABLE app_password RENAME TO elsewhere");
	assert_int_equal(pl_app_password_revoke(work_of(fixture), &owner, 0, NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(what_was_made_is_found),
		TEST_WITH_DATABASE(nearly_right_is_wrong),
		TEST_WITH_DATABASE(it_opens_no_other_member),
		TEST_WITH_DATABASE(every_letter_is_equally_likely),
		TEST_WITH_DATABASE(database_and_records_hold_no_secret),
		TEST_WITH_DATABASE(limits_come_back_as_they_were_set),
		TEST_WITH_DATABASE(bad_values_are_refused_and_leave_nothing),
		TEST_WITH_DATABASE(revoked_is_dead_at_once),
		TEST_WITH_DATABASE(kind_decides_the_services),
		TEST_WITH_DATABASE(longest_label_is_kept),
		TEST_WITH_DATABASE(number_for_each_member_is_bounded),
		TEST_WITH_DATABASE(keys_can_be_changed_without_loss),
		TEST_WITH_DATABASE(broken_store_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
