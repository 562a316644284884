/* test_totp.c - one-time codes: right, once, in time, and not by guessing. */
#include "tests/unit/factor.h"
#include "tests/unit/parallel.h"

#include "policy/base/seal.h"
#include "policy/credential/trusted.h"

/* Puts a known secret in the place of the member's. */
static void plant(struct fixture *fixture, int64_t member_id, const char *base32)
{
	struct pl_secret secret;
	struct pl_sealed sealed;

	pl_secret_set(&secret, base32, strlen(base32));
	assert_ok(fixture,
		  pl_seal(fixture->keys, "totp", member_id, &secret, &sealed, &fixture->err));
	assert_ok(fixture, pl_exec(fixture->store, PL_SQL_TOTP_SET,
				   PL_PARAMS(PL_INT("member_id", member_id), PL_INT("now", 1),
					     PL_TEXT("ip", ""), PL_INT("step", 0),
					     PL_BLOB("secret", sealed.data, sealed.len)),
				   &fixture->err));
}

/* RFC 6238 appendix B, SHA-1: its codes have eight digits, ours the last six.
 * The secret is the 20 ASCII bytes 12345678901234567890. */
static void vectors_of_rfc_6238(void **state)
{
	static const struct {
		int64_t at;
		const char *code;
	} rows[] = {
		{ 59, "287082" },         { 1111111109, "081804" }, { 1111111111, "050471" },
		{ 1234567890, "005924" }, { 2000000000, "279037" }, { 20000000000, "353130" },
	};
	struct fixture *fixture = *state;
	struct pl_secret secret;
	int64_t id = register_factor(fixture, OWNER, T, &secret);

	plant(fixture, id, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(take(fixture, id, rows[i].code, rows[i].at, NULL), PL_CODE_RIGHT);
}

static void window_is_one_step_to_each_side(void **state)
{
	static const struct {
		int step;
		enum pl_code_result result;
	} rows[] = {
		{ -2, PL_CODE_WRONG }, { -1, PL_CODE_RIGHT }, { 0, PL_CODE_RIGHT },
		{ 1, PL_CODE_RIGHT },  { 2, PL_CODE_WRONG },
	};
	struct fixture *fixture = *state;
	struct pl_secret secret;
	int64_t id = register_factor(fixture, OWNER, T, &secret), now = T;
	char code[8];

	for (size_t i = 0; i < COUNT(rows); i++) {
		now += 10 * STEP;
		code_at(&secret, now + rows[i].step * STEP, code);
		assert_int_equal(take(fixture, id, code, now, NULL), rows[i].result);
	}
}

static void code_is_taken_once(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret;
	int64_t id = register_factor(fixture, OWNER, T, &secret), now = T + 5 * STEP;
	char code[8];

	code_at(&secret, now, code);
	assert_int_equal(take(fixture, id, code, now, NULL), PL_CODE_RIGHT);
	assert_int_equal(take(fixture, id, code, now, NULL), PL_CODE_USED);
	assert_int_equal(take(fixture, id, code, now + STEP, NULL), PL_CODE_USED);
	reopen(fixture, PL_ROLE_PORTAL);
	assert_int_equal(take(fixture, id, code, now, NULL), PL_CODE_USED);
}

static void code_of_the_registration_is_spent(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret;
	int64_t id = register_factor(fixture, OWNER, T, &secret);
	char code[8];

	assert_int_equal(take(fixture, id, code_at(&secret, T, code), T, NULL), PL_CODE_USED);
	assert_int_equal(take(fixture, id, code_at(&secret, T + STEP, code), T, NULL),
			 PL_CODE_RIGHT);
}

static void older_code_is_refused_once_a_newer_was_taken(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret;
	int64_t id = register_factor(fixture, OWNER, T, &secret), now = T + 5 * STEP;
	char code[8];

	assert_int_equal(take(fixture, id, code_at(&secret, now + STEP, code), now, NULL),
			 PL_CODE_RIGHT);
	assert_int_equal(take(fixture, id, code_at(&secret, now, code), now, NULL), PL_CODE_USED);
	assert_int_equal(take(fixture, id, code_at(&secret, now - STEP, code), now, NULL),
			 PL_CODE_USED);
}

/* The matched step is what is noted, not the present one. */
static void late_code_leaves_the_next_one_good(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret;
	int64_t id = register_factor(fixture, OWNER, T, &secret), now = T + 5 * STEP;
	char code[8];

	assert_int_equal(take(fixture, id, code_at(&secret, now - STEP, code), now, NULL),
			 PL_CODE_RIGHT);
	assert_int_equal(take(fixture, id, code_at(&secret, now, code), now, NULL), PL_CODE_RIGHT);
}

static void clock_set_back_opens_no_spent_code(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret;
	int64_t id = register_factor(fixture, OWNER, T, &secret);
	char code[8];

	for (int64_t back = STEP; back <= 86400; back *= 4)
		assert_int_equal(take(fixture, id, code_at(&secret, T - back, code), T - back,
				      NULL),
				 PL_CODE_USED);
}

static void other_texts_are_wrong(void **state)
{
	static const char *const texts[] = { "",       "12345",  "1234567", "abcdef",
					     "12345 ", "-12345", "+12345" };
	struct fixture *fixture = *state;
	struct pl_secret secret;
	int64_t id = register_factor(fixture, OWNER, T, &secret), now = T + 5 * STEP;
	char code[8], longer[16];

	code_at(&secret, now, code);
	snprintf(longer, sizeof(longer), "%s0", code);
	assert_int_equal(take(fixture, id, longer, now, NULL), PL_CODE_WRONG);
	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_int_equal(take(fixture, id, texts[i], now, NULL), PL_CODE_WRONG);
		sql_run(fixture->db, "DELETE FROM factor_failure");
	}
}

