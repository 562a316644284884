/* test_grant.c - OAuth clients, codes, access and refresh tokens, signing keys. */
#include "tests/unit/parallel.h"

#include <openssl/evp.h>

#include "policy/session/grant.h"
#include "policy/session/redirect_uri.h"

#define OWNER "owner@example.test"
#define URI "https://webmail.test/cb"

/* A member's authenticated session with a client that is known. */
struct scene {
	struct pl_session session;
	struct pl_grant grant;
	struct pl_secret client_secret;
	int64_t now;
};

static void add_client(struct fixture *fixture, const char *id, int confidential,
		       struct pl_secret *secret_r)
{
	struct pl_oauth_client client = { .confidential = confidential,
					  .channel = PL_CHANNEL_WEBMAIL,
					  .redirect_uris = URI };

	snprintf(client.id, sizeof(client.id), "%s", id);
	assert_ok(fixture, pl_oauth_client_add(work_of(fixture), &client, secret_r));
}

static struct scene begin(struct fixture *fixture)
{
	const struct pl_address address = address_of(OWNER);
	struct scene scene = { .session = { .channel = PL_CHANNEL_WEBMAIL },
			       .grant = { .client_id = "webmail",
					  .redirect_uri = URI,
					  .challenge = "challenge",
					  .scope = "openid mail",
					  .nonce = "n-1" } };
	struct pl_secret cookie;

	assert_ok(fixture, pl_session_open(work_of(fixture), account_at(fixture, &address),
					   &scene.session, &cookie));
	add_client(fixture, "webmail", 1, &scene.client_secret);
	scene.now = scene.session.created_at;
	scene.grant.session_id = scene.session.id;
	scene.grant.expires_at = scene.now + PL_CODE_SECONDS;
	return scene;
}

static struct pl_secret issue_code(struct fixture *fixture, const struct scene *scene)
{
	struct pl_secret code;

	assert_ok(fixture, pl_code_issue(fixture->store, &scene->grant, &code, &fixture->err));
	return code;
}

static int take_code(struct fixture *fixture, const struct pl_secret *code, const char *client_id,
		     int64_t now, struct pl_grant *grant_r)
{
	int ret = pl_code_redeem_commit(work_at(fixture, now), code, client_id, grant_r);

	assert_ok(fixture, ret);
	return ret;
}

/* Tokens by way of a code. */
static struct pl_tokens issue(struct fixture *fixture, const struct scene *scene)
{
	const struct pl_secret code = issue_code(fixture, scene);
	struct pl_grant grant;
	struct pl_tokens tokens;

	assert_int_equal(take_code(fixture, &code, "webmail", scene->now, &grant), 1);
	assert_ok(fixture, pl_tokens_issue(work_at(fixture, scene->now), &grant, &tokens));
	return tokens;
}

static int refresh(struct fixture *fixture, const struct pl_secret *token, const char *client_id,
		   int64_t now, struct pl_tokens *tokens_r)
{
	struct pl_grant grant;
	int ret = pl_tokens_refresh(work_at(fixture, now), token, client_id, &grant, tokens_r);

	assert_ok(fixture, ret);
	if (ret == 1)
		assert_string_equal(grant.scope, "openid mail");
	return ret;
}

static int is_good(struct fixture *fixture, const struct pl_secret *token, int64_t now)
{
	return session_of_token(fixture, token, now) != 0;
}

/* ---- clients ---- */

static void client_proves_itself_with_its_secret(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret, public_secret, nothing = { .len = 0 };

	add_client(fixture, "webmail", 1, &secret);
	add_client(fixture, "phone", 0, &public_secret);
	assert_int_equal(public_secret.len, 0);
	assert_false(database_holds(fixture, (const char *)secret.data + 6));
	assert_int_equal(pl_oauth_client_check(fixture->store, "webmail", &secret, &fixture->err),
			 1);
	assert_int_equal(pl_oauth_client_check(fixture->store, "phone", &secret, &fixture->err), 0);
	assert_int_equal(pl_oauth_client_check(fixture->store, "phone", &nothing, &fixture->err),
			 0);
	assert_int_equal(pl_oauth_client_check(fixture->store, "nobody", &secret, &fixture->err),
			 0);
	assert_int_equal(pl_oauth_client_check(fixture->store, "webmail", &nothing, &fixture->err),
			 0);
	secret.data[10] ^= 1;
	assert_int_equal(pl_oauth_client_check(fixture->store, "webmail", &secret, &fixture->err),
			 0);
}

