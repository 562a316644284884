/* test_session.c - sessions, and the tokens that stand for them. */
#include "tests/unit/fixture.h"

#define OWNER "owner@example.test"

/* A session until 2000 with a token until 1000. */
static struct pl_session issue(struct fixture *fixture, const char *address,
			       struct pl_secret *token_r)
{
	const struct pl_address parsed = address_of(address);
	struct pl_session session = { .channel = PL_CHANNEL_WEBMAIL, .expires_at = 2000 };

	strcpy(session.ip, "192.0.2.9");
	strcpy(session.device, "Browser");
	assert_ok(fixture, issue_token(work_of(fixture), account_at(fixture, &parsed), &session,
				       1000, token_r));
	return session;
}

static void token_leads_to_its_session(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret token;
	const struct pl_session made = issue(fixture, OWNER, &token);
	struct pl_session found;

	assert_int_equal(session_of_token(fixture, &token, 999), made.id);
	assert_int_equal(pl_session_get(fixture->store, made.id, &found, &fixture->err), 1);
	assert_int_equal(found.member_id, account_of(fixture, OWNER).member.id);
	assert_int_equal(found.channel, PL_CHANNEL_WEBMAIL);
	assert_int_equal(found.expires_at, 2000);
	assert_int_equal(found.created_at, made.created_at);
	assert_string_equal(found.ip, "192.0.2.9");
	assert_string_equal(found.device, "Browser");
}

/* "pl_at_" and 256 bits in base64url without padding (RFC 4648 5). */
static void token_has_its_shape(void **state)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	struct fixture *fixture = *state;
	struct pl_secret token, other;
	const char *text = (const char *)token.data;

	issue(fixture, OWNER, &token);
	issue(fixture, OWNER, &other);
	assert_int_equal(token.len, 6 + 43);
	assert_int_equal(strlen(text), token.len);
	assert_memory_equal(text, "pl_at_", 6);
	assert_int_equal(strspn(text + 6, alphabet), 43);
	assert_string_not_equal(text, (const char *)other.data);
}

static void other_tokens_lead_nowhere(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret token, wrong;

	issue(fixture, OWNER, &token);
	for (size_t i = 0; i < token.len; i++) {
		wrong = token;
		wrong.data[i] ^= 1;
		assert_int_equal(session_of_token(fixture, &wrong, 1), 0);
	}
	pl_secret_set(&wrong, token.data, token.len - 1);
	assert_int_equal(session_of_token(fixture, &wrong, 1), 0);
	pl_secret_set(&wrong, "", 0);
	assert_int_equal(session_of_token(fixture, &wrong, 1), 0);
}

static void nothing_stored_is_a_token(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret token;

	issue(fixture, OWNER, &token);
	assert_true(database_holds(fixture, "Browser"));
	assert_false(database_holds(fixture, (const char *)token.data));
	assert_false(database_holds(fixture, (const char *)token.data + 6));
}

static void token_and_session_expire(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret token;
	int64_t id = issue(fixture, OWNER, &token).id;

	assert_int_equal(session_of_token(fixture, &token, 999), id);
	assert_int_equal(session_of_token(fixture, &token, 1000), 0);
	sql_run(fixture->db, "UPDATE token SET expires_at = 9000");
	assert_int_equal(session_of_token(fixture, &token, 1999), id);
	assert_int_equal(session_of_token(fixture, &token, 2000), 0);
}

static void revoked_session_is_dead_at_once(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_address address = address_of(OWNER);
	struct pl_secret first, second;
	int64_t first_id = issue(fixture, OWNER, &first).id;
	int64_t second_id = issue(fixture, OWNER, &second).id;

	assert_int_equal(pl_session_revoke(work_of(fixture), account_at(fixture, &address),
					   first_id),
			 1);
	assert_int_equal(session_of_token(fixture, &first, 1), 0);
	assert_int_equal(session_of_token(fixture, &second, 1), second_id);
	assert_int_equal(pl_session_revoke(work_of(fixture), account_at(fixture, &address),
					   first_id),
			 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM token"), 1);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM audit WHERE action = 'session.revoke'"),
			 1);
}

static void raised_generation_ends_all_of_a_member(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_address address = address_of(OWNER);
	struct pl_secret first, second, others, later;
	int64_t other_id, later_id;

	issue(fixture, OWNER, &first);
	issue(fixture, OWNER, &second);
	other_id = issue(fixture, "other@example.test", &others).id;
	assert_ok(fixture, pl_session_revoke_all(work_of(fixture), account_at(fixture, &address)));
	assert_int_equal(session_of_token(fixture, &first, 1), 0);
	assert_int_equal(session_of_token(fixture, &second, 1), 0);
	assert_int_equal(session_of_token(fixture, &others, 1), other_id);
	later_id = issue(fixture, OWNER, &later).id;
	assert_int_equal(session_of_token(fixture, &later, 1), later_id);
}

static void removed_member_leaves_no_session(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_address address = address_of(OWNER);
	struct pl_secret token;

	issue(fixture, OWNER, &token);
	assert_int_equal(pl_member_remove(work_of(fixture), &address), 1);
	assert_int_equal(session_of_token(fixture, &token, 1), 0);
	assert_int_equal(sql_int(fixture->db, "SELECT (SELECT COUNT(*) FROM session) + "
					      "(SELECT COUNT(*) FROM token)"),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(token_leads_to_its_session),
		TEST_WITH_DATABASE(token_has_its_shape),
		TEST_WITH_DATABASE(other_tokens_lead_nowhere),
		TEST_WITH_DATABASE(nothing_stored_is_a_token),
		TEST_WITH_DATABASE(token_and_session_expire),
		TEST_WITH_DATABASE(revoked_session_is_dead_at_once),
		TEST_WITH_DATABASE(raised_generation_ends_all_of_a_member),
		TEST_WITH_DATABASE(removed_member_leaves_no_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