static void other_members_code_is_wrong(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret, other;
	int64_t id = register_factor(fixture, OWNER, T, &secret), now = T + 5 * STEP;
	char code[8];

	register_factor(fixture, OTHER, T, &other);
	assert_int_equal(take(fixture, id, code_at(&other, now, code), now, NULL), PL_CODE_WRONG);
}

/* ---- failures ---- */

static void five_are_free_then_waits_double_up_to_an_hour(void **state)
{
	static const int64_t waits[] = { 30, 60, 120, 240, 480, 960, 1920, 3600, 3600 };
	struct fixture *fixture = *state;
	struct pl_secret secret;
	int64_t id = register_factor(fixture, OWNER, T, &secret), now = T + 5 * STEP, wait;
	char code[8];

	for (int i = 0; i < PL_FACTOR_FREE_FAILURES; i++)
		assert_int_equal(take(fixture, id, "000", now, NULL), PL_CODE_WRONG);
	for (size_t i = 0; i < COUNT(waits); i++) {
		assert_int_equal(take(fixture, id, "000", now, NULL), PL_CODE_WRONG);
		/* Also the right code waits, and is not spent by it. */
		assert_int_equal(take(fixture, id, code_at(&secret, now, code), now, &wait),
				 PL_CODE_WAIT);
		assert_int_equal(wait, waits[i]);
		now += waits[i] - 1;
		assert_int_equal(take(fixture, id, code_at(&secret, now, code), now, &wait),
				 PL_CODE_WAIT);
		assert_int_equal(wait, 1);
		now++;
	}
	assert_int_equal(take(fixture, id, code_at(&secret, now, code), now, NULL), PL_CODE_RIGHT);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM factor_failure"), 0);
}

static int64_t wait_until(struct fixture *fixture, int64_t id, int64_t now)
{
	struct pl_factor_state totp;

	assert_ok(fixture, pl_factor_state(work_at(fixture, now), id, &totp));
	return totp.wait_until;
}

static void state_has_the_end_of_a_wait_while_it_lasts(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret;
	int64_t id = register_factor(fixture, OWNER, T, &secret), now = T + 5 * STEP;

	fail_codes(fixture, id, PL_FACTOR_FREE_FAILURES, now);
	assert_int_equal(wait_until(fixture, id, now), 0);
	fail_codes(fixture, id, 1, now);
	assert_int_equal(wait_until(fixture, id, now), now + 30);
	assert_int_equal(wait_until(fixture, id, now + 30), 0);
	/* Of a wrong clock. */
	assert_int_equal(wait_until(fixture, id, now - 86400), 0);
}

