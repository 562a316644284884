/* test_application.c - programs that register themselves, consent, connected applications. */
#include "tests/unit/parallel.h"

#include "policy/credential/trusted.h"
#include "policy/session/application.h"
#include "policy/session/consent.h"
#include "policy/session/redirect_uri.h"

#define OWNER "owner@example.test"
#define DAY INT64_C(86400)
#define URI "http://127.0.0.1/back"

static struct pl_oauth_client program_of(const char *name, const char *uris)
{
	struct pl_oauth_client client = { .confidential = 0 };

	snprintf(client.name, sizeof(client.name), "%s", name);
	snprintf(client.redirect_uris, sizeof(client.redirect_uris), "%s", uris);
	return client;
}

static int register_from(struct fixture *fixture, const char *ip, int64_t now,
			 struct pl_oauth_client *client)
{
	struct pl_ip from;

	assert_ok(fixture, pl_ip_parse(ip, &from, &fixture->err));
	*client = program_of("Mail", URI);
	return pl_oauth_client_register(work_at(fixture, now), client, &from);
}

/* ---- registration ---- */

static void redirect_uris_of_programs_lead_to_the_device(void **state)
{
	static const struct {
		const char *uri;
		int allowed;
	} rows[] = {
		{ "http://127.0.0.1/", 1 },
		{ "http://127.0.0.1", 1 },
		{ "http://127.0.0.1:49152/back?x=1", 1 },
		{ "http://[::1]:1/", 1 },
		{ "http://[::1]?x", 1 },
		{ "com.example.app:/oauth2redirect", 1 },
		{ "com.example.app://back", 1 },
		{ "https://mail.example.test/back", 0 },
		{ "http://localhost/", 0 },
		{ "http://127.0.0.1.evil.test/", 0 },
		{ "http://127.0.0.1:80@evil.test/", 0 },
		{ "http://127.0.0.1@evil.test/", 0 },
		{ "http://127.0.0.1:/", 0 },
		{ "http://127.0.0.1:123456/", 0 },
		{ "http://127.0.0.1\\@evil.test/", 0 },
		{ "http:\\\\127.0.0.1/", 0 },
		{ "http://127.0.0.1/#x", 0 },
		{ "http://127.1/", 0 },
		{ "http://0.0.0.0/", 0 },
		{ "http://[::1]evil.test/", 0 },
		{ "http://[::ffff:127.0.0.1]/", 0 },
		{ "http://xn--127-0.test/", 0 },
		{ "HTTP://127.0.0.1/", 0 },
		{ "http://127.0.0.1/ https://evil.test/", 0 },
		{ "http://127.0.0.1/\r\nSet-Cookie:x", 0 },
		{ "javascript:alert(1)", 0 },
		{ "javascript://example.test/%0aalert(1)", 0 },
		{ "data:text/html,x", 0 },
		{ "file:///etc/passwd", 0 },
		{ "mailto:x@y.test", 0 },
		{ "app:/back", 0 },
		{ ".app:/back", 0 },
		{ "com..app:/back", 0 },
		{ "com.app.:/back", 0 },
		{ "com.example.app:back", 0 },
		{ "Com.example.app:/back", 0 },
		{ "com.example.app:/back#x", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (pl_redirect_uri_is_native(rows[i].uri) != rows[i].allowed)
			fail_msg("%s", rows[i].uri);
	}
}

static void names_of_programs_are_what_they_look_like(void **state)
{
	static const struct {
		const char *name;
		int allowed;
	} rows[] = {
		{ "Thunderbird", 1 },
		{ "\xEB\xA9\x94\xEC\x9D\xBC \xEC\x95\xB1", 1 },
		{ "", 1 },
		{ "a\nb", 0 },
		{ "a\x7f", 0 },
		{ "\xE2\x80\xAE"
		  "drow",
		  0 },                  /* U+202E */
		{ "\xE2\x81\xA6x", 0 }, /* U+2066 */
		{ "a\xE2\x80\x8B", 0 }, /* U+200B */
		{ "a\xE2\x80\xA8", 0 }, /* U+2028 */
		{ "a\xEF\xBB\xBF", 0 }, /* U+FEFF */
		{ "a\xEE\x80\x80", 0 }, /* private use */
		{ "\xFF", 0 },
		{ "0123456789012345678901234567890123456789012345678901234567890123", 1 },
		{ "01234567890123456789012345678901234567890123456789012345678901234", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (pl_oauth_client_name_ok(rows[i].name) != rows[i].allowed)
			fail_msg("row %zu: %s", i, rows[i].name);
	}
}

static void a_program_registers_without_a_secret(void **state)
{
	struct fixture *fixture = *state;
	struct pl_oauth_client client, stored;

	assert_ok(fixture, register_from(fixture, "192.0.2.1", 1000, &client));
	assert_int_equal(pl_oauth_client_get(fixture->store, client.id, &stored, &fixture->err), 1);
	assert_string_equal(stored.name, "Mail");
	assert_string_equal(stored.registered_from, "192.0.2.1");
	assert_int_equal(stored.channel, PL_CHANNEL_CLIENT);
	assert_false(stored.confidential);
	assert_true(pl_oauth_client_needs_consent(&stored));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM audit WHERE action = "
					      "'client.register'"),
			 1);
	client = program_of("Mail", "https://evil.test/");
	assert_refused(fixture,
		       pl_oauth_client_register(work_of(fixture), &client,
						&(struct pl_ip){ .known = 0 }),
		       PL_ERR_INVALID, "https://evil.test/");
}