static void redirect_uris_are_safe_ones(void **state)
{
	static const struct {
		const char *uri;
		int allowed;
	} rows[] = {
		{ "https://mail.example.test/cb", 1 },
		{ "https://mail.example.test:8443/cb?x=1", 1 },
		{ "http://localhost/cb", 1 },
		{ "http://localhost:8080/cb", 1 },
		{ "http://127.0.0.1:1/", 1 },
		{ "http://[::1]:8080/", 1 },
		{ "http://mail.example.test/cb", 0 },
		{ "http://localhost.evil.test/", 0 },
		{ "http://127.0.0.1.evil.test/", 0 },
		{ "https://mail.example.test/cb#x", 0 },
		{ "https://good@evil.test/", 0 },
		{ "javascript:alert(1)", 0 },
		{ "https://", 0 },
		{ "", 0 },
		{ "/cb", 0 },
		{ "https://mail.example.test/\n", 0 },
		{ "https://mail.example.test/\\x", 0 },
		{ "HTTP://localhost/", 0 },
	};
	struct fixture *fixture = *state;
	struct pl_secret secret;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pl_oauth_client client = { .confidential = 0 };
		int ret;

		snprintf(client.id, sizeof(client.id), "client-%zu", i);
		snprintf(client.redirect_uris, sizeof(client.redirect_uris), "%s", rows[i].uri);
		ret = pl_oauth_client_add(work_of(fixture), &client, &secret);
		if ((ret == 0) != rows[i].allowed)
			fail_msg("%s: %d", rows[i].uri, ret);
	}
}

static void uris_are_compared_byte_for_byte(void **state)
{
	static const char list[] = "https://a.test/cb https://a.test/other";

	(void)state;
	assert_true(pl_uri_listed(list, "https://a.test/cb"));
	assert_true(pl_uri_listed(list, "https://a.test/other"));
	assert_false(pl_uri_listed(list, "https://a.test/c"));
	assert_false(pl_uri_listed(list, "https://a.test/cb/"));
	assert_false(pl_uri_listed(list, "https://a.test/CB"));
	assert_false(pl_uri_listed(list, list));
	assert_false(pl_uri_listed(list, ""));
	assert_false(pl_uri_listed("", ""));
}

static void loopback_uri_of_a_public_client_has_any_port(void **state)
{
	static const char list[] = "http://127.0.0.1/cb http://[::1]:8000/?a=b "
				   "http://localhost/cb https://a.test/cb";
	static const struct {
		const char *uri;
		int listed;
	} rows[] = {
		{ "http://127.0.0.1/cb", 1 },           { "http://127.0.0.1:1/cb", 1 },
		{ "http://127.0.0.1:65535/cb", 1 },     { "http://[::1]/?a=b", 1 },
		{ "http://[::1]:49152/?a=b", 1 },       { "http://[::1]:49152/cb", 0 },
		{ "http://127.0.0.1:49152/cb/", 0 },    { "http://127.0.0.1:/cb", 0 },
		{ "http://127.0.0.1:123456/cb", 0 },    { "http://127.0.0.1:80@evil.test/cb", 0 },
		{ "http://127.0.0.1.evil.test/cb", 0 }, { "http://127.0.0.1:80:80/cb", 0 },
		{ "https://127.0.0.1:80/cb", 0 },       { "http://localhost:49152/cb", 0 },
		{ "https://a.test:49152/cb", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (pl_redirect_uri_listed(list, 1, rows[i].uri) != rows[i].listed)
			fail_msg("%s", rows[i].uri);
	}
	assert_false(pl_redirect_uri_listed(list, 0, "http://127.0.0.1:49152/cb"));
	assert_true(pl_redirect_uri_listed(list, 0, "http://127.0.0.1/cb"));
}

static void private_scheme_is_for_public_clients(void **state)
{
	static const struct {
		const char *uri;
		int allowed;
	} rows[] = {
		{ "com.example.app:/oauth2redirect", 1 },
		{ "com.example-2.app:/", 1 },
		{ "com.example.app:oauth2redirect", 0 },
		{ "com.example.app:/a#b", 0 },
		{ "javascript:/alert(1)", 0 },
		{ "data:/text", 0 },
		{ ".example:/", 0 },
		{ "2.example:/", 0 },
		{ "Com.Example.App:/", 0 },
	};
	struct pl_error err;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if ((pl_redirect_uris_check(rows[i].uri, 1, &err) == 0) != rows[i].allowed)
			fail_msg("%s", rows[i].uri);
		assert_int_equal(pl_redirect_uris_check(rows[i].uri, 0, &err), -1);
		assert_int_equal(pl_logout_uris_check(rows[i].uri, &err), -1);
	}
}