static void wait_begins_at_the_last_failure_in_whichever_order_they_are_counted(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret;
	int64_t id = register_factor(fixture, OWNER, T, &secret), now = T + 5 * STEP;

	fail_codes(fixture, id, PL_FACTOR_FREE_FAILURES, now);
	fail_codes(fixture, id, 1, now - 20);
	assert_int_equal(wait_until(fixture, id, now), now + 30);
}

static void failure_of_a_wrong_clock_does_not_hide_later_ones(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret;
	int64_t id = register_factor(fixture, OWNER, T, &secret), now = T + 5 * STEP;

	fail_codes(fixture, id, 1, now + 86400);
	fail_codes(fixture, id, PL_FACTOR_FREE_FAILURES, now);
	assert_int_equal(wait_until(fixture, id, now), now + 30);
}

static void hundred_in_a_row_block_until_a_reset(void **state)
{
	const struct pl_address address = address_of(OWNER);
	struct fixture *fixture = *state;
	struct pl_factor_state totp;
	struct pl_secret secret;
	int64_t id = register_factor(fixture, OWNER, T, &secret), now = T + 5 * STEP;
	char code[8];

	now = fail_codes(fixture, id, PL_FACTOR_MAX_FAILURES - 1, now) + 3600;
	assert_ok(fixture, pl_factor_state(work_of(fixture), id, &totp));
	assert_int_equal(totp.failures, PL_FACTOR_MAX_FAILURES - 1);
	now = fail_codes(fixture, id, 1, now) + 365 * INT64_C(86400);
	assert_int_equal(take(fixture, id, code_at(&secret, now, code), now, NULL),
			 PL_CODE_BLOCKED);
	assert_int_equal(pl_factor_reset(work_of(fixture), account_at(fixture, &address)), 1);
	register_factor(fixture, OWNER, now, &secret);
	now += STEP;
	assert_int_equal(take(fixture, id, code_at(&secret, now, code), now, NULL), PL_CODE_RIGHT);
}

static void used_code_is_no_guess(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret;
	int64_t id = register_factor(fixture, OWNER, T, &secret);
	char code[8];

	code_at(&secret, T, code);
	for (int i = 0; i < 3 * PL_FACTOR_FREE_FAILURES; i++)
		assert_int_equal(take(fixture, id, code, T, NULL), PL_CODE_USED);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM factor_failure"), 0);
}

static void failures_of_one_member_are_not_anothers(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret, other;
	int64_t id = register_factor(fixture, OWNER, T, &secret), now = T + 5 * STEP;
	int64_t other_id = register_factor(fixture, OTHER, T, &other);
	char code[8];

	fail_codes(fixture, id, PL_FACTOR_FREE_FAILURES + 1, now);
	assert_int_equal(take(fixture, other_id, code_at(&other, now, code), now, NULL),
			 PL_CODE_RIGHT);
	assert_int_equal(take(fixture, id, code_at(&secret, now, code), now, NULL), PL_CODE_WAIT);
}

static void code_that_came_before_the_last_failure_waits_too(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret;
	int64_t id = register_factor(fixture, OWNER, T, &secret), now = T + 5 * STEP;
	char code[8];

	fail_codes(fixture, id, PL_FACTOR_FREE_FAILURES + 1, now);
	assert_int_equal(take(fixture, id, code_at(&secret, now, code), now - 1, NULL),
			 PL_CODE_WAIT);
}

static void failures_of_a_wrong_clock_lock_nobody_out(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret;
	int64_t id = register_factor(fixture, OWNER, T, &secret), now = T + 5 * STEP;
	char code[8];

	fail_codes(fixture, id, PL_FACTOR_FREE_FAILURES + 1, now + 365 * INT64_C(86400));
	assert_int_equal(take(fixture, id, code_at(&secret, now, code), now, NULL), PL_CODE_RIGHT);
}

