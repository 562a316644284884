/* test_login.c - the facts about a login, and what is decided from them. */
#include "tests/unit/fixture.h"

#include "policy/login/login.h"

#define OWNER "owner@example.test"

/* One login by an address that is no webmail's. */
struct attempt {
	struct pl_login login;
	struct pl_secret secret;
	struct pl_login_result result;
};

static void prepare(struct attempt *attempt, const char *user, enum pl_setting service,
		    enum pl_offer offer, const struct pl_secret *secret)
{
	memset(attempt, 0, sizeof(*attempt));
	if (secret != NULL)
		attempt->secret = *secret;
	attempt->login = (struct pl_login){
		.user = user,
		.user_len = strlen(user),
		.service = service,
		.offer = offer,
		.secret = secret == NULL ? NULL : &attempt->secret,
		.now = 1000,
	};
	pl_ip_parse("192.0.2.7", &attempt->login.ip, NULL);
}

static const char *decide(struct fixture *fixture, struct attempt *attempt)
{
	assert_ok(fixture, pl_login_evaluate(fixture->store, fixture->policy, fixture->keys,
					     &attempt->login, &attempt->result, &fixture->err));
	return pl_rule_name(attempt->result.verdict.rule);
}

/* A password that could be nobody's app password. */
static const char *with_password(struct fixture *fixture, const char *user, enum pl_setting service)
{
	struct attempt attempt;
	struct pl_secret secret;

	pl_secret_set(&secret, "secret 1", 8);
	prepare(&attempt, user, service, PL_OFFER_PASSWORD, &secret);
	return decide(fixture, &attempt);
}

static const char *with_secret(struct fixture *fixture, const char *user, enum pl_setting service,
			       enum pl_offer offer, const struct pl_secret *secret)
{
	struct attempt attempt;

	prepare(&attempt, user, service, offer, secret);
	return decide(fixture, &attempt);
}

static void use_policy(struct fixture *fixture, const char *text)
{
	pl_policy_unref(&fixture->policy);
	fixture->policy = policy_of(text);
}

static void unknown_names_follow_the_defaults_while_no_domain_is_known(void **state)
{
	struct fixture *fixture = *state;

	assert_string_equal(with_password(fixture, "who@nowhere.test", PL_SETTING_IMAP),
			    "account-password-decides");
	assert_string_equal(with_password(fixture, "no address", PL_SETTING_IMAP),
			    "account-password-decides");
	assert_string_equal(with_password(fixture, "", PL_SETTING_IMAP),
			    "account-password-decides");
	use_policy(fixture, "defaults { imap = off\n pop3 = forbidden }\n");
	assert_string_equal(with_password(fixture, "who@nowhere.test", PL_SETTING_IMAP),
			    "service-off");
	assert_string_equal(with_password(fixture, "no address", PL_SETTING_IMAP), "service-off");
	assert_string_equal(with_password(fixture, "who@nowhere.test", PL_SETTING_POP3),
			    "service-forbidden");
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM domain"), 0);
}

/* Each kind of offer has a statement of its own. */
static void names_outside_the_known_domains_are_denied(void **state)
{
	static const struct {
		const char *policy, *user, *rule;
	} rows[] = {
		{ "", "who@example.test", "account-password-decides" },
		{ "", "who@nowhere.test", "domain-unknown" },
		{ "", "no address", "name-invalid" },
		{ "", "who", "name-invalid" },
		{ "", "", "name-invalid" },
		{ "", "who@", "name-invalid" },
		{ "default_domain = example.test\n", "who", "account-password-decides" },
		{ "default_domain = nowhere.test\n", "who", "domain-unknown" },
		{ "domain \"section.test\" { }\n", "who@section.test", "account-password-decides" },
		{ "domain \"section.test\" { }\n", "who@nowhere.test", "domain-unknown" },
		{ "unknown_domains = allow\n", "who@nowhere.test", "account-password-decides" },
		{ "unknown_domains = allow\n", "no address", "account-password-decides" },
	};
	struct fixture *fixture = *state;
	struct pl_secret token;

	add_domain(fixture, "example.test", "");
	for (size_t i = 0; i < COUNT(rows); i++) {
		use_policy(fixture, rows[i].policy);
		assert_string_equal(with_password(fixture, rows[i].user, PL_SETTING_IMAP),
				    rows[i].rule);
	}
	use_policy(fixture, "");
	pl_secret_set(&token, "abcdefghijklmnop", 16);
	assert_string_equal(with_secret(fixture, "who@nowhere.test", PL_SETTING_IMAP,
					PL_OFFER_PASSWORD, &token),
			    "domain-unknown");
	assert_string_equal(with_secret(fixture, "who@nowhere.test", PL_SETTING_IMAP,
					PL_OFFER_BEARER, &token),
			    "domain-unknown");
}