static void removed_client_takes_its_tokens_along(void **state)
{
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);
	const struct pl_tokens tokens = issue(fixture, &scene);
	struct pl_tokens next;

	assert_int_equal(pl_oauth_client_remove(work_of(fixture), "webmail"), 1);
	assert_int_equal(is_good(fixture, &tokens.access, scene.now), 0);
	assert_int_equal(refresh(fixture, &tokens.refresh, "webmail", scene.now, &next), 0);
	assert_int_equal(pl_oauth_client_remove(work_of(fixture), "webmail"), 0);
}

/* ---- codes ---- */

static void code_gives_its_grant_once(void **state)
{
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);
	const struct pl_secret code = issue_code(fixture, &scene);
	struct pl_grant grant;

	assert_memory_equal(code.data, "pl_ac_", 6);
	assert_false(database_holds(fixture, (const char *)code.data + 6));
	assert_int_equal(take_code(fixture, &code, "webmail", scene.now + PL_CODE_SECONDS - 1,
				   &grant),
			 1);
	assert_int_equal(grant.session_id, scene.session.id);
	assert_string_equal(grant.client_id, "webmail");
	assert_string_equal(grant.redirect_uri, URI);
	assert_string_equal(grant.challenge, "challenge");
	assert_string_equal(grant.scope, "openid mail");
	assert_string_equal(grant.nonce, "n-1");
	assert_int_equal(take_code(fixture, &code, "webmail", scene.now, &grant), 0);
	assert_int_equal(grant.session_id, 0);
}

static void code_lives_a_minute(void **state)
{
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);
	const struct pl_secret code = issue_code(fixture, &scene);
	struct pl_grant grant;

	assert_int_equal(take_code(fixture, &code, "webmail", scene.now + PL_CODE_SECONDS, &grant),
			 0);
	assert_ok(fixture, prune_at(fixture, scene.now + PL_CODE_SECONDS));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM oauth_grant"), 0);
}

static void second_use_of_a_code_revokes_what_came_of_it(void **state)
{
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);
	const struct pl_tokens others = issue(fixture, &scene);
	const struct pl_secret code = issue_code(fixture, &scene);
	struct pl_tokens tokens, next;
	struct pl_grant grant;

	assert_int_equal(take_code(fixture, &code, "webmail", scene.now, &grant), 1);
	assert_ok(fixture, pl_tokens_issue(work_at(fixture, scene.now), &grant, &tokens));
	assert_int_equal(is_good(fixture, &tokens.access, scene.now), 1);
	/* Also long after it has expired. */
	assert_ok(fixture, prune_at(fixture, scene.now + 600));
	assert_int_equal(take_code(fixture, &code, "webmail", scene.now + 600, &grant), 0);
	assert_int_equal(is_good(fixture, &tokens.access, scene.now), 0);
	assert_int_equal(refresh(fixture, &tokens.refresh, "webmail", scene.now, &next), 0);
	assert_int_equal(is_good(fixture, &others.access, scene.now), 1);
}

static void no_tokens_for_a_grant_that_was_revoked_meanwhile(void **state)
{
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);
	const struct pl_secret code = issue_code(fixture, &scene);
	struct pl_grant grant, again;
	struct pl_tokens tokens;

	assert_int_equal(take_code(fixture, &code, "webmail", scene.now, &grant), 1);
	assert_int_equal(take_code(fixture, &code, "webmail", scene.now, &again), 0);
	assert_refused(fixture, pl_tokens_issue(work_at(fixture, scene.now), &grant, &tokens),
		       PL_ERR_CONFLICT, "revoked");
	assert_int_equal(tokens.access.len, 0);
	assert_int_equal(tokens.refresh.len, 0);
}

static void code_of_another_client_is_refused_and_not_spent(void **state)
{
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);
	const struct pl_secret code = issue_code(fixture, &scene);
	struct pl_secret secret;
	struct pl_grant grant;

	add_client(fixture, "thief", 1, &secret);
	assert_int_equal(take_code(fixture, &code, "thief", scene.now, &grant), 0);
	assert_int_equal(take_code(fixture, &code, "webmail", scene.now, &grant), 1);
	assert_int_equal(take_code(fixture, &code, "thief", scene.now, &grant), 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM oauth_grant"), 1);
}

