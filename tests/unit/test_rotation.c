/* test_rotation.c - keys that take the place of others, and what depends on them. */
#include "tests/unit/factor.h"

#include <sys/stat.h>
#include <unistd.h>

#include "policy/approval/push.h"
#include "policy/base/key_file.h"
#include "policy/credential/factor.h"
#include "policy/login/login.h"
#include "policy/outbox/notice.h"
#include "policy/outbox/outbox.h"
#include "policy/rotation/reseal.h"
#include "policy/session/signing_key.h"

#define KEY_1 "1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define KEY_2 "2 ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define DAY 20789 /* 2026-12-02 */

/* ---- the file ---- */

static const unsigned char new_key[PL_KEY_BYTES] = { 0xab, 0xcd };
#define NEW_HEX "abcd000000000000000000000000000000000000000000000000000000000000"

static void text_has_the_keys_that_are_wanted_in_their_order(void **state)
{
	static const struct {
		const char *before;
		int ids[3];
		size_t count;
		int added;
		const char *after; /* NULL: refused */
	} rows[] = {
		{ KEY_1, { 1 }, 1, 0, KEY_1 },
		{ "# Of all.\n" KEY_1,
		  { 1, 2 },
		  2,
		  2,
		  "# Of all.\n" KEY_1 "# 2 since 2026-12-02\n2 " NEW_HEX "\n" },
		{ KEY_1 "# 2 since 2026-01-01\n" KEY_2 "# Of all.",
		  { 2, 1 },
		  2,
		  0,
		  "# Of all.\n# 2 since 2026-01-01\n" KEY_2 KEY_1 },
		{ "# 2 since 2026-01-01\n" KEY_2 "\n# 1 since 2025-01-01\n" KEY_1,
		  { 2 },
		  1,
		  0,
		  "# 2 since 2026-01-01\n" KEY_2 },
		{ KEY_1, { 2 }, 1, 0, NULL },
		{ "", { 1 }, 1, 0, NULL },
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const int len = pl_key_text(rows[i].before, rows[i].ids, rows[i].count,
					    rows[i].added, new_key, DAY, text, sizeof(text));

		if (rows[i].after == NULL) {
			assert_int_equal(len, -1);
			continue;
		}
		assert_string_equal(text, rows[i].after);
		assert_int_equal(len, strlen(text));
	}
	assert_int_equal(pl_key_text(KEY_1, rows[0].ids, 1, 0, new_key, DAY, text, strlen(KEY_1)),
			 -1);
}

static struct pl_keys *load(struct fixture *fixture, const char *path)
{
	struct pl_keys *keys;

	assert_ok(fixture, pl_keys_load(path, &keys, &fixture->err));
	return keys;
}

static struct pl_keys *keys_of(struct fixture *fixture, const char *text)
{
	const char *path = path_in(fixture, "rotated.key");

	write_file(path, text, strlen(text));
	chmod(path, 0600);
	return load(fixture, path);
}

static void assert_keys(struct fixture *fixture, const char *path, size_t count, int first,
			int second)
{
	struct pl_keys *keys = load(fixture, path);
	struct stat st;

	assert_int_equal(pl_keys_count(keys), count);
	assert_int_equal(pl_keys_id(keys, 0), first);
	if (count > 1)
		assert_int_equal(pl_keys_id(keys, 1), second);
	pl_keys_free(&keys);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_gid, getgid());
}

static void file_is_changed_in_steps_and_keeps_its_mode(void **state)
{
	struct fixture *fixture = *state;
	char path[128];
	struct pl_keys *keys;
	int id;

	snprintf(path, sizeof(path), "%s", path_in(fixture, "steps.key"));
	assert_ok(fixture,
		  pl_key_file_create(path, DAY - 1, 0640, getuid(), getgid(), &fixture->err));
	assert_ok(fixture, pl_key_file_add(path, DAY, &id, &fixture->err));
	assert_int_equal(id, 2);
	assert_keys(fixture, path, 2, 1, 2);
	keys = load(fixture, path);
	assert_string_equal(pl_keys_since(keys, 0), "2026-12-01");
	assert_string_equal(pl_keys_since(keys, 1), "2026-12-02");
	pl_keys_free(&keys);
	assert_ok(fixture, pl_key_file_put_first(path, 2, &fixture->err));
	assert_keys(fixture, path, 2, 2, 1);
	assert_ok(fixture, pl_key_file_keep_first(path, &fixture->err));
	assert_keys(fixture, path, 1, 2, 0);
	/* A number is never given again. */
	assert_ok(fixture, pl_key_file_add(path, DAY, &id, &fixture->err));
	assert_int_equal(id, 3);
	assert_ok(fixture, pl_key_file_add(path, DAY, &id, &fixture->err));
	assert_ok(fixture, pl_key_file_add(path, DAY, &id, &fixture->err));
	assert_refused(fixture, pl_key_file_add(path, DAY, &id, &fixture->err), PL_ERR_CONFLICT,
		       "4 keys, which is the most");
	assert_keys(fixture, path, 4, 2, 3);
	assert_refused(fixture, pl_key_file_put_first(path, 9, &fixture->err), PL_ERR_CONFLICT,
		       "it has no key of number 9");
	assert_keys(fixture, path, 4, 2, 3);
	assert_int_equal(chmod(path, 0644), 0);
	assert_refused(fixture, pl_key_file_keep_first(path, &fixture->err), PL_ERR_RETRY,
		       "others can read or write it");
}

