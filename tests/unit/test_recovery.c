/* test_recovery.c - recovery codes: ten, each once. */
#include "tests/unit/factor.h"
#include "tests/unit/parallel.h"

#include <ctype.h>
#include <sys/stat.h>

typedef char codes[PL_RECOVERY_CODES][PL_RECOVERY_TEXT];

static int64_t make(struct fixture *fixture, const char *address, codes codes_r)
{
	const struct pl_address parsed = address_of(address);
	struct pl_secret secret;
	int64_t id = register_factor(fixture, address, T, &secret);

	assert_ok(fixture, pl_recovery_make(work_of(fixture), fixture->keys,
					    account_at(fixture, &parsed), codes_r));
	return id;
}

static enum pl_code_result offer_with(struct fixture *fixture, const struct pl_keys *keys,
				      const char *address, const char *code)
{
	const struct pl_address parsed = address_of(address);
	struct pl_code_answer answer;

	assert_ok(fixture,
		  pl_recovery_redeem_commit(work_at(fixture, T), keys, account_at(fixture, &parsed),
					    code, NULL, &answer));
	return answer.result;
}

static enum pl_code_result offer(struct fixture *fixture, const char *address, const char *code)
{
	return offer_with(fixture, fixture->keys, address, code);
}

static void ten_codes_of_eighty_bits(void **state)
{
	struct fixture *fixture = *state;
	struct pl_factor_state totp;
	codes made;
	int64_t id = make(fixture, OWNER, made);

	for (int i = 0; i < PL_RECOVERY_CODES; i++) {
		assert_int_equal(strlen(made[i]), 19);
		for (int c = 0; c < 19; c++)
			assert_true(c % 5 == 4 ? made[i][c] == '-'
					       : strchr("abcdefghijklmnopqrstuvwxyz234567",
							made[i][c]) != NULL);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(made[i], made[j]);
	}
	assert_ok(fixture, pl_factor_state(work_of(fixture), id, &totp));
	assert_int_equal(totp.recovery_codes, 10);
}

/* They are shown once, and a page can be lost: so the member says that they are kept. */
static void new_codes_are_not_kept_until_the_member_confirms_it(void **state)
{
	const struct pl_address owner = address_of(OWNER);
	struct fixture *fixture = *state;
	struct pl_factor_state totp;
	codes made;
	int64_t id = make(fixture, OWNER, made);

	for (int round = 0; round < 2; round++) {
		assert_ok(fixture, pl_factor_state(work_of(fixture), id, &totp));
		assert_int_equal(totp.recovery_kept, 0);
		assert_ok(fixture, pl_recovery_kept(work_of(fixture), id));
		assert_ok(fixture, pl_factor_state(work_of(fixture), id, &totp));
		assert_int_equal(totp.recovery_kept, 1);
		assert_ok(fixture, pl_recovery_make(work_of(fixture), fixture->keys,
						    account_at(fixture, &owner), made));
	}
}

static void each_is_good_once(void **state)
{
	struct fixture *fixture = *state;
	codes made;

	make(fixture, OWNER, made);
	for (int i = 0; i < PL_RECOVERY_CODES; i++)
		assert_int_equal(offer(fixture, OWNER, made[i]), PL_CODE_RIGHT);
	assert_int_equal(offer(fixture, OWNER, made[0]), PL_CODE_WRONG);
	assert_int_equal(offer(fixture, OWNER, made[9]), PL_CODE_WRONG);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM audit WHERE action = 'recovery-code.use'"),
			 10);
}

static void spelling_does_not_matter(void **state)
{
	struct fixture *fixture = *state;
	char typed[64] = "  ", *end = typed + 2;
	codes made;

	make(fixture, OWNER, made);
	for (const char *c = made[0]; *c != '\0'; c++) {
		*end++ = (char)(*c == '-' ? ' ' : toupper((unsigned char)*c));
		*end++ = ' ';
	}
	*end = '\0';
	assert_int_equal(offer(fixture, OWNER, typed), PL_CODE_RIGHT);
}

static void other_texts_are_wrong(void **state)
{
	static const char *const texts[] = { "", "abcd-efgh-ijkl-mnop", "abcd",
					     "0000-0000-0000-0000" };
	struct fixture *fixture = *state;
	char longer[PL_RECOVERY_TEXT + 1];
	codes made;

	make(fixture, OWNER, made);
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_int_equal(offer(fixture, OWNER, texts[i]), PL_CODE_WRONG);
	snprintf(longer, sizeof(longer), "%sa", made[0]);
	assert_int_equal(offer(fixture, OWNER, longer), PL_CODE_WRONG);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM recovery_code"), 10);
}

static void anothers_code_is_wrong_and_not_spent(void **state)
{
	struct fixture *fixture = *state;
	codes made, others;

	make(fixture, OWNER, made);
	make(fixture, OTHER, others);
	assert_int_equal(offer(fixture, OWNER, others[0]), PL_CODE_WRONG);
	sql_run(fixture->db, "UPDATE recovery_code SET member_id = 3 - member_id");
	assert_int_equal(offer(fixture, OWNER, others[1]),
			 PL_CODE_WRONG); /* the MAC knows its owner */
	sql_run(fixture->db, "UPDATE recovery_code SET member_id = 3 - member_id");
	assert_int_equal(offer(fixture, OTHER, others[0]), PL_CODE_RIGHT);
}