static void registrations_are_limited_for_an_address_and_for_all(void **state)
{
	struct fixture *fixture = *state;
	struct pl_oauth_client client;
	char ip[64];

	for (int i = 0; i < PL_CLIENT_REGISTRATIONS_OF_ADDRESS; i++) {
		snprintf(ip, sizeof(ip), "2001:db8::%d", i + 1);
		assert_int_equal(register_from(fixture, ip, 10000, &client), 1);
	}
	/* Another address of the same /64, and of another one. */
	assert_int_equal(register_from(fixture, "2001:db8::ffff", 10001, &client), 0);
	assert_int_equal(register_from(fixture, "2001:db8:0:1::1", 10001, &client), 1);
	assert_int_equal(register_from(fixture, "2001:db8::ffff", 10001 + 3600, &client), 1);
	for (int i = 0; i < PL_CLIENT_REGISTRATIONS; i++) {
		snprintf(ip, sizeof(ip), "198.51.%d.%d", i / 250, i % 250);
		register_from(fixture, ip, 50000, &client);
	}
	assert_int_equal(register_from(fixture, "192.0.2.77", 50001, &client), 0);
	assert_int_equal(register_from(fixture, "192.0.2.77", 50001 + 3600, &client), 1);
}

/* ---- consent and connection ---- */

struct scene {
	struct pl_session browser;
	struct pl_oauth_client client;
	struct pl_grant grant;
	int64_t now;
};

static struct scene begin(struct fixture *fixture)
{
	const struct pl_address address = address_of(OWNER);
	struct scene scene = { .browser = { .channel = PL_CHANNEL_WEBMAIL, .second_factor = 1 } };
	struct pl_secret cookie;

	assert_ok(fixture, pl_session_open(work_of(fixture), account_at(fixture, &address),
					   &scene.browser, &cookie));
	scene.now = scene.browser.created_at;
	assert_int_equal(register_from(fixture, "192.0.2.1", scene.now, &scene.client), 1);
	scene.grant = (struct pl_grant){ .session_id = scene.browser.id,
					 .redirect_uri = URI,
					 .challenge = "c",
					 .scope = "mail",
					 .nonce = "n",
					 .services = 1u << PL_SETTING_IMAP,
					 .expires_at = scene.now + PL_CODE_SECONDS };
	snprintf(scene.grant.client_id, sizeof(scene.grant.client_id), "%s", scene.client.id);
	return scene;
}