/* How many statements it takes to decide. */
static int statements_of(struct fixture *fixture, const char *user, enum pl_offer offer)
{
	struct attempt attempt;
	struct pl_login_question question;
	struct pl_secret secret;
	int count = 0, ret;

	pl_secret_set(&secret, "abcdefghijklmnop", 16);
	prepare(&attempt, user, PL_SETTING_IMAP, offer, &secret);
	assert_ok(fixture, pl_login_ask(fixture->policy, &attempt.login, &question, &fixture->err));
	do {
		count++;
		ret = pl_login_answer(fixture->policy, fixture->keys, &attempt.login, &question,
				      pl_query(fixture->store, question.sql, question.params),
				      &attempt.result, &fixture->err);
		assert_true(ret >= 0);
	} while (ret == 1);
	return count;
}

static void only_names_outside_the_known_domains_and_in_aliases_take_a_second_statement(
	void **state)
{
	static const enum pl_offer offers[] = { PL_OFFER_NOTHING, PL_OFFER_PASSWORD,
						PL_OFFER_BEARER };
	struct fixture *fixture = *state;

	add_member(fixture, "who@before.test", "");
	add_domain(fixture, "example.test", "");
	add_member(fixture, OWNER, "");
	add_domain(fixture, "alias.test", "alias_of=example.test");
	for (size_t i = 0; i < COUNT(offers); i++) {
		assert_int_equal(statements_of(fixture, OWNER, offers[i]), 1);
		assert_int_equal(statements_of(fixture, "nobody@example.test", offers[i]), 1);
		assert_int_equal(statements_of(fixture, "owner@alias.test", offers[i]), 2);
		assert_int_equal(statements_of(fixture, "who@before.test", offers[i]), 2);
		assert_int_equal(statements_of(fixture, "who@nowhere.test", offers[i]), 2);
	}
}

/* It has a row, for its members, but no operator has added it. */
static void members_of_before_are_denied_until_their_domain_is_known(void **state)
{
	struct fixture *fixture = *state;

	add_member(fixture, "who@before.test", "");
	assert_string_equal(with_password(fixture, "who@before.test", PL_SETTING_IMAP),
			    "account-password-decides");
	add_domain(fixture, "example.test", "");
	assert_string_equal(with_password(fixture, "who@before.test", PL_SETTING_IMAP),
			    "domain-unknown");
	add_domain(fixture, "before.test", "");
	assert_string_equal(with_password(fixture, "who@before.test", PL_SETTING_IMAP),
			    "account-password-decides");
}

static void section_in_the_policy_file_alone_makes_domains_known(void **state)
{
	struct fixture *fixture = *state;

	use_policy(fixture, "domain \"section.test\" { }\n");
	assert_string_equal(with_password(fixture, "who@section.test", PL_SETTING_IMAP),
			    "account-password-decides");
	assert_string_equal(with_password(fixture, "who@nowhere.test", PL_SETTING_IMAP),
			    "domain-unknown");
}

static void unknown_member_follows_its_domain(void **state)
{
	struct fixture *fixture = *state;

	add_domain(fixture, "example.test", "pop3=off");
	assert_string_equal(with_password(fixture, "who@example.test", PL_SETTING_POP3),
			    "service-off");
	assert_string_equal(with_password(fixture, "who@example.test", PL_SETTING_IMAP),
			    "account-password-decides");
	add_domain(fixture, "asleep.test", "active=off");
	assert_string_equal(with_password(fixture, "who@asleep.test", PL_SETTING_IMAP),
			    "domain-inactive");
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM member"), 0);
}