static void code_of_a_session_that_is_not_whole_gives_nothing(void **state)
{
	static const char *const faults[] = {
		"UPDATE session SET pending = 1", "UPDATE session SET expires_at = 1",
		"UPDATE session SET seen_at = 1", "UPDATE member SET generation = generation + 1",
		"UPDATE member SET active = 0",   "UPDATE domain SET active = 0",
	};
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);

	for (size_t i = 0; i < COUNT(faults); i++) {
		const struct pl_secret code = issue_code(fixture, &scene);
		struct pl_grant grant;

		sql_run(fixture->db, "CREATE TABLE s AS SELECT * FROM session; CREATE TABLE m AS "
				     "SELECT * FROM member");
		sql_run(fixture->db, faults[i]);
		assert_int_equal(take_code(fixture, &code, "webmail", scene.now, &grant), 0);
		sql_run(fixture->db, "UPDATE session SET (pending, expires_at, seen_at) = "
				     "(SELECT pending, expires_at, seen_at FROM s); "
				     "UPDATE member SET (generation, active) = (SELECT generation, "
				     "active FROM m); "
				     "UPDATE domain SET active = 1; DROP TABLE s; DROP TABLE m");
	}
	issue(fixture, &scene); /* which works again */
}

static struct pl_secret shared_code;
static int64_t shared_now;

static int take_shared(struct fixture *fixture, struct pl_store *store, struct pl_error *err)
{
	struct pl_grant grant;

	(void)fixture;
	return pl_code_redeem_commit(WORK(store, shared_now, err), &shared_code, "webmail", &grant);
}

static void parallel_uses_of_a_code_have_one_winner(void **state)
{
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);
	int results[PROCESSES];

	shared_now = scene.now;
	for (int round = 0; round < 8; round++) {
		shared_code = issue_code(fixture, &scene);
		pl_store_close(&fixture->store);
		in_parallel(fixture, take_shared, results);
		assert_int_equal(count_results(results, 1), 1);
		assert_int_equal(count_results(results, 0), PROCESSES - 1);
		reopen(fixture, PL_ROLE_PORTAL);
	}
}

/* ---- tokens ---- */

static void access_token_tells_whose_it_is(void **state)
{
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);
	const struct pl_tokens tokens = issue(fixture, &scene);
	struct pl_token_info info;

	assert_memory_equal(tokens.access.data, "pl_at_", 6);
	assert_memory_equal(tokens.refresh.data, "pl_rt_", 6);
	assert_false(database_holds(fixture, (const char *)tokens.access.data + 6));
	assert_false(database_holds(fixture, (const char *)tokens.refresh.data + 6));
	assert_int_equal(pl_token_info(work_at(fixture, scene.now), &tokens.access, &info), 1);
	assert_int_equal(info.session_id, scene.session.id);
	assert_int_equal(info.member_id, scene.session.member_id);
	assert_string_equal(info.address.local, "owner");
	assert_string_equal(info.address.domain, "example.test");
	assert_string_equal(info.client_id, "webmail");
	assert_string_equal(info.scope, "openid mail");
	assert_int_equal(info.issued_at, scene.now);
	assert_int_equal(info.expires_at, scene.now + PL_ACCESS_SECONDS);
	assert_int_equal(tokens.access_expires_at, info.expires_at);
	assert_int_equal(is_good(fixture, &tokens.access, info.expires_at - 1), 1);
	assert_int_equal(is_good(fixture, &tokens.access, info.expires_at), 0);
	assert_int_equal(is_good(fixture, &tokens.refresh, scene.now), 0);
}

static void access_token_does_not_outlive_its_session(void **state)
{
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);
	struct pl_tokens tokens;

	sql_run(fixture->db, "UPDATE session SET expires_at = created_at + 100");
	tokens = issue(fixture, &scene);
	assert_int_equal(tokens.access_expires_at, scene.now + 100);
}