/* ---- what is sealed ---- */

static void no_progress(const char *what, int64_t done)
{
	(void)what;
	(void)done;
}

static struct pl_resealed reseal(struct fixture *fixture, enum pl_key_file file,
				 const struct pl_keys *keys)
{
	struct pl_resealed resealed;

	assert_ok(fixture, pl_reseal_commit(work_of(fixture), file, keys, no_progress, &resealed));
	return resealed;
}

static struct pl_key_rows others(struct fixture *fixture, enum pl_key_file file, int key_id)
{
	struct pl_key_counts counts;
	struct pl_key_rows rows;

	assert_ok(fixture, pl_key_counts_read(work_of(fixture), file, &counts));
	pl_key_counts_others(&counts, key_id, &rows);
	return rows;
}

static enum pl_code_result take_with(struct fixture *fixture, const struct pl_keys *seal,
				     int64_t member_id, const struct pl_secret *secret, int64_t at)
{
	struct pl_code_answer answer;
	char code[8];

	assert_ok(fixture, pl_totp_redeem_commit(work_at(fixture, at), seal, member_id,
						 code_at(secret, at, code), &answer));
	return answer.result;
}

static int count_key(const struct pl_signing_key *key, void *context)
{
	(void)key;
	++*(int *)context;
	return 0;
}

static void second_factors_and_signing_keys_need_the_new_key_alone(void **state)
{
	struct fixture *fixture = *state;
	struct pl_keys *both, *new;
	struct pl_secret one, two, pending;
	struct pl_resealed resealed;
	struct pl_key_rows left;
	const int64_t owner = register_factor(fixture, OWNER, T, &one);
	const int64_t other = register_factor(fixture, OTHER, T, &two);
	int signing = 0;
	char code[8];

	begin(fixture, "third@example.test", T, &pending);
	assert_ok(fixture, pl_signing_keys_make(work_of(fixture), fixture->keys));
	both = keys_of(fixture, KEY_2 KEY_1);
	left = others(fixture, PL_KEY_FILE_SEAL, 2);
	assert_int_equal(left.count[PL_KEY_USE_SECOND_FACTORS], 2);
	assert_int_equal(left.count[PL_KEY_USE_PENDING_FACTORS], 1);
	assert_int_equal(left.count[PL_KEY_USE_SIGNING_KEYS], 2);
	resealed = reseal(fixture, PL_KEY_FILE_SEAL, both);
	assert_int_equal(resealed.done, 5);
	assert_int_equal(resealed.unreadable, 0);
	left = others(fixture, PL_KEY_FILE_SEAL, 2);
	assert_int_equal(pl_key_rows_total(&left), 0);
	assert_int_equal(reseal(fixture, PL_KEY_FILE_SEAL, both).done, 0);
	pl_keys_free(&both);
	new = keys_of(fixture, KEY_2);
	assert_int_equal(take_with(fixture, new, owner, &one, T + 5 * STEP), PL_CODE_RIGHT);
	assert_int_equal(take_with(fixture, new, other, &two, T + 5 * STEP), PL_CODE_RIGHT);
	assert_ok(fixture, pl_signing_key_list(work_of(fixture), new, count_key, &signing));
	assert_int_equal(signing, 2);
	pl_keys_free(&fixture->keys);
	fixture->keys = new;
	assert_int_equal(confirm(fixture, "third@example.test", code_at(&pending, T + STEP, code),
				 T + STEP),
			 PL_CODE_RIGHT);
}