static void member_follows_its_own_settings(void **state)
{
	struct fixture *fixture = *state;

	add_domain(fixture, "example.test", "pop3=off");
	add_member(fixture, OWNER, "pop3=on imap=off");
	assert_string_equal(with_password(fixture, OWNER, PL_SETTING_POP3),
			    "account-password-decides");
	assert_string_equal(with_password(fixture, "Owner@EXAMPLE.test", PL_SETTING_IMAP),
			    "service-off");
	add_member(fixture, "off@example.test", "active=off");
	assert_string_equal(with_password(fixture, "off@example.test", PL_SETTING_SMTP),
			    "member-inactive");
	add_member(fixture, "strict@example.test", "client_password=never");
	assert_string_equal(with_password(fixture, "strict@example.test", PL_SETTING_SMTP),
			    "client-password-never");
}

static void bare_name_gets_the_default_domain(void **state)
{
	struct fixture *fixture = *state;

	add_member(fixture, OWNER, "imap=off");
	assert_string_equal(with_password(fixture, "owner", PL_SETTING_IMAP),
			    "account-password-decides");
	use_policy(fixture, "default_domain = \"example.test\"\n");
	assert_string_equal(with_password(fixture, "owner", PL_SETTING_IMAP), "service-off");
}

static void class_section_holds_for_its_members(void **state)
{
	struct fixture *fixture = *state;
	struct attempt attempt;
	struct pl_secret secret = { .len = 0 };

	add_member(fixture, OWNER, "class=staff");
	use_policy(fixture, "class \"staff\" { two_factor_requirement = required }\n");
	prepare(&attempt, OWNER, PL_SETTING_WEBMAIL, PL_OFFER_NOTHING, &secret);
	decide(fixture, &attempt);
	assert_int_equal(pl_resolve(&attempt.result.facts.layers, PL_SETTING_TWO_FACTOR_REQUIREMENT)
				 .source,
			 PL_FROM_CLASS);
}

static int64_t issue(struct fixture *fixture, const char *address, struct pl_secret *secret_r)
{
	const struct pl_address parsed = address_of(address);
	struct pl_app_password wanted = { .label = "phone" };

	assert_ok(fixture, pl_app_password_issue(work_of(fixture), fixture->keys, 16, &parsed,
						 &wanted, secret_r));
	return wanted.id;
}

static void app_password_opens_for_its_member_only(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret;

	issue(fixture, OWNER, &secret);
	add_member(fixture, "other@example.test", "client_password=never");
	assert_string_equal(with_secret(fixture, OWNER, PL_SETTING_IMAP, PL_OFFER_PASSWORD,
					&secret),
			    "app-password");
	assert_string_equal(with_secret(fixture, "other@example.test", PL_SETTING_IMAP,
					PL_OFFER_PASSWORD, &secret),
			    "client-password-never");
	assert_string_equal(with_secret(fixture, "who@nowhere.test", PL_SETTING_IMAP,
					PL_OFFER_PASSWORD, &secret),
			    "account-password-decides");
	/* It is a password, and no token. */
	assert_string_equal(with_secret(fixture, OWNER, PL_SETTING_IMAP, PL_OFFER_BEARER, &secret),
			    "token-invalid");
}

static void app_password_never_outranks_what_is_off(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret;

	add_domain(fixture, "example.test", "pop3=off");
	issue(fixture, OWNER, &secret);
	assert_string_equal(with_secret(fixture, OWNER, PL_SETTING_POP3, PL_OFFER_PASSWORD,
					&secret),
			    "service-off");
	use_policy(fixture, "defaults { imap = forbidden }");
	assert_string_equal(with_secret(fixture, OWNER, PL_SETTING_IMAP, PL_OFFER_PASSWORD,
					&secret),
			    "service-forbidden");
	sql_run(fixture->db, "UPDATE domain SET active = 0");
	assert_string_equal(with_secret(fixture, OWNER, PL_SETTING_SMTP, PL_OFFER_PASSWORD,
					&secret),
			    "domain-inactive");
}