static void tokens_die_with_their_session(void **state)
{
	const struct pl_address address = address_of(OWNER);
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);
	const struct pl_tokens tokens = issue(fixture, &scene);
	struct pl_tokens next;

	assert_int_equal(pl_session_revoke(work_of(fixture), account_at(fixture, &address),
					   scene.session.id),
			 1);
	assert_int_equal(is_good(fixture, &tokens.access, scene.now), 0);
	assert_int_equal(refresh(fixture, &tokens.refresh, "webmail", scene.now, &next), 0);
}

static void raised_generation_kills_all(void **state)
{
	const struct pl_address address = address_of(OWNER);
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);
	const struct pl_tokens tokens = issue(fixture, &scene);
	const struct pl_secret code = issue_code(fixture, &scene);
	struct pl_tokens next;
	struct pl_grant grant;

	assert_ok(fixture, pl_session_revoke_all(work_of(fixture), account_at(fixture, &address)));
	assert_int_equal(is_good(fixture, &tokens.access, scene.now), 0);
	assert_int_equal(refresh(fixture, &tokens.refresh, "webmail", scene.now, &next), 0);
	assert_int_equal(take_code(fixture, &code, "webmail", scene.now, &grant), 0);
}

static void inactive_member_has_no_token_info(void **state)
{
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);
	const struct pl_tokens tokens = issue(fixture, &scene);
	struct pl_token_info info;

	sql_run(fixture->db, "UPDATE member SET active = 0");
	assert_int_equal(pl_token_info(work_at(fixture, scene.now), &tokens.access, &info), 0);
	sql_run(fixture->db, "UPDATE member SET active = 1; UPDATE domain SET active = 0");
	assert_int_equal(pl_token_info(work_at(fixture, scene.now), &tokens.access, &info), 0);
}

static void refresh_gives_new_tokens(void **state)
{
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);
	struct pl_tokens tokens = issue(fixture, &scene), next;
	int64_t now = scene.now;

	for (int i = 0; i < 5; i++) {
		now += PL_ACCESS_SECONDS;
		assert_int_equal(is_good(fixture, &tokens.access, now), 0);
		assert_int_equal(refresh(fixture, &tokens.refresh, "webmail", now, &next), 1);
		assert_int_equal(is_good(fixture, &next.access, now), 1);
		assert_memory_not_equal(next.refresh.data, tokens.refresh.data, tokens.refresh.len);
		tokens = next;
	}
	/* It keeps the session from being idle, but not for ever. */
	assert_true(now - scene.now > PL_SESSION_IDLE);
	assert_int_equal(refresh(fixture, &tokens.refresh, "webmail", now + PL_SESSION_IDLE, &next),
			 0);
}

static void old_refresh_token_works_for_parallel_requests(void **state)
{
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);
	const struct pl_tokens tokens = issue(fixture, &scene);
	struct pl_tokens first, second;

	assert_int_equal(refresh(fixture, &tokens.refresh, "webmail", scene.now, &first), 1);
	assert_int_equal(refresh(fixture, &tokens.refresh, "webmail", scene.now + PL_REFRESH_GRACE,
				 &second),
			 1);
	assert_int_equal(is_good(fixture, &first.access, scene.now), 1);
	assert_int_equal(is_good(fixture, &second.access, scene.now), 1);
}

/* A thief and the client have one each: whoever uses it second ends the session. */
static void of_two_that_came_of_one_refresh_token_one_goes_on(void **state)
{
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);
	const struct pl_tokens tokens = issue(fixture, &scene);
	struct pl_tokens first, second, next, none;

	assert_int_equal(refresh(fixture, &tokens.refresh, "webmail", scene.now, &first), 1);
	assert_int_equal(refresh(fixture, &tokens.refresh, "webmail", scene.now, &second), 1);
	assert_int_equal(refresh(fixture, &first.refresh, "webmail", scene.now, &next), 1);
	assert_int_equal(is_good(fixture, &next.access, scene.now), 1);
	assert_int_equal(refresh(fixture, &second.refresh, "webmail", scene.now, &none), 0);
	assert_int_equal(is_good(fixture, &next.access, scene.now), 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM session"), 0);
}

static void old_refresh_token_has_no_grace_once_its_successor_is_used(void **state)
{
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);
	const struct pl_tokens tokens = issue(fixture, &scene);
	struct pl_tokens first, next, none;

	assert_int_equal(refresh(fixture, &tokens.refresh, "webmail", scene.now, &first), 1);
	assert_int_equal(refresh(fixture, &first.refresh, "webmail", scene.now, &next), 1);
	assert_int_equal(refresh(fixture, &tokens.refresh, "webmail", scene.now, &none), 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM session"), 0);
}

