/* test_profile_link.c - links that hand an app password over to a device, once. */
#include "tests/unit/fixture.h"

#include "policy/credential/profile_link.h"
#include "policy/session/session.h"

#define OWNER "owner@example.test"
#define T INT64_C(1700000000)

/* An app password of the member, with the store in the portal's role afterwards. */
static struct pl_app_password issue(struct fixture *fixture, const char *owner,
				    struct pl_secret *password_r)
{
	const struct pl_address address = address_of(owner);
	struct pl_app_password made = { .label = "phone" };

	reopen(fixture, PL_ROLE_COMMAND);
	assert_ok(fixture, pl_app_password_issue(work_at(fixture, T), fixture->keys, 16, &address,
						 &made, password_r));
	reopen(fixture, PL_ROLE_PORTAL);
	return made;
}

/* Values as pl_profile_link_make. */
static int make(struct fixture *fixture, const char *owner, int64_t id,
		const struct pl_secret *password, struct pl_secret *token_r)
{
	const struct pl_address address = address_of(owner);

	return pl_profile_link_make(work_at(fixture, T), fixture->keys,
				    account_at(fixture, &address), id, password, token_r);
}

static int get(struct fixture *fixture, const struct pl_secret *token, int64_t now,
	       struct pl_profile_link *link_r)
{
	int ret = pl_profile_link_get(work_at(fixture, now), token, link_r);

	assert_ok(fixture, ret);
	return ret;
}

static void it_hands_over_once_what_was_given(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret password, shown, token, handed;
	const struct pl_app_password made = issue(fixture, OWNER, &password);
	struct pl_profile_link link;

	/* As the page shows it. */
	assert_int_equal(pl_app_password_display(&password, &shown), 0);
	assert_int_equal(make(fixture, OWNER, made.id, &shown, &token), 1);
	assert_int_equal(get(fixture, &token, T, &link), 1);
	assert_string_equal(link.address.local, "owner");
	assert_string_equal(link.app_password.label, "phone");
	assert_int_equal(link.app_password.id, made.id);
	assert_int_equal(pl_profile_link_redeem(work_at(fixture, T), &token, &link, &handed), 1);
	assert_string_equal((const char *)handed.data, (const char *)password.data);
	/* Another that looked at the same time comes too late. */
	assert_int_equal(pl_profile_link_redeem(work_at(fixture, T), &token, &link, &handed), 0);
	assert_int_equal(handed.len, 0);
	assert_int_equal(get(fixture, &token, T, &link), 0);
}

static void it_ends_when_the_member_signs_out_everywhere(void **state)
{
	const struct pl_address owner = address_of(OWNER), other = address_of("other@example.test");
	struct fixture *fixture = *state;
	struct pl_secret password[2], token[2];
	const struct pl_app_password made[2] = {
		issue(fixture, OWNER, &password[0]),
		issue(fixture, "other@example.test", &password[1]),
	};
	struct pl_profile_link link;

	assert_int_equal(make(fixture, OWNER, made[0].id, &password[0], &token[0]), 1);
	assert_int_equal(make(fixture, "other@example.test", made[1].id, &password[1], &token[1]),
			 1);
	assert_int_equal(pl_session_revoke_all(work_at(fixture, T), account_at(fixture, &owner)),
			 0);
	assert_int_equal(get(fixture, &token[0], T, &link), 0);
	assert_int_equal(get(fixture, &token[1], T, &link), 1);
	assert_int_equal(pl_session_revoke_others(work_at(fixture, T), account_at(fixture, &other),
						  0),
			 0);
	assert_int_equal(get(fixture, &token[1], T, &link), 0);
}

static void what_is_stored_does_not_show_the_password(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret password, token, out;
	const struct pl_app_password made = issue(fixture, OWNER, &password);
	struct pl_profile_link link;

	assert_int_equal(make(fixture, OWNER, made.id, &password, &token), 1);
	assert_false(database_holds(fixture, (const char *)password.data));
	assert_false(database_holds(fixture, (const char *)token.data));
	assert_int_equal(get(fixture, &token, T, &link), 1);
	/* Neither the key files nor a token like it read the record. */
	assert_refused(fixture,
		       pl_unseal(fixture->keys, "profile", made.id, &link.sealed, &out,
				 &fixture->err),
		       PL_ERR_CONFIG, "");
	token.data[10] ^= 1;
	assert_refused(fixture,
		       pl_unseal_by_token(&token, "profile", made.id, &link.sealed, &out,
					  &fixture->err),
		       PL_ERR_CONFIG, "");
}