static void app_password_limits_are_among_the_facts(void **state)
{
	static const struct {
		const char *column, *rule;
	} rows[] = {
		{ "expires_at = 1001", "app-password" },
		{ "expires_at = 1000", "app-password-expired" },
		{ "services = 'smtp'", "app-password-service" },
		{ "networks = '198.51.100.0/24'", "app-password-network" },
		{ "networks = '192.0.2.0/24'", "app-password" },
	};
	struct fixture *fixture = *state;
	struct pl_secret secret;

	issue(fixture, OWNER, &secret);
	for (size_t i = 0; i < COUNT(rows); i++) {
		char sql[256];

		sql_run(fixture->db,
			"UPDATE app_password SET expires_at = 0, services = 'all', networks = ''");
		snprintf(sql, sizeof(sql), "UPDATE app_password SET %s", rows[i].column);
		sql_run(fixture->db, sql);
		assert_string_equal(with_secret(fixture, OWNER, PL_SETTING_IMAP, PL_OFFER_PASSWORD,
						&secret),
				    rows[i].rule);
	}
}

static void issue_session(struct fixture *fixture, const char *address, enum pl_channel channel,
			  struct pl_secret *token_r)
{
	const struct pl_address parsed = address_of(address);
	struct pl_session session = { .channel = channel, .expires_at = 2000 };

	assert_ok(fixture, issue_token(work_of(fixture), account_at(fixture, &parsed), &session,
				       2000, token_r));
}

static void token_brings_its_channel(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret webmail, client;

	add_member(fixture, OWNER, "imap=off");
	issue_session(fixture, OWNER, PL_CHANNEL_WEBMAIL, &webmail);
	issue_session(fixture, OWNER, PL_CHANNEL_CLIENT, &client);
	assert_string_equal(with_secret(fixture, OWNER, PL_SETTING_IMAP, PL_OFFER_BEARER, &webmail),
			    "token");
	assert_string_equal(with_secret(fixture, OWNER, PL_SETTING_IMAP, PL_OFFER_BEARER, &client),
			    "service-off");
	assert_string_equal(with_secret(fixture, OWNER, PL_SETTING_SMTP, PL_OFFER_BEARER, &client),
			    "token");
	/* A token among the passwords is none. */
	assert_string_equal(with_secret(fixture, OWNER, PL_SETTING_SMTP, PL_OFFER_PASSWORD,
					&webmail),
			    "account-password-decides");
}

/* The address of the connection is webmail's own, so that of the session counts. */
static void token_is_as_good_as_the_address_of_its_session(void **state)
{
	static const struct {
		const char *allowed, *ip, *rule;
	} rows[] = {
		{ "", "203.0.113.7", "token" },
		{ "webmail_allowed_networks=198.51.100.0/24", "198.51.100.7", "token" },
		{ "webmail_allowed_networks=198.51.100.0/24", "::ffff:198.51.100.7", "token" },
		{ "webmail_allowed_networks=198.51.100.0/24", "203.0.113.7", "webmail-network" },
		{ "webmail_allowed_networks=198.51.100.0/24", "", "webmail-network" },
		{ "webmail_allowed_networks=192.0.2.0/24", "203.0.113.7", "webmail-network" },
		{ "webmail_allowed_networks=everywhere", "203.0.113.7", "token" },
	};
	struct fixture *fixture = *state;
	struct pl_secret webmail, client;
	char sql[256];

	add_member(fixture, OWNER, "");
	issue_session(fixture, OWNER, PL_CHANNEL_WEBMAIL, &webmail);
	issue_session(fixture, OWNER, PL_CHANNEL_CLIENT, &client);
	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(sql, sizeof(sql), "UPDATE member SET settings = '%s'", rows[i].allowed);
		sql_run(fixture->db, sql);
		snprintf(sql, sizeof(sql), "UPDATE session SET ip = '%s'", rows[i].ip);
		sql_run(fixture->db, sql);
		assert_string_equal(with_secret(fixture, OWNER, PL_SETTING_IMAP, PL_OFFER_BEARER,
						&webmail),
				    rows[i].rule);
		assert_string_equal(with_secret(fixture, OWNER, PL_SETTING_IMAP, PL_OFFER_BEARER,
						&client),
				    "token");
	}
}