static void consent_is_given_once_in_its_session(void **state)
{
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);
	struct pl_consent asked = { .grant = scene.grant, .has_state = 1, .state = "s" }, got;
	struct pl_secret token;

	assert_ok(fixture, pl_consent_ask(work_at(fixture, scene.now), &asked, &token));
	assert_false(database_holds(fixture, (const char *)token.data + 6));
	assert_int_equal(pl_consent_get(work_at(fixture, scene.now), &token, scene.browser.id + 1,
					&got),
			 0);
	assert_int_equal(pl_consent_redeem(work_at(fixture, scene.now), &token,
					   scene.browser.id + 1, &got),
			 0);
	assert_int_equal(pl_consent_get(work_at(fixture, scene.now + PL_CONSENT_SECONDS), &token,
					scene.browser.id, &got),
			 0);
	assert_int_equal(pl_consent_redeem(work_at(fixture, scene.now), &token, scene.browser.id,
					   &got),
			 1);
	assert_string_equal(got.grant.client_id, scene.client.id);
	assert_string_equal(got.grant.redirect_uri, URI);
	assert_string_equal(got.grant.challenge, "c");
	assert_string_equal(got.state, "s");
	assert_int_equal(pl_consent_redeem(work_at(fixture, scene.now), &token, scene.browser.id,
					   &got),
			 0);
}

static void a_session_waits_for_few_consents(void **state)
{
	struct fixture *fixture = *state;
	const struct scene scene = begin(fixture);
	struct pl_consent asked = { .grant = scene.grant }, got;
	struct pl_secret first, token;

	assert_ok(fixture, pl_consent_ask(work_at(fixture, scene.now), &asked, &first));
	for (int i = 1; i <= PL_CONSENTS_PER_SESSION; i++)
		assert_ok(fixture, pl_consent_ask(work_at(fixture, scene.now + i), &asked, &token));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM consent_request"),
			 PL_CONSENTS_PER_SESSION);
	assert_int_equal(pl_consent_get(work_at(fixture, scene.now), &first, scene.browser.id,
					&got),
			 0);
	assert_int_equal(pl_consent_get(work_at(fixture, scene.now), &token, scene.browser.id,
					&got),
			 1);
	assert_false(got.has_state);
}

/* Tokens of a connected application, which ends at that time when it is not used. */
static struct pl_tokens connect_program(struct fixture *fixture, struct scene *scene,
					int64_t expires_at)
{
	struct pl_secret code;
	struct pl_tokens tokens;

	assert_ok(fixture, pl_code_issue(fixture->store, &scene->grant, &code, &fixture->err));
	assert_int_equal(pl_code_redeem_commit(work_at(fixture, scene->now), &code,
					       scene->client.id, &scene->grant),
			 1);
	assert_int_equal(scene->grant.services, 1u << PL_SETTING_IMAP);
	assert_ok(fixture, pl_application_connect(work_at(fixture, scene->now), &scene->grant,
						  &scene->client, "192.0.2.9", expires_at));
	assert_ok(fixture, pl_tokens_issue(work_at(fixture, scene->now), &scene->grant, &tokens));
	return tokens;
}

static int first_of(const struct pl_application *application, void *context)
{
	*(struct pl_application *)context = *application;
	return 1;
}

/* id 0: there is none. */
static struct pl_application listed(struct fixture *fixture, const struct scene *scene, int64_t now)
{
	struct pl_application application = { .registered_itself = 0 };

	assert_ok(fixture, pl_application_list(work_at(fixture, now), scene->browser.member_id,
					       first_of, &application));
	return application;
}