static void later_use_of_an_old_refresh_token_ends_the_session(void **state)
{
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);
	const struct pl_tokens tokens = issue(fixture, &scene);
	struct pl_tokens first, second;
	int64_t later = scene.now + PL_REFRESH_GRACE + 1;

	assert_int_equal(refresh(fixture, &tokens.refresh, "webmail", scene.now, &first), 1);
	assert_int_equal(refresh(fixture, &tokens.refresh, "webmail", later, &second), 0);
	assert_int_equal(second.access.len, 0);
	assert_int_equal(is_good(fixture, &first.access, later), 0);
	assert_int_equal(refresh(fixture, &first.refresh, "webmail", later, &second), 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM session"), 0);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM audit WHERE "
				 "action = 'refresh-token.stolen' AND object = '" OWNER "'"),
			 1);
}

static void refresh_token_is_of_one_client(void **state)
{
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);
	const struct pl_tokens tokens = issue(fixture, &scene);
	struct pl_tokens next;
	struct pl_secret secret;

	add_client(fixture, "thief", 1, &secret);
	assert_int_equal(refresh(fixture, &tokens.refresh, "thief", scene.now, &next), 0);
	assert_int_equal(refresh(fixture, &tokens.access, "webmail", scene.now, &next), 0);
	assert_int_equal(refresh(fixture, &tokens.refresh, "webmail", scene.now + 3600, &next), 1);
}

static int revoke(struct fixture *fixture, const struct pl_secret *token, const char *client_id)
{
	int ret = pl_token_revoke(work_of(fixture), token, client_id);

	assert_ok(fixture, ret);
	return ret;
}

static void revoked_access_token_is_dead_alone(void **state)
{
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);
	const struct pl_tokens tokens = issue(fixture, &scene);
	struct pl_tokens next;

	assert_int_equal(revoke(fixture, &tokens.access, "webmail"), 1);
	assert_int_equal(is_good(fixture, &tokens.access, scene.now), 0);
	assert_int_equal(revoke(fixture, &tokens.access, "webmail"), 0);
	assert_int_equal(refresh(fixture, &tokens.refresh, "webmail", scene.now, &next), 1);
}

static void revoked_refresh_token_takes_access_tokens_along(void **state)
{
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);
	const struct pl_tokens tokens = issue(fixture, &scene), others = issue(fixture, &scene);
	struct pl_tokens next;

	assert_int_equal(refresh(fixture, &tokens.refresh, "webmail", scene.now, &next), 1);
	assert_int_equal(revoke(fixture, &next.refresh, "webmail"), 1);
	assert_int_equal(is_good(fixture, &tokens.access, scene.now), 0);
	assert_int_equal(is_good(fixture, &next.access, scene.now), 0);
	assert_int_equal(refresh(fixture, &next.refresh, "webmail", scene.now, &next), 0);
	assert_int_equal(is_good(fixture, &others.access, scene.now), 1);
}

static void another_client_revokes_nothing(void **state)
{
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);
	const struct pl_tokens tokens = issue(fixture, &scene);
	struct pl_secret secret, unknown;

	add_client(fixture, "thief", 1, &secret);
	pl_secret_set(&unknown, "pl_at_unknown", 13);
	assert_int_equal(revoke(fixture, &tokens.access, "thief"), 0);
	assert_int_equal(revoke(fixture, &tokens.refresh, "thief"), 0);
	assert_int_equal(revoke(fixture, &unknown, "webmail"), 0);
	assert_int_equal(is_good(fixture, &tokens.access, scene.now), 1);
}

/* ---- signing keys ---- */

static struct pl_signing_key key_of(struct fixture *fixture, enum pl_signing_alg alg)
{
	struct pl_signing_key key;

	assert_int_equal(pl_signing_key_get(fixture->store, fixture->keys, alg, &key,
					    &fixture->err),
			 1);
	assert_int_equal(key.alg, alg);
	return key;
}

