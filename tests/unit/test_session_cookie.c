/* test_session_cookie.c - sessions of browsers: pending, authenticated, idle, ended. */
#include "tests/unit/fixture.h"

#include "policy/credential/trusted.h"

#define OWNER "owner@example.test"
#define OTHER "other@example.test"

static struct pl_session open_session(struct fixture *fixture, const char *address, int pending,
				      struct pl_secret *cookie_r)
{
	const struct pl_address parsed = address_of(address);
	struct pl_session session = { .channel = PL_CHANNEL_WEBMAIL, .pending = pending };

	strcpy(session.ip, "192.0.2.9");
	strcpy(session.device, "Browser");
	assert_ok(fixture, pl_session_open(work_of(fixture), account_at(fixture, &parsed), &session,
					   cookie_r));
	return session;
}

/* The session's id, or 0. */
static int64_t find(struct fixture *fixture, const struct pl_secret *cookie, int64_t now)
{
	struct pl_session found;
	int ret = pl_session_by_cookie(work_at(fixture, now), cookie, &found);

	assert_ok(fixture, ret);
	return ret == 1 ? found.id : 0;
}

static int complete(struct fixture *fixture, int64_t id, int64_t now, struct pl_secret *cookie_r)
{
	int ret = pl_session_complete(work_at(fixture, now), id, 1, 0, cookie_r);

	assert_ok(fixture, ret);
	return ret;
}

static void cookie_leads_to_its_session(void **state)
{
	struct fixture *fixture = *state;
	struct pl_session made, found;
	struct pl_secret cookie;

	made = open_session(fixture, OWNER, 0, &cookie);
	assert_int_equal(cookie.len, 6 + 43);
	assert_memory_equal(cookie.data, "pl_ss_", 6);
	assert_int_equal(pl_session_by_cookie(work_at(fixture, made.created_at), &cookie, &found),
			 1);
	assert_int_equal(found.id, made.id);
	assert_int_equal(found.member_id, account_of(fixture, OWNER).member.id);
	assert_string_equal(found.address.local, "owner");
	assert_string_equal(found.address.domain, "example.test");
	assert_int_equal(found.pending, 0);
	assert_int_equal(found.channel, PL_CHANNEL_WEBMAIL);
	assert_int_equal(found.expires_at, made.created_at + PL_SESSION_SECONDS);
	assert_string_equal(found.ip, "192.0.2.9");
	assert_string_equal(found.device, "Browser");
	assert_false(database_holds(fixture, (const char *)cookie.data + 6));
	cookie.data[cookie.len - 1] ^= 1;
	assert_int_equal(find(fixture, &cookie, made.created_at), 0);
}

static void cookie_is_no_token_and_token_no_cookie(void **state)
{
	const struct pl_address address = address_of(OWNER);
	struct fixture *fixture = *state;
	struct pl_session made, session = { .expires_at = 0 };
	struct pl_secret cookie, token;

	made = open_session(fixture, OWNER, 0, &cookie);
	assert_ok(fixture, issue_token(work_of(fixture), account_at(fixture, &address), &session,
				       made.created_at + 60, &token));
	assert_int_equal(find(fixture, &token, made.created_at), 0);
	assert_int_equal(session_of_token(fixture, &cookie, made.created_at), 0);
}

static void second_step_makes_it_authenticated_with_a_new_cookie(void **state)
{
	struct fixture *fixture = *state;
	struct pl_session made, found;
	struct pl_secret pending, signed_in, again;
	int64_t now;

	made = open_session(fixture, OWNER, 1, &pending);
	now = made.created_at + 60;
	assert_int_equal(pl_session_by_cookie(work_at(fixture, now), &pending, &found), 1);
	assert_int_equal(found.pending, 1);
	assert_int_equal(found.reauthenticated_at, 0);
	assert_int_equal(complete(fixture, made.id, now, &signed_in), 1);
	assert_int_equal(find(fixture, &pending, now), 0);
	assert_int_equal(pl_session_by_cookie(work_at(fixture, now), &signed_in, &found), 1);
	assert_int_equal(found.id, made.id);
	assert_int_equal(found.pending, 0);
	assert_int_equal(found.reauthenticated_at, now);
	assert_int_equal(found.expires_at, now + PL_SESSION_SECONDS);
	assert_int_equal(complete(fixture, made.id, now, &again), 0);
	assert_int_equal(again.len, 0);
	assert_int_equal(find(fixture, &signed_in, now), made.id);
}