static void an_application_outlives_the_browser_and_ends_unused(void **state)
{
	struct fixture *fixture = *state;
	struct scene scene = begin(fixture);
	const int64_t end = scene.now + 180 * DAY;
	struct pl_tokens tokens = connect_program(fixture, &scene, end), next;
	struct pl_application application;
	struct pl_account account = account_of(fixture, OWNER);
	struct pl_grant grant;

	assert_int_equal(pl_session_revoke(work_of(fixture), &account, scene.browser.id), 1);
	application = listed(fixture, &scene, end - 1);
	assert_string_equal(application.session.device, "Mail");
	assert_int_equal(application.session.second_factor, 1);
	assert_true(application.registered_itself);
	assert_int_equal(application.services, 1u << PL_SETTING_IMAP);
	/* Neither idle time nor the length of a browser's session ends it; a use puts the end off. */
	assert_int_equal(pl_tokens_refresh(work_at(fixture, end - 1), &tokens.refresh,
					   scene.client.id, &grant, &next),
			 1);
	assert_ok(fixture, pl_application_renew(work_at(fixture, end - 1), application.session.id,
						end + DAY));
	assert_int_equal(pl_refresh_peek(work_at(fixture, end + DAY - 1), &next.refresh,
					 scene.client.id, &grant),
			 1);
	assert_int_equal(pl_refresh_peek(work_at(fixture, end + DAY), &next.refresh,
					 scene.client.id, &grant),
			 0);
	assert_int_equal(listed(fixture, &scene, end + DAY).session.id, 0);
	assert_ok(fixture, prune_at(fixture, end + DAY));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM oauth_grant"), 0);
}

static void an_application_is_revoked_by_its_member_alone(void **state)
{
	struct fixture *fixture = *state;
	struct scene scene = begin(fixture);
	struct pl_tokens tokens = connect_program(fixture, &scene, scene.now + DAY);
	struct pl_application application = listed(fixture, &scene, scene.now);
	struct pl_account account = account_of(fixture, OWNER), other;

	add_member(fixture, "other@example.test", "");
	other = account_of(fixture, "other@example.test");
	assert_int_equal(pl_application_get(work_at(fixture, scene.now), other.member.id,
					    application.session.id, &application),
			 0);
	assert_int_equal(pl_application_revoke(work_at(fixture, scene.now), &other, &application),
			 0);
	/* A webmail session is no application. */
	assert_int_equal(pl_application_get(work_at(fixture, scene.now), account.member.id,
					    scene.browser.id, &application),
			 0);
	application = listed(fixture, &scene, scene.now);
	assert_int_equal(session_of_token(fixture, &tokens.access, scene.now),
			 application.session.id);
	assert_int_equal(pl_application_revoke(work_at(fixture, scene.now), &account, &application),
			 1);
	assert_int_equal(session_of_token(fixture, &tokens.access, scene.now), 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM audit WHERE action IN "
					      "('application.connect', 'application.revoke')"),
			 2);
}

static void generation_and_client_end_an_application(void **state)
{
	struct fixture *fixture = *state;
	struct scene scene = begin(fixture);
	struct pl_account account;

	connect_program(fixture, &scene, scene.now + DAY);
	assert_int_equal(pl_oauth_client_remove(work_of(fixture), scene.client.id), 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM session WHERE channel = "
					      "'client'"),
			 0);
	scene = begin(fixture);
	connect_program(fixture, &scene, scene.now + DAY);
	assert_int_not_equal(listed(fixture, &scene, scene.now).session.id, 0);
	account = account_of(fixture, OWNER);
	assert_ok(fixture, pl_session_revoke_all(work_of(fixture), &account));
	assert_int_equal(listed(fixture, &scene, scene.now).session.id, 0);
}

static enum pl_trust use_device(struct fixture *fixture, const struct scene *scene, int64_t now,
				const struct pl_secret *cookie, struct pl_secret *next_r)
{
	struct pl_trusted device;
	enum pl_trust trust;

	assert_ok(fixture, pl_trusted_use(work_at(fixture, now), cookie, scene->browser.member_id,
					  "192.0.2.10", &trust, &device, next_r));
	return trust;
}

