/* test_passkey_sign_in.c - sign-in by a passkey alone: challenges that are not stored, and
 * tokens. */
#include "tests/unit/fixture.h"

#include "policy/credential/passkey_sign_in.h"
#include "policy/login/login.h"

#define OWNER "owner@example.test"
#define OTHER "other@example.test"
#define T INT64_C(1700000000)

static void make(struct fixture *fixture, int64_t now,
		 unsigned char challenge_r[PL_PASSKEY_CHALLENGE_BYTES])
{
	assert_ok(fixture,
		  pl_passkey_sign_in_challenge(fixture->keys, now, challenge_r, &fixture->err));
}

static int is_good(struct fixture *fixture, const unsigned char *challenge, int64_t now)
{
	int64_t expires_at;
	int ret =
		pl_passkey_sign_in_read(fixture->keys, now, challenge, &expires_at, &fixture->err);

	assert_ok(fixture, ret);
	if (ret == 1)
		assert_in_range(expires_at, now + 1, now + PL_PASSKEY_SECONDS);
	return ret;
}

static void challenge_is_good_for_five_minutes(void **state)
{
	struct fixture *fixture = *state;
	unsigned char challenge[PL_PASSKEY_CHALLENGE_BYTES], other[PL_PASSKEY_CHALLENGE_BYTES];

	make(fixture, T, challenge);
	make(fixture, T, other);
	assert_memory_not_equal(challenge, other, sizeof(other));
	assert_int_equal(is_good(fixture, challenge, T), 1);
	assert_int_equal(is_good(fixture, challenge, T + PL_PASSKEY_SECONDS - 1), 1);
	assert_int_equal(is_good(fixture, challenge, T + PL_PASSKEY_SECONDS), 0);
}

static void nobody_changes_or_makes_a_challenge(void **state)
{
	struct fixture *fixture = *state;
	unsigned char challenge[PL_PASSKEY_CHALLENGE_BYTES] = { 0 };

	assert_int_equal(is_good(fixture, challenge, T), 0);
	make(fixture, T, challenge);
	for (size_t i = 0; i < sizeof(challenge) * 8; i++) {
		challenge[i / 8] ^= (unsigned char)(1u << i % 8);
		assert_int_equal(is_good(fixture, challenge, T), 0);
		challenge[i / 8] ^= (unsigned char)(1u << i % 8);
	}
	assert_int_equal(is_good(fixture, challenge, T), 1);
}

/* The passkey of a member. */
static struct pl_passkey add_passkey(struct fixture *fixture, const char *address)
{
	const struct pl_account account = account_of(fixture, address);
	struct pl_passkey passkey = { .member_id = account.member.id };

	assert_ok(fixture, pl_exec(fixture->store, PL_SQL_PASSKEY_INSERT,
				   PL_PARAMS(PL_INT("member_id", account.member.id),
					     PL_BLOB("credential", address, strlen(address)),
					     PL_INT("algorithm", -7), PL_BLOB("public_key", "k", 1),
					     PL_BLOB("user_handle", passkey.user_handle,
						     PL_PASSKEY_HANDLE_BYTES),
					     PL_INT("counter", 5), PL_INT("backup_eligible", 0),
					     PL_INT("backed_up", 0), PL_TEXT("name", "key"),
					     PL_TEXT("transports", ""), PL_INT("now", T),
					     PL_TEXT("ip", "192.0.2.1")),
				   &fixture->err));
	assert_int_equal(pl_passkey_by_credential(work_at(fixture, T), address, strlen(address),
						  &passkey),
			 1);
	return passkey;
}

static enum pl_code_result commit(struct fixture *fixture, const char *address,
				  const struct pl_passkey *passkey, const unsigned char *challenge,
				  uint32_t counter, struct pl_secret *token_r)
{
	const struct pl_notice_origin origin = { .ip = "192.0.2.1" };
	const struct pl_account account = account_of(fixture, address);
	struct pl_passkey_use use = { .passkey = passkey, .is_right = 1, .counter = counter };
	struct pl_code_answer answer;

	memcpy(use.challenge, challenge, sizeof(use.challenge));
	assert_ok(fixture,
		  pl_passkey_sign_in_commit(work_at(fixture, T), &account, &use,
					    T + PL_PASSKEY_SECONDS, &origin, token_r, &answer));
	return answer.result;
}

/* By what the driver decides when the token is offered as a password. */
static const char *rule_of(struct fixture *fixture, const char *address,
			   const struct pl_secret *token, enum pl_setting service, int64_t now)
{
	const struct pl_login login = {
		.user = address,
		.user_len = strlen(address),
		.service = service,
		.offer = PL_OFFER_PASSWORD,
		.secret = token,
		.now = now,
	};
	struct pl_login_result result;

	reopen(fixture, PL_ROLE_LOGIN);
	assert_ok(fixture, pl_login_evaluate(fixture->store, fixture->policy, fixture->keys, &login,
					     &result, &fixture->err));
	reopen(fixture, PL_ROLE_COMMAND);
	return pl_rule_name(result.verdict.rule);
}