/* Of a webmail without OAuth, only an address that it hands on is the browser's. */
static void webmail_without_oauth_hands_the_address_on(void **state)
{
	static const struct {
		const char *ip, *rule;
	} rows[] = {
		{ "198.51.100.7", "account-password-decides" },
		{ "203.0.113.7", "webmail-network" },
		{ "192.0.2.1", "webmail-network" },
	};
	struct fixture *fixture = *state;
	struct attempt attempt;
	struct pl_secret secret;

	add_member(fixture, OWNER, "webmail_allowed_networks=198.51.100.0/24,192.0.2.0/24");
	use_policy(fixture, "webmail_networks = \"192.0.2.0/24\"\n");
	pl_secret_set(&secret, "secret 1", 8);
	for (size_t i = 0; i < COUNT(rows); i++) {
		prepare(&attempt, OWNER, PL_SETTING_IMAP, PL_OFFER_PASSWORD, &secret);
		assert_ok(fixture, pl_ip_parse(rows[i].ip, &attempt.login.ip, &fixture->err));
		assert_ok(fixture, pl_ip_parse("192.0.2.1", &attempt.login.real_ip, &fixture->err));
		decide(fixture, &attempt);
		assert_string_equal(pl_rule_name(attempt.result.verdict.rule), rows[i].rule);
	}
}

static void token_is_the_very_members(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret token;

	issue_session(fixture, OWNER, PL_CHANNEL_WEBMAIL, &token);
	add_member(fixture, "other@example.test", "");
	assert_string_equal(with_secret(fixture, "other@example.test", PL_SETTING_IMAP,
					PL_OFFER_BEARER, &token),
			    "token-invalid");
	assert_string_equal(with_secret(fixture, "who@nowhere.test", PL_SETTING_IMAP,
					PL_OFFER_BEARER, &token),
			    "token-invalid");
	sql_run(fixture->db, "UPDATE member SET generation = generation + 1");
	assert_string_equal(with_secret(fixture, OWNER, PL_SETTING_IMAP, PL_OFFER_BEARER, &token),
			    "token-invalid");
}

static void token_of_a_client_opens_mail_by_its_scope(void **state)
{
	static const struct {
		const char *scope, *rule;
	} rows[] = {
		{ "mail", "token" },
		{ "openid email mail", "token" },
		{ "openid mail email", "token" },
		{ "openid email", "token-invalid" },
		{ "email", "token-invalid" },
		{ "e-mail mails", "token-invalid" },
		{ "urn:ietf:params:oauth:scope:mail", "token" },
		{ "openid urn:ietf:params:oauth:scope:mail email", "token" },
		{ "urn:ietf:params:oauth:scope:mails", "token-invalid" },
	};
	struct fixture *fixture = *state;
	struct pl_secret token;

	issue_session(fixture, OWNER, PL_CHANNEL_WEBMAIL, &token);
	sql_run(fixture->db,
		"INSERT INTO oauth_client (id, name, channel, redirect_uris, logout_uris, "
		"created_at) VALUES ('c', 'c', 'webmail', 'https://m.test/', '', 1);"
		"INSERT INTO oauth_grant (id, session_id, client_id, code, code_expires_at, "
		"redirect_uri, challenge, scope, nonce) SELECT 1, id, 'c', 'code', 1, '', '', '', "
		"'' FROM session;"
		"UPDATE token SET grant_id = 1");
	for (size_t i = 0; i < COUNT(rows); i++) {
		char sql[128];

		snprintf(sql, sizeof(sql), "UPDATE oauth_grant SET scope = '%s'", rows[i].scope);
		sql_run(fixture->db, sql);
		assert_string_equal(with_secret(fixture, OWNER, PL_SETTING_IMAP, PL_OFFER_BEARER,
						&token),
				    rows[i].rule);
	}
}