static void half_session_has_a_quarter_hour(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret cookie, signed_in;
	struct pl_session made = open_session(fixture, OWNER, 1, &cookie);
	int64_t end = made.created_at + PL_SESSION_PENDING_SECONDS;

	assert_int_equal(find(fixture, &cookie, end - 1), made.id);
	assert_int_equal(find(fixture, &cookie, end), 0);
	assert_int_equal(complete(fixture, made.id, end, &signed_in), 0);
}

/* Whatever else went wrong, a token must not open a pending session. */
static void pending_session_has_no_token(void **state)
{
	const struct pl_address address = address_of(OWNER);
	struct fixture *fixture = *state;
	struct pl_session session = { .expires_at = 2000 };
	struct pl_secret token;

	assert_ok(fixture, issue_token(work_of(fixture), account_at(fixture, &address), &session,
				       2000, &token));
	assert_int_equal(session_of_token(fixture, &token, 1), session.id);
	sql_run(fixture->db, "UPDATE session SET pending = 1");
	assert_int_equal(session_of_token(fixture, &token, 1), 0);
}

static void session_ends_when_idle_and_in_any_case(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret cookie;
	struct pl_session session = open_session(fixture, OWNER, 0, &cookie);
	int64_t start = session.created_at, now = start;

	assert_int_equal(find(fixture, &cookie, start + PL_SESSION_IDLE - 1), session.id);
	assert_int_equal(find(fixture, &cookie, start + PL_SESSION_IDLE), 0);
	while (now + PL_SESSION_IDLE - 1 < start + PL_SESSION_SECONDS) {
		now += PL_SESSION_IDLE - 1;
		assert_int_equal(pl_session_by_cookie(work_at(fixture, now), &cookie, &session), 1);
		assert_ok(fixture, pl_session_seen(work_at(fixture, now), &session, "192.0.2.77"));
	}
	assert_int_equal(find(fixture, &cookie, start + PL_SESSION_SECONDS - 1), session.id);
	assert_int_equal(find(fixture, &cookie, start + PL_SESSION_SECONDS), 0);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM session WHERE ip = '192.0.2.77'"),
			 1);
}

static void seen_is_written_once_a_minute(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret cookie;
	struct pl_session session = open_session(fixture, OWNER, 0, &cookie);
	int64_t start = session.created_at;

	assert_ok(fixture, pl_session_seen(work_at(fixture, start + PL_SESSION_SEEN_EVERY - 1),
					   &session, "192.0.2.77"));
	assert_int_equal(sql_int(fixture->db, "SELECT seen_at FROM session"), start);
	assert_ok(fixture, pl_session_seen(work_at(fixture, start + PL_SESSION_SEEN_EVERY),
					   &session, "192.0.2.77"));
	assert_int_equal(sql_int(fixture->db, "SELECT seen_at FROM session"),
			 start + PL_SESSION_SEEN_EVERY);
}

static void inactive_member_or_domain_has_no_session(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret cookie;
	struct pl_session session = open_session(fixture, OWNER, 0, &cookie);

	sql_run(fixture->db, "UPDATE member SET active = 0");
	assert_int_equal(find(fixture, &cookie, session.created_at), 0);
	sql_run(fixture->db, "UPDATE member SET active = 1; UPDATE domain SET active = 0");
	assert_int_equal(find(fixture, &cookie, session.created_at), 0);
	sql_run(fixture->db, "UPDATE domain SET active = 1");
	assert_int_equal(find(fixture, &cookie, session.created_at), session.id);
}