/* ---- registration ---- */

static void pending_secret_opens_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret;
	int64_t id = begin(fixture, OWNER, T, &secret);
	struct pl_factor_state totp;
	char code[8];

	assert_int_equal(secret.len, 32); /* 160 bits in base32 */
	assert_int_equal(take(fixture, id, code_at(&secret, T, code), T, NULL), PL_CODE_NONE);
	assert_int_equal(account_of(fixture, OWNER).member.factor_kinds, 0);
	assert_ok(fixture, pl_factor_state(work_of(fixture), id, &totp));
	assert_int_equal(totp.kinds, 0);
}

static void new_secret_replaces_the_old_when_its_code_is_right(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret old, new;
	int64_t id = register_factor(fixture, OWNER, T, &old), now = T + 10 * STEP;
	char code[8];

	begin(fixture, OWNER, now, &new);
	assert_int_equal(confirm(fixture, OWNER, wrong_code(&new, now, code), now), PL_CODE_WRONG);
	assert_int_equal(take(fixture, id, code_at(&old, now, code), now, NULL), PL_CODE_RIGHT);
	now += 10 * STEP;
	assert_int_equal(confirm(fixture, OWNER, code_at(&new, now, code), now), PL_CODE_RIGHT);
	assert_int_equal(confirm(fixture, OWNER, code_at(&new, now + STEP, code), now),
			 PL_CODE_NONE);
	now += 10 * STEP;
	assert_int_equal(take(fixture, id, code_at(&old, now, code), now, NULL), PL_CODE_WRONG);
	assert_int_equal(take(fixture, id, code_at(&new, now, code), now, NULL), PL_CODE_RIGHT);
}

static void registration_is_forgotten_after_a_quarter_hour(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret;
	int64_t now = T + PL_TOTP_PENDING_SECONDS;
	char code[8];

	begin(fixture, OWNER, T, &secret);
	assert_int_equal(confirm(fixture, OWNER, code_at(&secret, now, code), now), PL_CODE_NONE);
	assert_int_equal(confirm(fixture, OWNER, code_at(&secret, now - 1, code), now - 1),
			 PL_CODE_RIGHT);
}

/* What the caller does beside it is done with it, or neither is. */
static void registration_is_the_callers_transaction(void **state)
{
	const struct pl_address address = address_of(OWNER);
	struct fixture *fixture = *state;
	struct pl_code_answer answer;
	struct pl_secret secret;
	int64_t id = begin(fixture, OWNER, T, &secret);
	char code[8];

	code_at(&secret, T, code);
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	assert_ok(fixture,
		  pl_totp_confirm(work_at(fixture, T), fixture->keys, account_at(fixture, &address),
				  newest_session(fixture, id), code, &answer));
	assert_int_equal(answer.result, PL_CODE_RIGHT);
	pl_store_rollback(fixture->store);
	assert_int_equal(account_of(fixture, OWNER).member.factor_kinds, 0);
	assert_int_equal(take(fixture, id, code, T, NULL), PL_CODE_NONE);
	assert_int_equal(confirm(fixture, OWNER, code, T), PL_CODE_RIGHT);
}

/* A phone forgets a page that is not seen: the key that was scanned is still that of the page. */
static void registration_that_is_begun_again_has_the_same_secret_until_it_expires(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret first, second;
	int64_t now = T + PL_TOTP_PENDING_SECONDS - 1;
	char code[8];

	begin(fixture, OWNER, T, &first);
	begin(fixture, OWNER, now, &second);
	assert_string_equal((const char *)first.data, (const char *)second.data);
	/* It was shown again, and may take as long as one that is shown first. */
	now += PL_TOTP_PENDING_SECONDS;
	begin(fixture, OWNER, now, &second);
	assert_string_not_equal((const char *)first.data, (const char *)second.data);
	assert_int_equal(confirm(fixture, OWNER, code_at(&first, now, code), now), PL_CODE_WRONG);
	assert_int_equal(confirm(fixture, OWNER, code_at(&second, now, code), now), PL_CODE_RIGHT);
}