static void new_codes_replace_the_old(void **state)
{
	const struct pl_address address = address_of(OWNER);
	struct fixture *fixture = *state;
	codes old, new;

	make(fixture, OWNER, old);
	assert_ok(fixture, pl_recovery_make(work_of(fixture), fixture->keys,
					    account_at(fixture, &address), new));
	assert_int_equal(offer(fixture, OWNER, old[0]), PL_CODE_WRONG);
	assert_int_equal(offer(fixture, OWNER, new[0]), PL_CODE_RIGHT);
}

static void nobody_without_a_factor_has_codes(void **state)
{
	const struct pl_address address = address_of(OWNER);
	struct fixture *fixture = *state;
	codes made;

	assert_int_equal(offer(fixture, OWNER, "abcd-efgh-ijkl-mnop"), PL_CODE_NONE);
	add_member(fixture, OWNER, "");
	assert_int_equal(offer(fixture, OWNER, "abcd-efgh-ijkl-mnop"), PL_CODE_NONE);
	assert_refused(fixture,
		       pl_recovery_make(work_of(fixture), fixture->keys,
					account_at(fixture, &address), made),
		       PL_ERR_CONFLICT, "no second factor");
}

/* Guessing at one is guessing at the other. */
static void failures_count_together_with_those_of_one_time_codes(void **state)
{
	struct fixture *fixture = *state;
	codes made;
	int64_t id = make(fixture, OWNER, made);

	fail_codes(fixture, id, PL_FACTOR_FREE_FAILURES, T);
	assert_int_equal(offer(fixture, OWNER, "abcd-efgh-ijkl-mnop"), PL_CODE_WRONG);
	assert_int_equal(offer(fixture, OWNER, made[0]), PL_CODE_WAIT);
	assert_int_equal(take(fixture, id, "123456", T, NULL), PL_CODE_WAIT);
	sql_run(fixture->db, "UPDATE factor_failure SET failures = 100");
	assert_int_equal(offer(fixture, OWNER, made[0]), PL_CODE_BLOCKED);
	sql_run(fixture->db, "UPDATE factor_failure SET failures = 3");
	assert_int_equal(offer(fixture, OWNER, made[0]), PL_CODE_RIGHT);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM factor_failure"), 0);
}

static void stored_codes_cannot_be_read(void **state)
{
	struct fixture *fixture = *state;
	codes made;
	char bare[20], *end = bare;

	make(fixture, OWNER, made);
	for (const char *c = made[0]; *c != '\0'; c++) {
		if (*c != '-')
			*end++ = *c;
	}
	*end = '\0';
	assert_false(database_holds(fixture, made[0]));
	assert_false(database_holds(fixture, bare));
}

static void codes_outlive_a_new_verify_key(void **state)
{
	static const char text[] =
		"2 f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405060708090a0b0c0d0e0f\n"
		"1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
	struct fixture *fixture = *state;
	const char *path = path_in(fixture, "both.key");
	struct pl_keys *both;
	codes made;

	make(fixture, OWNER, made);
	write_file(path, text, strlen(text));
	chmod(path, 0600);
	assert_ok(fixture, pl_keys_load(path, &both, &fixture->err));
	assert_int_equal(offer_with(fixture, both, OWNER, made[0]), PL_CODE_RIGHT);
	assert_int_equal(offer_with(fixture, both, OWNER, made[0]), PL_CODE_WRONG);
	pl_keys_free(&both);
}

static char shared[PL_RECOVERY_TEXT];

static int take_shared(struct fixture *fixture, struct pl_store *store, struct pl_error *err)
{
	struct pl_account account;
	struct pl_address address;
	struct pl_code_answer answer;

	if (pl_address_parse(OWNER, strlen(OWNER), NULL, &address, err) < 0 ||
	    pl_account_get(store, &address, &account, err) < 0 ||
	    pl_recovery_redeem_commit(WORK(store, T, err), fixture->keys, &account, shared, NULL,
				      &answer) < 0)
		return -1;
	return (int)answer.result;
}

static void parallel_uses_have_one_winner(void **state)
{
	struct fixture *fixture = *state;
	int results[PROCESSES];
	codes made;

	make(fixture, OWNER, made);
	pl_store_close(&fixture->store);
	for (int i = 0; i < PL_RECOVERY_CODES; i++) {
		memcpy(shared, made[i], sizeof(shared));
		in_parallel(fixture, take_shared, results);
		assert_int_equal(count_results(results, PL_CODE_RIGHT), 1);
		sql_run(fixture->db, "DELETE FROM factor_failure");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(ten_codes_of_eighty_bits),
		TEST_WITH_DATABASE(new_codes_are_not_kept_until_the_member_confirms_it),
		TEST_WITH_DATABASE(each_is_good_once),
		TEST_WITH_DATABASE(spelling_does_not_matter),
		TEST_WITH_DATABASE(other_texts_are_wrong),
		TEST_WITH_DATABASE(anothers_code_is_wrong_and_not_spent),
		TEST_WITH_DATABASE(new_codes_replace_the_old),
		TEST_WITH_DATABASE(nobody_without_a_factor_has_codes),
		TEST_WITH_DATABASE(failures_count_together_with_those_of_one_time_codes),
		TEST_WITH_DATABASE(stored_codes_cannot_be_read),
		TEST_WITH_DATABASE(codes_outlive_a_new_verify_key),
		TEST_WITH_DATABASE(parallel_uses_have_one_winner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