static void token_is_the_members_and_good_until_dovecot_has_answered(void **state)
{
	struct fixture *fixture = *state;
	unsigned char challenge[PL_PASSKEY_CHALLENGE_BYTES];
	struct pl_passkey passkey;
	struct pl_secret token;

	add_member(fixture, OWNER, "");
	add_member(fixture, OTHER, "");
	pl_policy_unref(&fixture->policy);
	fixture->policy = policy_of("passkey_sign_in = on\n");
	passkey = add_passkey(fixture, OWNER);
	make(fixture, T, challenge);
	assert_int_equal(commit(fixture, OWNER, &passkey, challenge, 6, &token), PL_CODE_RIGHT);
	assert_true(pl_passkey_sign_in_is_token(&token));
	assert_false(database_holds(fixture, (const char *)token.data));
	assert_string_equal(rule_of(fixture, OWNER, &token, PL_SETTING_WEBMAIL, T), "passkey");
	/* Others, other services and later it is a password like any other. */
	assert_string_equal(rule_of(fixture, OTHER, &token, PL_SETTING_WEBMAIL, T),
			    "account-password-decides");
	assert_string_equal(rule_of(fixture, OWNER, &token, PL_SETTING_IMAP, T),
			    "account-password-decides");
	assert_string_equal(rule_of(fixture, OWNER, &token, PL_SETTING_WEBMAIL,
				    T + PL_PASSKEY_SECONDS),
			    "account-password-decides");
	assert_ok(fixture, pl_passkey_sign_in_end(work_at(fixture, T), &token));
	assert_string_equal(rule_of(fixture, OWNER, &token, PL_SETTING_WEBMAIL, T),
			    "account-password-decides");
}

static void challenge_is_used_once(void **state)
{
	struct fixture *fixture = *state;
	unsigned char challenge[PL_PASSKEY_CHALLENGE_BYTES];
	struct pl_passkey passkey, theirs;
	struct pl_secret token;

	add_member(fixture, OWNER, "");
	add_member(fixture, OTHER, "");
	passkey = add_passkey(fixture, OWNER);
	theirs = add_passkey(fixture, OTHER);
	make(fixture, T, challenge);
	assert_int_equal(commit(fixture, OWNER, &passkey, challenge, 6, &token), PL_CODE_RIGHT);
	assert_int_equal(commit(fixture, OWNER, &passkey, challenge, 7, &token), PL_CODE_USED);
	assert_int_equal(token.len, 0);
	assert_int_equal(commit(fixture, OTHER, &theirs, challenge, 6, &token), PL_CODE_USED);
	/* What came in vain has not used the passkey, and counts for nobody. */
	assert_int_equal(sql_int(fixture->db, "SELECT SUM(counter) FROM passkey"), 11);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM factor_failure"), 0);
	/* It is remembered for as long as it could be answered. */
	assert_ok(fixture, prune_at(fixture, T + PL_PASSKEY_SECONDS - 1));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM passkey_sign_in"), 1);
	assert_ok(fixture, prune_at(fixture, T + PL_PASSKEY_SECONDS));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM passkey_sign_in"), 0);
}

static void counter_that_has_not_gone_up_gives_no_token(void **state)
{
	struct fixture *fixture = *state;
	unsigned char challenge[PL_PASSKEY_CHALLENGE_BYTES];
	struct pl_passkey passkey;
	struct pl_secret token;

	add_member(fixture, OWNER, "");
	passkey = add_passkey(fixture, OWNER);
	make(fixture, T, challenge);
	assert_int_equal(commit(fixture, OWNER, &passkey, challenge, 5, &token), PL_CODE_CLONED);
	assert_int_equal(token.len, 0);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM passkey_sign_in WHERE token IS NULL"),
			 1);
	assert_int_equal(commit(fixture, OWNER, &passkey, challenge, 6, &token), PL_CODE_USED);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM outbox WHERE what = "
					      "'passkey-cloned'"),
			 1);
}

static void owner_is_who_has_registered_it(void **state)
{
	struct fixture *fixture = *state;
	struct pl_passkey passkey;
	struct pl_address address;
	char text[PL_ADDRESS_MAX + 1];

	add_member(fixture, OWNER, "");
	passkey = add_passkey(fixture, OWNER);
	assert_int_equal(pl_passkey_owner(work_at(fixture, T), &passkey, &address), 1);
	assert_string_equal(pl_address_format(&address, text), OWNER);
	passkey.member_id += 1000;
	assert_int_equal(pl_passkey_owner(work_at(fixture, T), &passkey, &address), 0);
}

static void only_what_has_the_form_is_taken_for_a_token(void **state)
{
	static const char *const others[] = { "", "secret", "pl_pk_", "pl_pk_short",
					      "pl_at_0123456789012345678901234567890123456789012" };
	struct pl_secret secret;

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		pl_secret_set(&secret, others[i], strlen(others[i]));
		assert_false(pl_passkey_sign_in_is_token(&secret));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_FOLDER(challenge_is_good_for_five_minutes),
		TEST_IN_FOLDER(nobody_changes_or_makes_a_challenge),
		TEST_WITH_DATABASE(token_is_the_members_and_good_until_dovecot_has_answered),
		TEST_WITH_DATABASE(challenge_is_used_once),
		TEST_WITH_DATABASE(counter_that_has_not_gone_up_gives_no_token),
		TEST_WITH_DATABASE(owner_is_who_has_registered_it),
		cmocka_unit_test(only_what_has_the_form_is_taken_for_a_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