/* Who has the password too neither learns the secret of another session nor replaces it. */
static void sessions_have_registrations_of_their_own(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret thief, owner, again;
	int64_t id = begin(fixture, OWNER, T, &thief);
	char code[8];

	open_pending(fixture, OWNER, T);
	begin(fixture, OWNER, T, &owner);
	assert_string_not_equal((const char *)thief.data, (const char *)owner.data);
	assert_int_equal(confirm(fixture, OWNER, code_at(&thief, T, code), T), PL_CODE_WRONG);
	assert_int_equal(confirm(fixture, OWNER, code_at(&owner, T, code), T), PL_CODE_RIGHT);
	/* The one of the other session has died with it. */
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM totp_pending"), 0);
	begin(fixture, OWNER, T, &again);
	assert_string_not_equal((const char *)again.data, (const char *)owner.data);
	assert_int_equal(take(fixture, id, code_at(&owner, T + STEP, code), T, NULL),
			 PL_CODE_RIGHT);
}

static void secret_of_a_session_is_out_of_reach_of_another_member(void **state)
{
	const struct pl_address other = address_of(OTHER);
	struct fixture *fixture = *state;
	struct pl_code_answer answer;
	struct pl_secret secret;
	int64_t id = begin(fixture, OWNER, T, &secret);
	char code[8];

	open_pending(fixture, OTHER, T);
	assert_ok(fixture,
		  pl_totp_confirm(work_at(fixture, T), fixture->keys, account_at(fixture, &other),
				  newest_session(fixture, id), code_at(&secret, T, code), &answer));
	assert_int_equal(answer.result, PL_CODE_NONE);
}

static void registration_ends_old_trust_and_recovery_codes(void **state)
{
	const struct pl_address address = address_of(OWNER);
	struct fixture *fixture = *state;
	struct pl_trusted device = { .name = "Browser" };
	char codes[PL_RECOVERY_CODES][PL_RECOVERY_TEXT];
	struct pl_factor_state totp;
	struct pl_secret secret;
	int64_t id = register_factor(fixture, OWNER, T, &secret);

	assert_ok(fixture, pl_recovery_make(work_of(fixture), fixture->keys,
					    account_at(fixture, &address), codes));
	assert_ok(fixture, pl_trusted_add(work_of(fixture), account_at(fixture, &address), &device,
					  &secret));
	register_factor(fixture, OWNER, T + 10 * STEP, &secret);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM recovery_code"), 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM trusted_device"), 0);
	assert_ok(fixture, pl_factor_state(work_of(fixture), id, &totp));
	assert_int_equal(totp.kinds, 1);
	assert_int_equal(totp.registered_at, T + 10 * STEP);
	assert_string_equal(totp.registered_ip, fixture_actor.from);
	assert_int_equal(totp.failures, 0);
	assert_int_equal(totp.wait_until, 0);
}

static void imported_secret_is_registered_unless_there_is_one(void **state)
{
	const struct pl_address address = address_of(OWNER);
	struct fixture *fixture = *state;
	struct pl_secret secret, other;
	struct pl_factor_state totp;
	char code[8];
	int64_t id;

	add_member(fixture, OWNER, "");
	pl_secret_set(&secret, "JBSWY3DPEHPK3PXP", 16);
	pl_secret_set(&other, "GEZDGNBVGY3TQOJQ", 16);
	id = account_at(fixture, &address)->member.id;
	assert_int_equal(pl_totp_import(work_at(fixture, T), fixture->keys,
					account_at(fixture, &address), &secret),
			 1);
	assert_int_equal(fixture->account.member.factor_kinds, 1);
	assert_int_equal(pl_totp_import(work_at(fixture, T), fixture->keys,
					account_at(fixture, &address), &other),
			 0);
	assert_ok(fixture, pl_factor_state(work_of(fixture), id, &totp));
	assert_int_equal(totp.kinds, 1);
	assert_int_equal(totp.registered_at, T);
	assert_int_equal(totp.recovery_kept, 0);
	assert_int_equal(take(fixture, id, code_at(&other, T, code), T, NULL), PL_CODE_WRONG);
	assert_int_equal(take(fixture, id, code_at(&secret, T, code), T, NULL), PL_CODE_RIGHT);
	assert_int_equal(take(fixture, id, code_at(&secret, T, code), T, NULL), PL_CODE_USED);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM audit WHERE action = 'totp.import'"),
			 1);
	assert_false(database_holds(fixture, (const char *)secret.data));
}

