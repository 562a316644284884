/* test_mail_settings.c - what mail programs are told about the server. */
#include "tests/unit/test.h"

#include "policy/settings/mail_settings.h"
#include "policy/settings/option.h"

static void lists_of_ports(void **state)
{
	static const struct {
		const char *list;
		int valid;
	} rows[] = {
		{ "", 1 },
		{ "993/tls", 1 },
		{ "465/tls, 587/starttls", 1 },
		{ " 465/tls ,587/starttls ", 1 },
		{ "1/tls,2/tls,3/tls,65535/tls", 1 },
		{ "1/tls,2/tls,3/tls,4/tls,5/tls", 0 },
		{ "993", 0 },
		{ "993/ssl", 0 },
		{ "993/plain", 0 },
		{ "993/tlss", 0 },
		{ "993/starttlss", 0 },
		{ "993/TLS", 0 },
		{ "993 /tls", 0 },
		{ "0/tls", 0 },
		{ "-1/tls", 0 },
		{ "+993/tls", 0 },
		{ "65536/tls", 0 },
		{ "100000/tls", 0 },
		{ "993/tls,", 0 },
		{ "993/tls, ", 0 },
		{ ",993/tls", 0 },
		{ "993/tls 143/starttls", 0 },
		{ "993/tls\n", 0 },
		{ "tls/993", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (pl_mail_ports_valid(rows[i].list) != rows[i].valid)
			fail_msg("\"%s\" is %s", rows[i].list, rows[i].valid ? "a list" : "none");
	}
}

static void host_names(void **state)
{
	static const char *const good[] = { "", "mail.example.com", "localhost",
					    "mail.xn--3e0b707e.test" };
	static const char *const bad[] = { "mail.example.com.",
					   "Mail.example.com",
					   "https://mail.example.com",
					   "mail.example.com:993",
					   "mail example.com",
					   "a@example.com",
					   "mail..com" };
	struct pl_error err;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_int_equal(pl_option_host(good[i], &err), 0);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(pl_option_host(bad[i], &err), -1);
}

static struct pl_policy *read_policy(const char *text)
{
	struct pl_policy *policy;
	struct pl_error err = { 0 };

	if (pl_policy_parse(text, strlen(text), "policy.conf", &policy, &err) < 0)
		fail_msg("%s", err.msg);
	return policy;
}

/* "imap:993/tls smtp:465/tls" */
static const char *told(const struct pl_mail_settings *settings)
{
	static char text[512];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < settings->count; i++) {
		const struct pl_mail_service *service = &settings->services[i];

		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s:%u/%s",
					 i == 0 ? "" : " ", pl_setting_info(service->service)->name,
					 service->port,
					 pl_mail_encryption_name(service->encryption));
	}
	return text;
}

static void services_of_the_policy(void **state)
{
	static const struct {
		const char *policy, *want;
	} rows[] = {
		{ "mail_server = \"mail.a.test\"",
		  "imap:993/tls pop3:995/tls smtp:465/tls smtp:587/starttls sieve:4190/starttls" },
		{ "", "" },
		{ "mail_server = \"mail.a.test\" sieve_ports = \"\" pop3_ports = \"\"\n"
		  "imap_ports = \"143/starttls, 993/tls\" submission_ports = \"587/starttls\"",
		  "imap:143/starttls imap:993/tls smtp:587/starttls" },
		{ "mail_server = \"mail.a.test\" domain \"a.test\" { pop3 = off sieve = forbidden "
		  "}",
		  "imap:993/tls smtp:465/tls smtp:587/starttls" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pl_policy *policy = read_policy(rows[i].policy);
		const struct pl_layers layers = { .policy_domain =
							  pl_policy_domain(policy, "a.test"),
						  .policy_defaults = &policy->defaults };
		struct pl_mail_settings settings;

		pl_mail_settings(policy, &layers, &settings);
		assert_string_equal(told(&settings), rows[i].want);
		assert_string_equal(settings.server, policy->mail_server);
		pl_policy_unref(&policy);
	}
}

static void a_member_is_told_what_holds_for_it(void **state)
{
	struct pl_policy *policy = read_policy("mail_server = \"mail.a.test\"\n"
					       "defaults { imap = off client_password = never }");
	struct pl_settings member = { .value = { 0 } };
	const struct pl_layers layers = { .member = &member, .policy_defaults = &policy->defaults };
	struct pl_mail_settings settings;

	(void)state;
	member.value[PL_SETTING_IMAP] = PL_ON;
	member.value[PL_SETTING_POP3] = PL_OFF;
	member.value[PL_SETTING_SMTP] = PL_OFF;
	pl_mail_settings(policy, &layers, &settings);
	assert_string_equal(told(&settings), "imap:993/tls sieve:4190/starttls");
	assert_int_equal(settings.client_password, PL_NEVER);
	pl_policy_unref(&policy);
}

static void which_password(void **state)
{
	static const struct {
		const char *policy;
		enum pl_mail_password without_factor, with_factor;
	} rows[] = {
		{ "", PL_MAIL_ACCOUNT_PASSWORD, PL_MAIL_ACCOUNT_PASSWORD },
		{ "app_passwords = off", PL_MAIL_ACCOUNT_PASSWORD, PL_MAIL_ACCOUNT_PASSWORD },
		{ "client_password = until_second_factor", PL_MAIL_ACCOUNT_PASSWORD,
		  PL_MAIL_APP_PASSWORD },
		{ "client_password = until_second_factor app_passwords = off",
		  PL_MAIL_ACCOUNT_PASSWORD, PL_MAIL_NO_PASSWORD },
		{ "client_password = never", PL_MAIL_APP_PASSWORD, PL_MAIL_APP_PASSWORD },
		{ "client_password = never app_passwords = forbidden", PL_MAIL_NO_PASSWORD,
		  PL_MAIL_NO_PASSWORD },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pl_mail_settings settings;
		struct pl_policy *policy;

		snprintf(text, sizeof(text), "defaults { %s }", rows[i].policy);
		policy = read_policy(text);
		pl_mail_settings(policy,
				 &(struct pl_layers){ .policy_defaults = &policy->defaults },
				 &settings);
		assert_int_equal(pl_mail_password(&settings, 0), rows[i].without_factor);
		assert_int_equal(pl_mail_password(&settings, 1), rows[i].with_factor);
		assert_int_equal(pl_mail_takes_passwords(&settings),
				 rows[i].without_factor != PL_MAIL_NO_PASSWORD);
		pl_policy_unref(&policy);
	}
}

static void which_programs_can_be_connected(void **state)
{
	static const struct {
		const char *policy;
		int oauth;
	} rows[] = {
		{ "portal_url = \"https://login.a.test\"", 1 },
		{ "", 0 },
		{ "portal_url = \"https://login.a.test\" client_registration = off", 0 },
		{ "portal_url = \"https://login.a.test\" defaults { connected_applications = off }",
		  0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pl_policy *policy = read_policy(rows[i].policy);
		struct pl_mail_settings settings;

		pl_mail_settings(policy,
				 &(struct pl_layers){ .policy_defaults = &policy->defaults },
				 &settings);
		assert_int_equal(settings.oauth, rows[i].oauth);
		pl_policy_unref(&policy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_of_ports),
		cmocka_unit_test(host_names),
		cmocka_unit_test(services_of_the_policy),
		cmocka_unit_test(a_member_is_told_what_holds_for_it),
		cmocka_unit_test(which_password),
		cmocka_unit_test(which_programs_can_be_connected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