static void signing_keys_are_made_once(void **state)
{
	struct fixture *fixture = *state;
	struct pl_signing_key key, again;

	assert_int_equal(pl_signing_key_get(fixture->store, fixture->keys, PL_RS256, &key,
					    &fixture->err),
			 0);
	assert_int_equal(pl_signing_keys_make(work_of(fixture), fixture->keys), 1);
	assert_int_equal(pl_signing_keys_make(work_of(fixture), fixture->keys), 0);
	for (enum pl_signing_alg alg = 0; alg < PL_SIGNING_ALGS; alg++) {
		key = key_of(fixture, alg);
		again = key_of(fixture, alg);
		assert_int_equal(strlen(key.id), 43);
		assert_string_equal(key.id, again.id);
		assert_memory_equal(&key.secret, &again.secret, sizeof(key.secret));
	}
	assert_false(database_holds(fixture, "PRIVATE"));
}

/* A database of before has a key for ES256 alone. */
static void missing_key_is_made(void **state)
{
	struct fixture *fixture = *state;
	struct pl_signing_key before, key;

	assert_int_equal(pl_signing_keys_make(work_of(fixture), fixture->keys), 1);
	before = key_of(fixture, PL_ES256);
	sql_run(fixture->db, "DELETE FROM signing_key WHERE alg = 'RS256'");
	assert_int_equal(pl_signing_keys_make(work_of(fixture), fixture->keys), 1);
	key_of(fixture, PL_RS256);
	key = key_of(fixture, PL_ES256);
	assert_string_equal(before.id, key.id);
}

/* What is kept of a key gives the whole key, which signs what OpenSSL verifies. */
static void signing_key_is_whole_and_named_by_its_thumbprint(void **state)
{
	static const char text[] = "to be signed";
	struct fixture *fixture = *state;

	assert_int_equal(pl_signing_keys_make(work_of(fixture), fixture->keys), 1);
	for (enum pl_signing_alg alg = 0; alg < PL_SIGNING_ALGS; alg++) {
		const struct pl_signing_key key = key_of(fixture, alg);
		EVP_PKEY *pkey = pl_signing_key_open(&key, &fixture->err);
		EVP_PKEY_CTX *check = EVP_PKEY_CTX_new(pkey, NULL);
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		unsigned char signature[512], digest[32];
		char json[PL_JWK_TEXT], thumbprint[64];
		size_t len = sizeof(signature);

		assert_non_null(pkey);
		assert_int_equal(EVP_PKEY_get_bits(pkey), alg == PL_RS256 ? 2048 : 256);
		assert_int_equal(EVP_PKEY_pairwise_check(check), 1);
		EVP_PKEY_CTX_free(check);
		assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey), 1);
		assert_int_equal(EVP_DigestSign(ctx, signature, &len, (const unsigned char *)text,
						sizeof(text)),
				 1);
		EVP_MD_CTX_free(ctx);
		assert_int_equal(pl_signing_key_public(pkey, json), 0);
		EVP_PKEY_free(pkey);
		assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, json, strlen(json), digest,
					      NULL),
				 1);
		assert_string_equal(pl_base64url(digest, 32, thumbprint), key.id);
	}
}

static int count_key(const struct pl_signing_key *key, void *context)
{
	assert_true(key->secret.len > 0);
	++*(int *)context;
	return 0;
}

static int published(struct fixture *fixture, int64_t now)
{
	int count = 0;

	assert_ok(fixture,
		  pl_signing_key_list(work_at(fixture, now), fixture->keys, count_key, &count));
	return count;
}

/* A replaced key is published until the last token that it has signed has expired. */
static void replaced_key_is_published_for_a_while(void **state)
{
	struct fixture *fixture = *state;
	struct pl_signing_key old, new, found;
	int64_t now = 1000;

	assert_int_equal(pl_signing_keys_make(work_at(fixture, now), fixture->keys), 1);
	old = key_of(fixture, PL_RS256);
	now += 100;
	assert_ok(fixture, pl_signing_keys_rotate(work_at(fixture, now), fixture->keys, 0));
	new = key_of(fixture, PL_RS256);
	assert_string_not_equal(new.id, old.id);
	for (int late = 0; late <= 1; late++) {
		int64_t then = now + PL_ID_TOKEN_SECONDS - 1 + late;

		assert_int_equal(published(fixture, then), late ? 2 : 4);
		assert_int_equal(pl_signing_key_find(work_at(fixture, then), fixture->keys, old.id,
						     &found),
				 !late);
		assert_int_equal(pl_signing_key_find(work_at(fixture, then), fixture->keys, new.id,
						     &found),
				 1);
	}
	assert_ok(fixture, pl_signing_keys_rotate(work_at(fixture, now), fixture->keys, 1));
	assert_int_equal(published(fixture, now), 2);
	assert_int_equal(pl_signing_key_find(work_at(fixture, now), fixture->keys, new.id, &found),
			 0);
}