static void reset_leaves_nothing(void **state)
{
	const struct pl_address address = address_of(OWNER);
	struct fixture *fixture = *state;
	char codes[PL_RECOVERY_CODES][PL_RECOVERY_TEXT], code[8];
	struct pl_secret secret, pending;
	int64_t id = register_factor(fixture, OWNER, T, &secret);

	assert_ok(fixture, pl_recovery_make(work_of(fixture), fixture->keys,
					    account_at(fixture, &address), codes));
	begin(fixture, OWNER, T, &pending);
	fail_codes(fixture, id, 3, T);
	assert_int_equal(pl_factor_reset(work_of(fixture), account_at(fixture, &address)), 1);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT (SELECT COUNT(*) FROM second_factor) + (SELECT COUNT(*) "
				 "FROM totp) + (SELECT COUNT(*) FROM "
				 "totp_pending) + (SELECT COUNT(*) FROM recovery_code) + "
				 "(SELECT COUNT(*) FROM factor_failure)"),
			 0);
	assert_int_equal(take(fixture, id, code_at(&secret, T + STEP, code), T, NULL),
			 PL_CODE_NONE);
	assert_int_equal(confirm(fixture, OWNER, code_at(&pending, T, code), T), PL_CODE_NONE);
	assert_int_equal(pl_factor_reset(work_of(fixture), account_at(fixture, &address)), 0);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM audit WHERE action = 'second-factor.reset'"),
			 1);
}

/* ---- what is stored ---- */

static void stored_secret_cannot_be_read(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret, pending;

	register_factor(fixture, OWNER, T, &secret);
	begin(fixture, OWNER, T, &pending);
	assert_true(database_holds(fixture, "totp.register"));
	assert_false(database_holds(fixture, (const char *)secret.data));
	assert_false(database_holds(fixture, (const char *)pending.data));
}

static void assert_take_fails(struct fixture *fixture, int64_t id, const char *code)
{
	struct pl_code_answer answer = { .result = PL_CODE_RIGHT };

	assert_refused(fixture,
		       pl_totp_redeem_commit(work_at(fixture, T), fixture->keys, id, code, &answer),
		       PL_ERR_CONFIG, "");
	assert_int_not_equal(answer.result, PL_CODE_RIGHT);
}

static void record_moved_to_another_member_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret, other;
	int64_t id = register_factor(fixture, OWNER, T, &secret);
	char code[8];

	register_factor(fixture, OTHER, T, &other);
	sql_run(fixture->db,
		"UPDATE totp SET secret = (SELECT secret FROM totp WHERE member_id <> 1) "
		"WHERE member_id = 1");
	assert_int_equal(id, 1);
	assert_take_fails(fixture, id, code_at(&other, T + STEP, code));
}

static void pending_record_in_place_of_the_registered_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret, pending;
	int64_t id = register_factor(fixture, OWNER, T, &secret);
	char code[8];

	begin(fixture, OWNER, T, &pending);
	sql_run(fixture->db, "UPDATE totp SET secret = (SELECT secret FROM totp_pending)");
	assert_take_fails(fixture, id, code_at(&pending, T + STEP, code));
}

/* Version 2 kept no secret: the member counts as registered. */
static void row_without_secret_fits_no_code(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret;
	int64_t id = register_factor(fixture, OWNER, T, &secret);
	char code[8];

	sql_run(fixture->db, "UPDATE totp SET secret = NULL, last_step = 0");
	assert_int_equal(account_of(fixture, OWNER).member.factor_kinds, 1);
	assert_int_equal(take(fixture, id, code_at(&secret, T, code), T, NULL), PL_CODE_WRONG);
	assert_int_equal(sql_int(fixture->db, "SELECT failures FROM factor_failure"), 1);
}