/* A token of a connected application opens what the member has left it. */
static void token_opens_the_services_of_its_grant(void **state)
{
	static const struct {
		const char *channel, *services;
		enum pl_setting service;
		const char *rule;
	} rows[] = {
		{ "client", "", PL_SETTING_POP3, "token" },
		{ "client", "all", PL_SETTING_SIEVE, "token" },
		{ "client", "imap,smtp", PL_SETTING_IMAP, "token" },
		{ "client", "imap,smtp", PL_SETTING_SMTP, "token" },
		{ "client", "imap,smtp", PL_SETTING_POP3, "application-service" },
		{ "client", "imap,smtp", PL_SETTING_SIEVE, "application-service" },
		{ "client", "calendar", PL_SETTING_IMAP, "application-service" },
		{ "webmail", "imap", PL_SETTING_SMTP, "token" },
	};
	struct fixture *fixture = *state;
	struct pl_secret token;

	issue_session(fixture, OWNER, PL_CHANNEL_CLIENT, &token);
	sql_run(fixture->db,
		"INSERT INTO oauth_client (id, name, channel, redirect_uris, logout_uris, "
		"created_at) VALUES ('c', 'c', 'client', 'http://127.0.0.1/', '', 1);"
		"INSERT INTO oauth_grant (id, session_id, client_id, code, code_expires_at, "
		"redirect_uri, challenge, scope, nonce) SELECT 1, id, 'c', 'code', 1, '', '', "
		"'mail', '' FROM session;"
		"UPDATE token SET grant_id = 1");
	for (size_t i = 0; i < COUNT(rows); i++) {
		char sql[160];

		snprintf(sql, sizeof(sql), "UPDATE oauth_grant SET services = '%s'",
			 rows[i].services);
		sql_run(fixture->db, sql);
		snprintf(sql, sizeof(sql), "UPDATE session SET channel = '%s'", rows[i].channel);
		sql_run(fixture->db, sql);
		assert_string_equal(with_secret(fixture, OWNER, rows[i].service, PL_OFFER_BEARER,
						&token),
				    rows[i].rule);
	}
	sql_run(fixture->db, "UPDATE session SET channel = 'client'");
	sql_run(fixture->db, "UPDATE member SET settings = 'connected_applications=off'");
	assert_string_equal(with_secret(fixture, OWNER, PL_SETTING_IMAP, PL_OFFER_BEARER, &token),
			    "connected-applications-off");
}

static void webmail_network_is_the_webmail_channel(void **state)
{
	struct fixture *fixture = *state;

	add_member(fixture, OWNER, "imap=off");
	assert_string_equal(with_password(fixture, OWNER, PL_SETTING_IMAP), "service-off");
	use_policy(fixture, "webmail_networks = \"192.0.2.0/24\"\n");
	assert_string_equal(with_password(fixture, OWNER, PL_SETTING_IMAP),
			    "account-password-decides");
	sql_run(fixture->db, "INSERT INTO second_factor (member_id, kinds, registered_at, "
			     "registered_ip) VALUES (1, 1, 1, '')");
	assert_string_equal(with_password(fixture, OWNER, PL_SETTING_IMAP),
			    "webmail-needs-sign-in-page");
}

/* A webmail may hand on the address of a browser, or one that somebody has made up. */
static void address_of_the_connection_counts_as_well(void **state)
{
	static const struct {
		const char *ip, *real_ip;
		enum pl_channel channel;
	} rows[] = {
		{ "203.0.113.77", "203.0.113.77", PL_CHANNEL_CLIENT },
		{ "203.0.113.77", "192.0.2.1", PL_CHANNEL_WEBMAIL },
		{ "192.0.2.1", "203.0.113.77", PL_CHANNEL_WEBMAIL },
		{ "192.0.2.1", "192.0.2.1", PL_CHANNEL_WEBMAIL },
	};
	struct fixture *fixture = *state;
	struct attempt attempt;
	struct pl_secret secret;

	use_policy(fixture, "webmail_networks = \"192.0.2.0/24\"\n");
	pl_secret_set(&secret, "secret 1", 8);
	for (size_t i = 0; i < COUNT(rows); i++) {
		prepare(&attempt, OWNER, PL_SETTING_IMAP, PL_OFFER_PASSWORD, &secret);
		assert_ok(fixture, pl_ip_parse(rows[i].ip, &attempt.login.ip, &fixture->err));
		assert_ok(fixture,
			  pl_ip_parse(rows[i].real_ip, &attempt.login.real_ip, &fixture->err));
		decide(fixture, &attempt);
		assert_int_equal(attempt.result.facts.channel, rows[i].channel);
	}
}

static void registered_factor_is_among_the_facts(void **state)
{
	struct fixture *fixture = *state;

	add_member(fixture, OWNER, "client_password=until_second_factor");
	assert_string_equal(with_password(fixture, OWNER, PL_SETTING_IMAP),
			    "account-password-decides");
	sql_run(fixture->db, "INSERT INTO second_factor (member_id, kinds, registered_at, "
			     "registered_ip) VALUES (1, 1, 1, '')");
	assert_string_equal(with_password(fixture, OWNER, PL_SETTING_IMAP),
			    "client-password-second-factor");
}