/* More than a portion, of which one was changed by a hand, and one has a key that nobody has. */
static void rows_that_cannot_be_read_stay_and_are_counted(void **state)
{
	struct fixture *fixture = *state;
	struct pl_keys *both = keys_of(fixture, KEY_2 KEY_1);
	struct pl_work work = *work_of(fixture);
	struct pl_resealed resealed;
	struct pl_key_counts counts;
	struct pl_key_rows lost;
	char text[256];

	add_member(fixture, OWNER, "");
	work.outbox = fixture->keys;
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	for (int i = 0; i < 450; i++)
		assert_ok(fixture,
			  pl_notice_add(&work, account_of(fixture, OWNER).member.id,
					i % 2 == 0 ? "factor-reset" : "factor-removed", NULL));
	assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
	sql_run(fixture->db, "UPDATE outbox SET what = 'device-trusted' WHERE id = (SELECT MIN(id) "
			     "FROM outbox)");
	resealed = reseal(fixture, PL_KEY_FILE_OUTBOX, both);
	assert_int_equal(resealed.done, 449);
	assert_int_equal(resealed.unreadable, 1);
	assert_non_null(strstr(resealed.why.msg, "was changed"));
	assert_int_equal(reseal(fixture, PL_KEY_FILE_OUTBOX, both).unreadable, 1);
	pl_keys_free(&both);
	both = keys_of(fixture, KEY_2);
	assert_ok(fixture, pl_key_counts_read(work_of(fixture), PL_KEY_FILE_OUTBOX, &counts));
	pl_key_counts_lost(&counts, both, &lost);
	assert_string_equal(pl_key_rows_format(&lost, text, sizeof(text)), "1 messages");
	pl_key_counts_lost(&counts, NULL, &lost);
	assert_int_equal(pl_key_rows_total(&lost), 450);
	pl_keys_free(&both);
}

static void messages_are_opened_with_the_new_key(void **state)
{
	static const struct pl_notice_origin origin = { .ip = "192.0.2.1" };
	struct fixture *fixture = *state;
	struct pl_keys *both = keys_of(fixture, KEY_2 KEY_1), *new;
	struct pl_work work = *work_at(fixture, T);
	struct pl_secret payload;
	struct pl_message message;

	add_member(fixture, OWNER, "");
	work.outbox = fixture->keys;
	assert_ok(fixture, pl_notice_add(&work, account_of(fixture, OWNER).member.id,
					 "factor-reset", &origin));
	assert_int_equal(reseal(fixture, PL_KEY_FILE_OUTBOX, both).done, 1);
	pl_keys_free(&both);
	new = keys_of(fixture, KEY_2);
	reopen(fixture, PL_ROLE_SENDER);
	assert_int_equal(pl_outbox_due(work_at(fixture, T), PL_OUTBOX_NEW, &message, 1), 1);
	assert_ok(fixture, pl_message_open(&message, new, &payload, &fixture->err));
	assert_non_null(strstr((const char *)payload.data, "ip=192.0.2.1"));
	assert_int_equal(pl_message_open(&message, fixture->keys, &payload, &fixture->err), -1);
	pl_keys_free(&new);
}

static void push_services_know_the_portal_by_the_same_key(void **state)
{
	struct fixture *fixture = *state;
	struct pl_keys *both = keys_of(fixture, KEY_2 KEY_1), *new = keys_of(fixture, KEY_2);
	struct pl_signing_key before, after;
	struct pl_work work;

	reopen(fixture, PL_ROLE_PORTAL);
	work = *work_at(fixture, T);
	work.outbox = fixture->keys;
	assert_ok(fixture, pl_push_key_make(&work, &before));
	reopen(fixture, PL_ROLE_COMMAND);
	assert_int_equal(reseal(fixture, PL_KEY_FILE_OUTBOX, both).done, 1);
	reopen(fixture, PL_ROLE_PORTAL);
	work = *work_at(fixture, T);
	work.outbox = new;
	assert_int_equal(pl_push_key_get(&work, &after), 1);
	assert_int_equal(before.secret.len, after.secret.len);
	assert_memory_equal(before.secret.data, after.secret.data, after.secret.len);
	/* Where the key that it was sealed with is lost, there is a new one. */
	work.outbox = fixture->keys;
	assert_int_equal(pl_push_key_get(&work, &after), 0);
	assert_ok(fixture, pl_push_key_make(&work, &after));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM web_push_key"), 1);
	assert_int_equal(pl_push_key_get(&work, &before), 1);
	assert_memory_equal(before.secret.data, after.secret.data, after.secret.len);
	pl_keys_free(&both);
	pl_keys_free(&new);
}

/* ---- MACs ---- */

static struct pl_app_password issue(struct fixture *fixture, const char *address,
				    struct pl_secret *secret_r)
{
	const struct pl_address owner = address_of(address);
	struct pl_app_password made = { .label = "phone" };

	assert_ok(fixture, pl_app_password_issue(work_of(fixture), fixture->keys, 16, &owner, &made,
						 secret_r));
	return made;
}

/* What the login of an app password would have stored, as its record has it. */
static struct pl_app_password_renewal renewal_of(struct fixture *fixture,
						 const struct pl_keys *keys,
						 const struct pl_secret *secret)
{
	const struct pl_login login = { .user = OWNER,
					.user_len = strlen(OWNER),
					.secret = secret,
					.offer = PL_OFFER_PASSWORD,
					.service = PL_SETTING_IMAP,
					.now = T };
	struct pl_login_result result;

	assert_ok(fixture, pl_login_evaluate(fixture->store, fixture->policy, keys, &login, &result,
					     &fixture->err));
	assert_int_not_equal(result.app_password.id, 0);
	return result.renewal;
}