static void proof_is_noted(void **state)
{
	const struct pl_address address = address_of(OWNER);
	struct fixture *fixture = *state;
	struct pl_trusted device = { .name = "Browser" };
	struct pl_session session = { .channel = PL_CHANNEL_WEBMAIL, .reauthenticated_at = 12 },
			  found;
	struct pl_secret cookie;

	assert_ok(fixture, pl_trusted_add(work_of(fixture), account_at(fixture, &address), &device,
					  &cookie));
	session.trusted_id = device.id;
	assert_ok(fixture, pl_session_open(work_of(fixture), account_at(fixture, &address),
					   &session, &cookie));
	assert_int_equal(session.reauthenticated_at, 0); /* a trusted device leaves the proof out */
	assert_ok(fixture, pl_session_reauthenticated(work_at(fixture, 77), session.id, 0));
	assert_int_equal(pl_session_by_cookie(work_at(fixture, session.created_at), &cookie,
					      &found),
			 1);
	assert_int_equal(found.reauthenticated_at, 77);
	assert_int_equal(found.trusted_id, device.id);
}

/* A step that becomes due later is asked for once, and not where it was done. */
static void session_of_the_password_alone_becomes_pending_again(void **state)
{
	static const struct {
		int second_factor, reauthenticated_by_it, suspended;
	} rows[] = { { 0, 0, 1 }, { 1, 0, 0 }, { 0, 1, 0 } };
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pl_secret pending, cookie, again;
		struct pl_session session = open_session(fixture, OWNER, 1, &pending), found;
		int64_t now = session.created_at;

		assert_int_equal(pl_session_complete(work_at(fixture, now), session.id,
						     rows[i].second_factor, 0, &cookie),
				 1);
		assert_ok(fixture, pl_session_reauthenticated(work_at(fixture, now), session.id,
							      rows[i].reauthenticated_by_it));
		assert_int_equal(pl_session_by_cookie(work_at(fixture, now + 60), &cookie,
						      &session),
				 1);
		assert_int_equal(session.second_factor, !rows[i].suspended);
		assert_ok(fixture, pl_session_suspend(work_at(fixture, now + 60), &session));
		assert_int_equal(pl_session_by_cookie(work_at(fixture, now + 60), &cookie, &found),
				 1);
		assert_int_equal(found.pending, rows[i].suspended);
		if (!rows[i].suspended)
			continue;
		assert_int_equal(found.expires_at, now + 60 + PL_SESSION_PENDING_SECONDS);
		assert_int_equal(complete(fixture, session.id, now + 61, &again), 1);
		assert_int_equal(find(fixture, &again, now + 61), session.id);
	}
}

static int collect(const struct pl_session *session, void *context)
{
	int64_t **next = context;

	*(*next)++ = session->id;
	return 0;
}

static int list(struct fixture *fixture, int64_t member_id, int64_t now, int64_t ids_r[8])
{
	int64_t *end = ids_r;

	assert_ok(fixture, pl_session_list(work_at(fixture, now), member_id, collect, &end));
	return (int)(end - ids_r);
}

static void list_shows_whole_sessions_of_the_member(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret cookie;
	struct pl_session first = open_session(fixture, OWNER, 0, &cookie);
	struct pl_session second = open_session(fixture, OWNER, 0, &cookie);
	int64_t ids[8];

	open_session(fixture, OWNER, 1, &cookie);
	open_session(fixture, OTHER, 0, &cookie);
	assert_int_equal(list(fixture, first.member_id, first.created_at, ids), 2);
	assert_int_equal(ids[0], second.id);
	assert_int_equal(ids[1], first.id);
	assert_int_equal(list(fixture, first.member_id, second.created_at + PL_SESSION_IDLE, ids),
			 0);
}

static void revoke_ends_one_session_of_its_member(void **state)
{
	const struct pl_address owner = address_of(OWNER), other = address_of(OTHER);
	struct fixture *fixture = *state;
	struct pl_secret cookie, second;
	struct pl_session session = open_session(fixture, OWNER, 0, &second);
	int64_t now = session.created_at, second_id = session.id;

	add_member(fixture, OTHER, "");
	for (size_t i = 0; i < 2; i++) {
		int (*end)(const struct pl_work *, const struct pl_account *, int64_t) =
			i == 0 ? pl_session_sign_out : pl_session_revoke;

		session = open_session(fixture, OWNER, 0, &cookie);
		assert_int_equal(end(work_of(fixture), account_at(fixture, &other), session.id), 0);
		assert_int_equal(find(fixture, &cookie, now), session.id);
		assert_int_equal(end(work_of(fixture), account_at(fixture, &owner), session.id), 1);
		assert_int_equal(find(fixture, &cookie, now), 0);
		assert_int_equal(end(work_of(fixture), account_at(fixture, &owner), session.id), 0);
	}
	assert_int_equal(find(fixture, &second, now), second_id);
}