static void trusted_device_is_among_the_facts(void **state)
{
	struct fixture *fixture = *state;
	struct attempt attempt;

	add_member(fixture, OWNER, "");
	sql_run(fixture->db, "INSERT INTO second_factor (member_id, kinds, registered_at, "
			     "registered_ip) VALUES (1, 1, 1, '')");
	prepare(&attempt, OWNER, PL_SETTING_WEBMAIL, PL_OFFER_PROVEN, NULL);
	assert_string_equal(decide(fixture, &attempt), "second-factor-code");
	attempt.login.device_trusted = 1;
	assert_string_equal(decide(fixture, &attempt), "trusted-device");
}

static void passkey_follows_the_settings_of_the_account(void **state)
{
	static const char on[] = "domain \"example.test\" { passkey_sign_in = on }\n";
	struct fixture *fixture = *state;
	struct attempt attempt;

	add_member(fixture, OWNER, "two_factor_requirement=required");
	prepare(&attempt, OWNER, PL_SETTING_WEBMAIL, PL_OFFER_PASSKEY, NULL);
	assert_string_equal(decide(fixture, &attempt), "passkey-sign-in-off");
	use_policy(fixture, on);
	assert_string_equal(decide(fixture, &attempt), "passkey");
	/* Passkeys are none of the kinds that the member may use. */
	use_policy(fixture,
		   "second_factors = totp\ndomain \"example.test\" { passkey_sign_in = on }\n");
	assert_string_equal(decide(fixture, &attempt), "passkey-sign-in-off");
	use_policy(fixture, on);
	attempt.login.service = PL_SETTING_IMAP;
	assert_string_equal(decide(fixture, &attempt), "passkey-elsewhere");
}

static void channel_that_the_caller_knows_holds(void **state)
{
	static const enum pl_channel client = PL_CHANNEL_CLIENT, webmail = PL_CHANNEL_WEBMAIL;
	struct fixture *fixture = *state;
	struct attempt attempt;

	add_member(fixture, OWNER, "webmail=off");
	prepare(&attempt, OWNER, PL_SETTING_WEBMAIL, PL_OFFER_PROVEN, NULL);
	attempt.login.channel = &client;
	assert_string_equal(decide(fixture, &attempt), "service-off");
	prepare(&attempt, OWNER, PL_SETTING_IMAP, PL_OFFER_PROVEN, NULL);
	attempt.login.channel = &webmail;
	assert_string_equal(decide(fixture, &attempt), "service-off");
}

static void supposed_app_password_is_the_one_that_comes_furthest(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret secret;

	add_member(fixture, OWNER, "");
	assert_string_equal(with_secret(fixture, OWNER, PL_SETTING_IMAP, PL_OFFER_ANY_APP_PASSWORD,
					NULL),
			    "app-password-none");
	issue(fixture, OWNER, &secret);
	issue(fixture, OWNER, &secret);
	sql_run(fixture->db, "UPDATE app_password SET services = 'smtp'");
	assert_string_equal(with_secret(fixture, OWNER, PL_SETTING_IMAP, PL_OFFER_ANY_APP_PASSWORD,
					NULL),
			    "app-password-service");
	sql_run(fixture->db, "UPDATE app_password SET services = 'imap' WHERE id = 1");
	assert_string_equal(with_secret(fixture, OWNER, PL_SETTING_IMAP, PL_OFFER_ANY_APP_PASSWORD,
					NULL),
			    "app-password");
}

/* What could be an app password cannot be decided then; what could not, can. The answer is the same
 * for each name of the domain, whether there is such a member and whatever is switched off. */