static void use(struct fixture *fixture, int64_t id, const struct pl_app_password_renewal *renewal)
{
	const struct pl_app_password_use used = {
		.app_password_id = id, .service = PL_SETTING_IMAP, .at = T, .renewal = *renewal
	};

	reopen(fixture, PL_ROLE_USE);
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	assert_ok(fixture, pl_app_password_used(work_at(fixture, T), &used));
	assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
	reopen(fixture, PL_ROLE_COMMAND);
}

static void app_password_has_the_first_key_after_its_next_use(void **state)
{
	struct fixture *fixture = *state;
	struct pl_keys *both = keys_of(fixture, KEY_2 KEY_1);
	struct pl_keys *late = keys_of(fixture, KEY_1 KEY_2), *new = keys_of(fixture, KEY_2);
	struct pl_secret secret;
	const struct pl_app_password made = issue(fixture, OWNER, &secret);
	struct pl_app_password_renewal renewal = renewal_of(fixture, fixture->keys, &secret);

	assert_int_equal(renewal.key_id, 0);
	renewal = renewal_of(fixture, late, &secret);
	assert_int_equal(renewal.key_id, 0);
	renewal = renewal_of(fixture, both, &secret);
	assert_int_equal(renewal.key_id, 2);
	use(fixture, made.id, &renewal);
	assert_int_equal(sql_int(fixture->db, "SELECT key_id FROM app_password"), 2);
	assert_int_equal(renewal_of(fixture, new, &secret).key_id, 0);
	/* A program that has not read the file yet does not bring the old key back. */
	renewal = renewal_of(fixture, late, &secret);
	assert_int_equal(renewal.key_id, 1);
	use(fixture, made.id, &renewal);
	assert_int_equal(sql_int(fixture->db, "SELECT key_id FROM app_password"), 2);
	assert_int_equal(renewal_of(fixture, new, &secret).key_id, 0);
	pl_keys_free(&both);
	pl_keys_free(&late);
	pl_keys_free(&new);
}

static void what_is_given_up_leaves_the_second_factor(void **state)
{
	const struct pl_address owner = address_of(OWNER);
	struct fixture *fixture = *state;
	char codes[PL_RECOVERY_CODES][PL_RECOVERY_TEXT];
	struct pl_key_rows dropped, left;
	struct pl_factor_state factor;
	struct pl_secret secret;
	const int64_t id = register_factor(fixture, OWNER, T, &secret);

	assert_ok(fixture, pl_recovery_make(work_of(fixture), fixture->keys,
					    account_at(fixture, &owner), codes));
	assert_ok(fixture, pl_recovery_kept(work_of(fixture), id));
	issue(fixture, OWNER, &secret);
	pl_keys_free(&fixture->keys);
	fixture->keys = keys_of(fixture, KEY_2 KEY_1);
	issue(fixture, OTHER, &secret);
	left = others(fixture, PL_KEY_FILE_VERIFY, 2);
	assert_int_equal(left.count[PL_KEY_USE_APP_PASSWORDS], 1);
	assert_int_equal(left.count[PL_KEY_USE_RECOVERY_CODES], PL_RECOVERY_CODES);
	assert_ok(fixture, pl_key_drop_commit(work_of(fixture), 2, &dropped));
	assert_memory_equal(dropped.count, left.count, sizeof(left.count));
	left = others(fixture, PL_KEY_FILE_VERIFY, 2);
	assert_int_equal(pl_key_rows_total(&left), 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM app_password"), 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM outbox WHERE what = "
					      "'app-password-revoked'"),
			 1);
	assert_ok(fixture, pl_factor_state(work_of(fixture), id, &factor));
	assert_int_not_equal(factor.kinds, 0);
	assert_int_equal(factor.recovery_codes, 0);
	assert_int_equal(factor.recovery_kept, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_has_the_keys_that_are_wanted_in_their_order),
		TEST_IN_FOLDER(file_is_changed_in_steps_and_keeps_its_mode),
		TEST_WITH_DATABASE(second_factors_and_signing_keys_need_the_new_key_alone),
		TEST_WITH_DATABASE(rows_that_cannot_be_read_stay_and_are_counted),
		TEST_WITH_DATABASE(messages_are_opened_with_the_new_key),
		TEST_WITH_DATABASE(push_services_know_the_portal_by_the_same_key),
		TEST_WITH_DATABASE(app_password_has_the_first_key_after_its_next_use),
		TEST_WITH_DATABASE(what_is_given_up_leaves_the_second_factor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