static void nothing_is_right_that_cannot_be_written(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret;
	int64_t id = register_factor(fixture, OWNER, T, &secret), now = T + 5 * STEP;
	struct pl_code_answer answer = { .result = PL_CODE_RIGHT };
	struct pl_store *writer;
	char code[8];

	code_at(&secret, now, code);
	assert_ok(fixture, pl_store_open(fixture->uri, PL_ROLE_COMMAND, &writer, &fixture->err));
	assert_ok(fixture, pl_store_begin_write(writer, &fixture->err));
	assert_refused(fixture,
		       pl_totp_redeem_commit(work_at(fixture, now), fixture->keys, id, code,
					     &answer),
		       PL_ERR_RETRY, "locked");
	assert_int_not_equal(answer.result, PL_CODE_RIGHT);
	pl_store_rollback(writer);
	pl_store_close(&writer);
	assert_int_equal(take(fixture, id, code, now, NULL), PL_CODE_RIGHT);
}

/* ---- at the same time ---- */

static struct {
	int64_t member_id, now;
	char code[8];
	int64_t session_id;
} shared;

static int take_shared(struct fixture *fixture, struct pl_store *store, struct pl_error *err)
{
	struct pl_code_answer answer;

	return pl_totp_redeem_commit(WORK(store, shared.now, err), fixture->keys, shared.member_id,
				     shared.code, &answer) < 0
		       ? -1
		       : (int)answer.result;
}

static void parallel_uses_have_one_winner(void **state)
{
	struct fixture *fixture = *state;
	int results[PROCESSES];
	struct pl_secret secret;

	shared.member_id = register_factor(fixture, OWNER, T, &secret);
	pl_store_close(&fixture->store); /* nothing of SQLite goes through fork */
	for (int round = 1; round <= 10; round++) {
		shared.now = T + round * STEP;
		code_at(&secret, shared.now, shared.code);
		in_parallel(fixture, take_shared, results);
		assert_int_equal(count_results(results, PL_CODE_RIGHT), 1);
		assert_int_equal(count_results(results, PL_CODE_USED), PROCESSES - 1);
	}
}

static void parallel_guesses_count(void **state)
{
	struct fixture *fixture = *state;
	int results[PROCESSES];
	struct pl_secret secret;

	shared.member_id = register_factor(fixture, OWNER, T, &secret);
	shared.now = T + 5 * STEP;
	wrong_code(&secret, shared.now, shared.code);
	pl_store_close(&fixture->store);
	in_parallel(fixture, take_shared, results);
	assert_int_equal(count_results(results, PL_CODE_WRONG), PL_FACTOR_FREE_FAILURES + 1);
	assert_int_equal(count_results(results, PL_CODE_WAIT),
			 PROCESSES - PL_FACTOR_FREE_FAILURES - 1);
}

static int confirm_shared(struct fixture *fixture, struct pl_store *store, struct pl_error *err)
{
	struct pl_address address;
	struct pl_account account;
	struct pl_code_answer answer;

	if (pl_address_parse(OWNER, strlen(OWNER), NULL, &address, err) < 0 ||
	    pl_store_begin_write(store, err) < 0)
		return -1;
	if (pl_account_get(store, &address, &account, err) == 0 &&
	    pl_totp_confirm(WORK(store, shared.now, err), fixture->keys, &account,
			    shared.session_id, shared.code, &answer) == 0 &&
	    pl_store_commit(store, err) == 0)
		return (int)answer.result;
	pl_store_rollback(store);
	return -1;
}

static void parallel_confirmations_have_one_winner(void **state)
{
	struct fixture *fixture = *state;
	int results[PROCESSES];
	struct pl_secret secret;

	shared.session_id = newest_session(fixture, begin(fixture, OWNER, T, &secret));
	shared.now = T;
	code_at(&secret, shared.now, shared.code);
	pl_store_close(&fixture->store);
	in_parallel(fixture, confirm_shared, results);
	assert_int_equal(count_results(results, PL_CODE_RIGHT), 1);
	assert_int_equal(count_results(results, PL_CODE_NONE), PROCESSES - 1);
}