static void its_time_is_over_after_five_minutes(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret password, token, handed;
	const struct pl_app_password made = issue(fixture, OWNER, &password);
	struct pl_profile_link link;

	assert_int_equal(make(fixture, OWNER, made.id, &password, &token), 1);
	assert_int_equal(get(fixture, &token, T + PL_PROFILE_LINK_SECONDS - 1, &link), 1);
	assert_int_equal(pl_profile_link_redeem(work_at(fixture, T + PL_PROFILE_LINK_SECONDS),
						&token, &link, &handed),
			 0);
	assert_int_equal(get(fixture, &token, T + PL_PROFILE_LINK_SECONDS, &link), 0);
	assert_ok(fixture, prune_at(fixture, T + PL_PROFILE_LINK_SECONDS - 1));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM profile_link"), 1);
	assert_ok(fixture, prune_at(fixture, T + PL_PROFILE_LINK_SECONDS));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM profile_link"), 0);
}

static void an_app_password_has_one_link(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret password, first, second;
	const struct pl_app_password made = issue(fixture, OWNER, &password);
	struct pl_profile_link link;

	assert_int_equal(make(fixture, OWNER, made.id, &password, &first), 1);
	assert_int_equal(make(fixture, OWNER, made.id, &password, &second), 1);
	assert_int_equal(get(fixture, &first, T, &link), 0);
	assert_int_equal(get(fixture, &second, T, &link), 1);
	sql_run(fixture->db, "DELETE FROM app_password");
	assert_int_equal(get(fixture, &second, T, &link), 0);
}

static void only_the_members_own_app_password_gets_one(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret mine, theirs, wrong, token;
	const struct pl_app_password made = issue(fixture, OWNER, &mine);
	const struct pl_app_password other = issue(fixture, "other@example.test", &theirs);

	pl_secret_set(&wrong, "abcdefghijklmnop", 16);
	assert_int_equal(make(fixture, OWNER, made.id, &wrong, &token), 0);
	assert_int_equal(make(fixture, OWNER, made.id, &theirs, &token), 0);
	assert_int_equal(make(fixture, OWNER, other.id, &mine, &token), 0);
	assert_int_equal(make(fixture, OWNER, other.id, &theirs, &token), 0);
	assert_int_equal(make(fixture, OWNER, 99, &mine, &token), 0);
	pl_secret_set(&wrong, "x", 1);
	assert_int_equal(make(fixture, OWNER, made.id, &wrong, &token), 0);
	assert_int_equal(token.len, 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM profile_link"), 0);
}

static void an_app_password_that_has_expired_is_not_handed_over(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret password, token;
	const struct pl_app_password made = issue(fixture, OWNER, &password);
	struct pl_profile_link link;
	char sql[128];

	assert_int_equal(make(fixture, OWNER, made.id, &password, &token), 1);
	snprintf(sql, sizeof(sql), "UPDATE app_password SET expires_at = %lld", (long long)T + 9);
	sql_run(fixture->db, sql);
	assert_int_equal(get(fixture, &token, T + 8, &link), 1);
	assert_int_equal(get(fixture, &token, T + 9, &link), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(it_hands_over_once_what_was_given),
		TEST_WITH_DATABASE(it_ends_when_the_member_signs_out_everywhere),
		TEST_WITH_DATABASE(what_is_stored_does_not_show_the_password),
		TEST_WITH_DATABASE(its_time_is_over_after_five_minutes),
		TEST_WITH_DATABASE(an_app_password_has_one_link),
		TEST_WITH_DATABASE(only_the_members_own_app_password_gets_one),
		TEST_WITH_DATABASE(an_app_password_that_has_expired_is_not_handed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