/* Logging out keeps the trust, unless another device does it. */
static void signing_out_from_elsewhere_takes_the_trust(void **state)
{
	const struct pl_address address = address_of(OWNER);
	struct fixture *fixture = *state;

	for (int with_trust = 0; with_trust <= 1; with_trust++) {
		struct pl_trusted device = { .name = "Browser" };
		struct pl_secret cookie, trust;
		struct pl_session pending = open_session(fixture, OWNER, 1, &cookie);
		enum pl_trust trusted;

		assert_ok(fixture, pl_trusted_add(work_of(fixture), account_at(fixture, &address),
						  &device, &trust));
		assert_int_equal(pl_session_complete(work_at(fixture, pending.created_at),
						     pending.id, 1, device.id, &cookie),
				 1);
		assert_int_equal((with_trust ? pl_session_sign_out
					     : pl_session_revoke)(work_of(fixture),
								  account_at(fixture, &address),
								  pending.id),
				 1);
		assert_ok(fixture, pl_trusted_peek(work_at(fixture, pending.created_at), &trust,
						   pending.member_id, &trusted, NULL));
		assert_int_equal(trusted, with_trust ? PL_TRUST_NONE : PL_TRUST_VALID);
	}
}

static int was_ended(struct fixture *fixture, const struct pl_secret *cookie, int64_t now)
{
	int ended = pl_session_was_ended(work_at(fixture, now), cookie);

	assert_ok(fixture, ended);
	return ended;
}

/* Whose session is over is told the reason: somebody ended it, or time has passed. */
static void what_ended_a_session_is_known(void **state)
{
	const struct pl_address address = address_of(OWNER);
	struct fixture *fixture = *state;
	struct pl_secret idle, signed_out, all;
	const struct pl_secret *cookies[] = { &idle, &signed_out, &all };
	int64_t now = open_session(fixture, OWNER, 0, &idle).created_at;
	int64_t id = open_session(fixture, OWNER, 0, &signed_out).id;

	assert_int_equal(was_ended(fixture, &idle, now + PL_SESSION_IDLE), 0);
	assert_int_equal(pl_session_sign_out(work_at(fixture, now), account_at(fixture, &address),
					     id),
			 1);
	assert_int_equal(was_ended(fixture, &signed_out, now), 1);
	open_session(fixture, OWNER, 0, &all);
	assert_ok(fixture,
		  pl_session_revoke_all(work_at(fixture, now), account_at(fixture, &address)));
	/* What tidies up leaves the reason while it matters. */
	assert_ok(fixture, prune_at(fixture, now));
	assert_int_equal(was_ended(fixture, &all, now), 1);
	assert_int_equal(was_ended(fixture, &signed_out, now), 1);
	for (size_t i = 0; i < COUNT(cookies); i++)
		assert_int_equal(was_ended(fixture, cookies[i], now + PL_SESSION_SECONDS), 0);
	assert_ok(fixture, prune_at(fixture, now + PL_SESSION_SECONDS));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM session"), 0);
}

static void raised_generation_ends_all_of_a_member(void **state)
{
	const struct pl_address address = address_of(OWNER);
	struct fixture *fixture = *state;
	struct pl_secret signed_in, pending, others, later, done;
	int64_t now = open_session(fixture, OWNER, 0, &signed_in).created_at;
	int64_t pending_id = open_session(fixture, OWNER, 1, &pending).id;
	int64_t other_id = open_session(fixture, OTHER, 0, &others).id, later_id;

	assert_ok(fixture, pl_session_revoke_all(work_of(fixture), account_at(fixture, &address)));
	assert_int_equal(find(fixture, &signed_in, now), 0);
	assert_int_equal(find(fixture, &pending, now), 0);
	assert_int_equal(complete(fixture, pending_id, now, &done), 0);
	assert_int_equal(find(fixture, &others, now), other_id);
	later_id = open_session(fixture, OWNER, 0, &later).id;
	assert_int_equal(find(fixture, &later, now), later_id);
}