static void uri_is_what_authenticator_apps_read(void **state)
{
	const struct pl_address address = address_of("o'neil+x@example.test");
	struct pl_secret secret;
	char uri[512], small[40];

	(void)state;
	pl_secret_set(&secret, "JBSWY3DPEHPK3PXP", 16);
	assert_string_equal(pl_totp_uri("Mail & more", &address, &secret, uri, sizeof(uri)),
			    "otpauth://totp/"
			    "Mail%20%26%20more:o%27neil%2Bx%40example.test?secret=JBSWY3DPEHPK3PXP"
			    "&issuer=Mail%20%26%20more&algorithm=SHA1&digits=6&period=30");
	memset(small, 'x', sizeof(small));
	pl_totp_uri("Mail & more", &address, &secret, small, sizeof(small) - 1);
	assert_true(strlen(small) < sizeof(small) - 1);
	assert_int_equal(small[sizeof(small) - 1], 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(vectors_of_rfc_6238),
		TEST_WITH_DATABASE(window_is_one_step_to_each_side),
		TEST_WITH_DATABASE(code_is_taken_once),
		TEST_WITH_DATABASE(code_of_the_registration_is_spent),
		TEST_WITH_DATABASE(older_code_is_refused_once_a_newer_was_taken),
		TEST_WITH_DATABASE(late_code_leaves_the_next_one_good),
		TEST_WITH_DATABASE(clock_set_back_opens_no_spent_code),
		TEST_WITH_DATABASE(other_texts_are_wrong),
		TEST_WITH_DATABASE(other_members_code_is_wrong),
		TEST_WITH_DATABASE(five_are_free_then_waits_double_up_to_an_hour),
		TEST_WITH_DATABASE(state_has_the_end_of_a_wait_while_it_lasts),
		TEST_WITH_DATABASE(
			wait_begins_at_the_last_failure_in_whichever_order_they_are_counted),
		TEST_WITH_DATABASE(failure_of_a_wrong_clock_does_not_hide_later_ones),
		TEST_WITH_DATABASE(hundred_in_a_row_block_until_a_reset),
		TEST_WITH_DATABASE(used_code_is_no_guess),
		TEST_WITH_DATABASE(failures_of_one_member_are_not_anothers),
		TEST_WITH_DATABASE(code_that_came_before_the_last_failure_waits_too),
		TEST_WITH_DATABASE(failures_of_a_wrong_clock_lock_nobody_out),
		TEST_WITH_DATABASE(pending_secret_opens_nothing),
		TEST_WITH_DATABASE(new_secret_replaces_the_old_when_its_code_is_right),
		TEST_WITH_DATABASE(registration_is_forgotten_after_a_quarter_hour),
		TEST_WITH_DATABASE(registration_is_the_callers_transaction),
		TEST_WITH_DATABASE(
			registration_that_is_begun_again_has_the_same_secret_until_it_expires),
		TEST_WITH_DATABASE(sessions_have_registrations_of_their_own),
		TEST_WITH_DATABASE(secret_of_a_session_is_out_of_reach_of_another_member),
		TEST_WITH_DATABASE(registration_ends_old_trust_and_recovery_codes),
		TEST_WITH_DATABASE(imported_secret_is_registered_unless_there_is_one),
		TEST_WITH_DATABASE(reset_leaves_nothing),
		TEST_WITH_DATABASE(stored_secret_cannot_be_read),
		TEST_WITH_DATABASE(record_moved_to_another_member_is_refused),
		TEST_WITH_DATABASE(pending_record_in_place_of_the_registered_is_refused),
		TEST_WITH_DATABASE(row_without_secret_fits_no_code),
		TEST_WITH_DATABASE(nothing_is_right_that_cannot_be_written),
		TEST_WITH_DATABASE(parallel_uses_have_one_winner),
		TEST_WITH_DATABASE(parallel_guesses_count),
		TEST_WITH_DATABASE(parallel_confirmations_have_one_winner),
		cmocka_unit_test(uri_is_what_authenticator_apps_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