static void without_keys_it_cannot_be_told(void **state)
{
	static const struct {
		const char *user;
		enum pl_setting service;
	} attempts[] = {
		{ OWNER, PL_SETTING_IMAP },
		{ OWNER, PL_SETTING_POP3 },
		{ "nobody@example.test", PL_SETTING_IMAP },
		{ "nobody@example.test", PL_SETTING_POP3 },
	};
	struct fixture *fixture = *state;
	struct attempt attempt;
	struct pl_secret secret;

	add_domain(fixture, "example.test", "pop3=off");
	issue(fixture, OWNER, &secret);
	pl_keys_free(&fixture->keys);
	for (size_t i = 0; i < COUNT(attempts); i++) {
		prepare(&attempt, attempts[i].user, attempts[i].service, PL_OFFER_PASSWORD,
			&secret);
		assert_refused(fixture,
			       pl_login_evaluate(fixture->store, fixture->policy, NULL,
						 &attempt.login, &attempt.result, &fixture->err),
			       PL_ERR_RETRY, "HMAC key");
	}
	assert_string_equal(with_password(fixture, OWNER, PL_SETTING_IMAP),
			    "account-password-decides");
	assert_string_equal(with_password(fixture, OWNER, PL_SETTING_POP3), "service-off");
	use_policy(fixture, "domain \"example.test\" { pop3 = forbidden }\n");
	assert_string_equal(with_secret(fixture, OWNER, PL_SETTING_POP3, PL_OFFER_PASSWORD,
					&secret),
			    "service-forbidden");
}

static void broken_store_is_never_an_answer(void **state)
{
	static const char *const broken[] = { "token", "app_password", "member" };
	static const enum pl_offer offers[] = { PL_OFFER_BEARER, PL_OFFER_PASSWORD,
						PL_OFFER_NOTHING };
	struct fixture *fixture = *state;
	struct attempt attempt;
	struct pl_secret secret;

	issue(fixture, OWNER, &secret);
	for (size_t i = 0; i < COUNT(broken); i++) {
		char sql[96];

		snprintf(sql, sizeof(sql), "ALTER TABLE %s RENAME TO gone_%s", broken[i],
			 broken[i]);
		sql_run(fixture->db, sql);
		prepare(&attempt, OWNER, PL_SETTING_IMAP, offers[i], &secret);
		assert_int_equal(pl_login_evaluate(fixture->store, fixture->policy, fixture->keys,
						   &attempt.login, &attempt.result, &fixture->err),
				 -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(unknown_names_follow_the_defaults_while_no_domain_is_known),
		TEST_WITH_DATABASE(names_outside_the_known_domains_are_denied),
		TEST_WITH_DATABASE(
			only_names_outside_the_known_domains_and_in_aliases_take_a_second_statement),
		TEST_WITH_DATABASE(members_of_before_are_denied_until_their_domain_is_known),
		TEST_WITH_DATABASE(section_in_the_policy_file_alone_makes_domains_known),
		TEST_WITH_DATABASE(unknown_member_follows_its_domain),
		TEST_WITH_DATABASE(member_follows_its_own_settings),
		TEST_WITH_DATABASE(bare_name_gets_the_default_domain),
		TEST_WITH_DATABASE(class_section_holds_for_its_members),
		TEST_WITH_DATABASE(app_password_opens_for_its_member_only),
		TEST_WITH_DATABASE(app_password_never_outranks_what_is_off),
		TEST_WITH_DATABASE(app_password_limits_are_among_the_facts),
		TEST_WITH_DATABASE(token_brings_its_channel),
		TEST_WITH_DATABASE(token_is_as_good_as_the_address_of_its_session),
		TEST_WITH_DATABASE(webmail_without_oauth_hands_the_address_on),
		TEST_WITH_DATABASE(token_is_the_very_members),
		TEST_WITH_DATABASE(token_of_a_client_opens_mail_by_its_scope),
		TEST_WITH_DATABASE(token_opens_the_services_of_its_grant),
		TEST_WITH_DATABASE(webmail_network_is_the_webmail_channel),
		TEST_WITH_DATABASE(registered_factor_is_among_the_facts),
		TEST_WITH_DATABASE(trusted_device_is_among_the_facts),
		TEST_WITH_DATABASE(passkey_follows_the_settings_of_the_account),
		TEST_WITH_DATABASE(channel_that_the_caller_knows_holds),
		TEST_WITH_DATABASE(supposed_app_password_is_the_one_that_comes_furthest),
		TEST_WITH_DATABASE(address_of_the_connection_counts_as_well),
		TEST_WITH_DATABASE(without_keys_it_cannot_be_told),
		TEST_WITH_DATABASE(broken_store_is_never_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