static void all_but_one_end_with_the_trust_of_their_devices(void **state)
{
	const struct pl_address address = address_of(OWNER);
	struct fixture *fixture = *state;
	struct pl_secret cookies[4], trust[2];
	int64_t ids[4], now = 0;

	for (int i = 0; i < 4; i++) {
		struct pl_session session = open_session(fixture, OWNER, i < 3, &cookies[i]);
		struct pl_trusted device = { .name = "Browser" };

		ids[i] = session.id;
		now = session.created_at;
		if (i >= 2) /* one stays pending, one is authenticated by now */
			continue;
		assert_ok(fixture, pl_trusted_add(work_of(fixture), account_at(fixture, &address),
						  &device, &trust[i]));
		assert_int_equal(pl_session_complete(work_at(fixture, now), ids[i], 1, device.id,
						     &cookies[i]),
				 1);
	}
	assert_ok(fixture, pl_session_revoke_others(work_of(fixture), account_at(fixture, &address),
						    ids[0]));
	assert_int_equal(find(fixture, &cookies[0], now), ids[0]);
	for (int i = 1; i < 4; i++)
		assert_int_equal(find(fixture, &cookies[i], now), 0);
	for (int i = 0; i < 2; i++) {
		enum pl_trust trusted;

		assert_ok(fixture,
			  pl_trusted_peek(work_at(fixture, now), &trust[i],
					  account_of(fixture, OWNER).member.id, &trusted, NULL));
		assert_int_equal(trusted, i == 0 ? PL_TRUST_VALID : PL_TRUST_NONE);
	}
}

static void prune_removes_what_is_over(void **state)
{
	const struct pl_address address = address_of(OWNER);
	struct fixture *fixture = *state;
	struct pl_session kept, old = { .expires_at = INT64_MAX };
	struct pl_secret cookie, token;
	int64_t now;

	open_session(fixture, OWNER, 1, &cookie);
	kept = open_session(fixture, OTHER, 0, &cookie);
	now = kept.created_at + PL_SESSION_IDLE - 1;
	/* A session of the version that had no cookies is never idle. */
	assert_ok(fixture,
		  issue_token(work_of(fixture), account_at(fixture, &address), &old, now, &token));
	sql_run(fixture->db, "UPDATE session SET cookie = NULL WHERE channel = 'client'");
	assert_ok(fixture, prune_at(fixture, now));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM session WHERE pending = 1"), 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM token"), 0);
	assert_int_equal(find(fixture, &cookie, now), kept.id);
	assert_ok(fixture, prune_at(fixture, now + 1));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM session"), 1);
	assert_int_equal(sql_int(fixture->db, "SELECT id FROM session"), old.id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(cookie_leads_to_its_session),
		TEST_WITH_DATABASE(cookie_is_no_token_and_token_no_cookie),
		TEST_WITH_DATABASE(second_step_makes_it_authenticated_with_a_new_cookie),
		TEST_WITH_DATABASE(half_session_has_a_quarter_hour),
		TEST_WITH_DATABASE(pending_session_has_no_token),
		TEST_WITH_DATABASE(session_ends_when_idle_and_in_any_case),
		TEST_WITH_DATABASE(seen_is_written_once_a_minute),
		TEST_WITH_DATABASE(inactive_member_or_domain_has_no_session),
		TEST_WITH_DATABASE(proof_is_noted),
		TEST_WITH_DATABASE(session_of_the_password_alone_becomes_pending_again),
		TEST_WITH_DATABASE(list_shows_whole_sessions_of_the_member),
		TEST_WITH_DATABASE(revoke_ends_one_session_of_its_member),
		TEST_WITH_DATABASE(signing_out_from_elsewhere_takes_the_trust),
		TEST_WITH_DATABASE(what_ended_a_session_is_known),
		TEST_WITH_DATABASE(raised_generation_ends_all_of_a_member),
		TEST_WITH_DATABASE(all_but_one_end_with_the_trust_of_their_devices),
		TEST_WITH_DATABASE(prune_removes_what_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