static void a_stolen_device_ends_what_it_has_connected(void **state)
{
	struct fixture *fixture = *state;
	struct scene scene = begin(fixture);
	struct pl_account account = account_of(fixture, OWNER);
	struct pl_trusted device = { .name = "Windows 10, Chrome" };
	struct pl_secret cookie, next;

	assert_ok(fixture, pl_trusted_add(work_of(fixture), &account, &device, &cookie));
	sql_run(fixture->db, "UPDATE session SET trusted_id = (SELECT id FROM trusted_device)");
	connect_program(fixture, &scene, scene.now + 180 * DAY);
	assert_int_equal(use_device(fixture, &scene, scene.now + DAY, &cookie, &next),
			 PL_TRUST_VALID);
	assert_int_not_equal(listed(fixture, &scene, scene.now + DAY).session.id, 0);
	assert_int_equal(use_device(fixture, &scene, scene.now + 2 * DAY, &cookie, &next),
			 PL_TRUST_STOLEN);
	assert_int_equal(listed(fixture, &scene, scene.now + 2 * DAY).session.id, 0);
}

static int clients(struct fixture *fixture)
{
	return (int)sql_int(fixture->db, "SELECT COUNT(*) FROM oauth_client");
}

static void registrations_without_use_are_removed(void **state)
{
	struct fixture *fixture = *state;
	struct scene scene = begin(fixture);
	const int64_t day = scene.now + PL_CLIENT_UNAUTHORIZED_SECONDS;
	struct pl_oauth_client unused,
		added = { .channel = PL_CHANNEL_CLIENT, .id = "added", .redirect_uris = URI };
	struct pl_secret secret;

	assert_int_equal(register_from(fixture, "192.0.2.1", scene.now, &unused), 1);
	assert_ok(fixture, pl_oauth_client_add(work_at(fixture, 1), &added, &secret));
	assert_ok(fixture,
		  pl_oauth_client_authorized(work_at(fixture, scene.now), scene.client.id));
	assert_ok(fixture, prune_at(fixture, day));
	assert_int_equal(clients(fixture), 3);
	assert_ok(fixture, prune_at(fixture, day + 1));
	assert_int_equal(clients(fixture), 2);
	/* One that was connected, and revoked, may be connected again for as long as it may be
	 * unused. */
	assert_ok(fixture, prune_at(fixture, scene.now + 180 * DAY));
	assert_int_equal(clients(fixture), 2);
	assert_ok(fixture, prune_at(fixture, scene.now + 180 * DAY + 1));
	assert_int_equal(clients(fixture), 1);
}

static void used_refresh_tokens_are_removed_after_a_week(void **state)
{
	struct fixture *fixture = *state;
	struct scene scene = begin(fixture);
	struct pl_tokens tokens = connect_program(fixture, &scene, scene.now + 30 * DAY), next;
	struct pl_grant grant;

	assert_int_equal(pl_tokens_refresh(work_at(fixture, scene.now + 1), &tokens.refresh,
					   scene.client.id, &grant, &next),
			 1);
	assert_ok(fixture, prune_at(fixture, scene.now + PL_REFRESH_USED_SECONDS - 1));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM refresh_token"), 2);
	assert_ok(fixture, prune_at(fixture, scene.now + PL_REFRESH_USED_SECONDS + DAY));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM refresh_token"), 1);
	assert_int_equal(pl_refresh_peek(work_at(fixture, scene.now + 29 * DAY), &next.refresh,
					 scene.client.id, &grant),
			 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(redirect_uris_of_programs_lead_to_the_device),
		cmocka_unit_test(names_of_programs_are_what_they_look_like),
		TEST_WITH_DATABASE(a_program_registers_without_a_secret),
		TEST_WITH_DATABASE(registrations_are_limited_for_an_address_and_for_all),
		TEST_WITH_DATABASE(consent_is_given_once_in_its_session),
		TEST_WITH_DATABASE(a_session_waits_for_few_consents),
		TEST_WITH_DATABASE(an_application_outlives_the_browser_and_ends_unused),
		TEST_WITH_DATABASE(an_application_is_revoked_by_its_member_alone),
		TEST_WITH_DATABASE(generation_and_client_end_an_application),
		TEST_WITH_DATABASE(a_stolen_device_ends_what_it_has_connected),
		TEST_WITH_DATABASE(registrations_without_use_are_removed),
		TEST_WITH_DATABASE(used_refresh_tokens_are_removed_after_a_week),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