static void base64url_is_that_of_rfc_4648(void **state)
{
	static const struct {
		const char *data, *text;
	} rows[] = {
		{ "", "" },        { "f", "Zg" },        { "fo", "Zm8" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg" }, { "\xfb\xff\xfe", "-__-" },
	};
	char text[16];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(pl_base64url(rows[i].data, strlen(rows[i].data), text),
				    rows[i].text);
}

static void base64url_is_read_in_one_way(void **state)
{
	static const struct {
		const char *text, *data;
	} rows[] = {
		{ "Zg", "f" },
		{ "Zm8", "fo" },
		{ "Zm9v", "foo" },
		{ "-__-", "\xfb\xff\xfe" },
	};
	static const char *const wrong[] = {
		"",     "Z",    "Zh" /* left-over bits */,     "Zm9", "Zg==", "Zm+v",
		"Zm/v", "Zm 9", "Zm9vZ" /* five characters */,
	};
	unsigned char data[3];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const size_t len = strlen(rows[i].data);

		assert_int_equal(pl_base64url_decode(rows[i].text, strlen(rows[i].text), data,
						     sizeof(data)),
				 len);
		assert_memory_equal(data, rows[i].data, len);
	}
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_equal(pl_base64url_decode(wrong[i], strlen(wrong[i]), data,
						     sizeof(data)),
				 -1);
	/* One byte more than there is room for; and a zero byte is no digit. */
	assert_int_equal(pl_base64url_decode("Zm9v", 4, data, 2), -1);
	assert_int_equal(pl_base64url_decode("Zm9\0", 4, data, sizeof(data)), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(client_proves_itself_with_its_secret),
		TEST_WITH_DATABASE(redirect_uris_are_safe_ones),
		cmocka_unit_test(uris_are_compared_byte_for_byte),
		cmocka_unit_test(loopback_uri_of_a_public_client_has_any_port),
		cmocka_unit_test(private_scheme_is_for_public_clients),
		TEST_WITH_DATABASE(removed_client_takes_its_tokens_along),
		TEST_WITH_DATABASE(code_gives_its_grant_once),
		TEST_WITH_DATABASE(code_lives_a_minute),
		TEST_WITH_DATABASE(second_use_of_a_code_revokes_what_came_of_it),
		TEST_WITH_DATABASE(no_tokens_for_a_grant_that_was_revoked_meanwhile),
		TEST_WITH_DATABASE(code_of_another_client_is_refused_and_not_spent),
		TEST_WITH_DATABASE(code_of_a_session_that_is_not_whole_gives_nothing),
		TEST_WITH_DATABASE(parallel_uses_of_a_code_have_one_winner),
		TEST_WITH_DATABASE(access_token_tells_whose_it_is),
		TEST_WITH_DATABASE(access_token_does_not_outlive_its_session),
		TEST_WITH_DATABASE(tokens_die_with_their_session),
		TEST_WITH_DATABASE(raised_generation_kills_all),
		TEST_WITH_DATABASE(inactive_member_has_no_token_info),
		TEST_WITH_DATABASE(refresh_gives_new_tokens),
		TEST_WITH_DATABASE(old_refresh_token_works_for_parallel_requests),
		TEST_WITH_DATABASE(of_two_that_came_of_one_refresh_token_one_goes_on),
		TEST_WITH_DATABASE(old_refresh_token_has_no_grace_once_its_successor_is_used),
		TEST_WITH_DATABASE(later_use_of_an_old_refresh_token_ends_the_session),
		TEST_WITH_DATABASE(refresh_token_is_of_one_client),
		TEST_WITH_DATABASE(revoked_access_token_is_dead_alone),
		TEST_WITH_DATABASE(revoked_refresh_token_takes_access_tokens_along),
		TEST_WITH_DATABASE(another_client_revokes_nothing),
		TEST_WITH_DATABASE(signing_keys_are_made_once),
		TEST_WITH_DATABASE(missing_key_is_made),
		TEST_WITH_DATABASE(signing_key_is_whole_and_named_by_its_thumbprint),
		TEST_WITH_DATABASE(replaced_key_is_published_for_a_while),
		cmocka_unit_test(base64url_is_that_of_rfc_4648),
		cmocka_unit_test(base64url_is_read_in_one_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
