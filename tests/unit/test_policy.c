/* test_policy.c - the policy file and key files. Writes into a folder of its own. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/base/key_file.h"
#include "policy/settings/option.h"
#include "policy/settings/other_services.h"
#include "policy/settings/policy.h"

static char dir[] = "/tmp/postlatch-test-XXXXXX";

static int parse(const char *text, struct pl_policy **policy_r, struct pl_error *err)
{
	memset(err, 0, sizeof(*err));
	return pl_policy_parse(text, strlen(text), "policy.conf", policy_r, err);
}

static const char *in_dir(const char *name)
{
	static char path[4200];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	const char *path = in_dir(name);
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	assert_int_equal(chmod(path, mode), 0);
}

static void empty_file_gives_defaults(void **state)
{
	struct pl_policy *policy;
	struct pl_error err;

	(void)state;
	assert_int_equal(parse("", &policy, &err), 0);
	assert_string_equal(policy->database, "sqlite:/var/lib/postlatch/postlatch.db");
	assert_int_equal(policy->app_password_length, 16);
	assert_int_equal(policy->proxy_networks.count, 2);
	pl_policy_unref(&policy);
	assert_null(policy);
}

static void sections(void **state)
{
	struct pl_policy *policy;
	struct pl_error err;
	const char *text =
		"defaults { sieve = off }\n"
		"domain \"B.test\" { pop3 = forbidden\n smtp = off }\n"
		"domain \"a.test\" { pop3 = on\n client_password = never_from_2027-03-01 }\n"
		"class \"staff\" { two_factor_requirement = required }\n"
		"app_password_length = 24\nwebmail_networks = \"192.0.2.1, 2001:db8::/64\"\n";

	(void)state;
	if (parse(text, &policy, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(policy->defaults.value[PL_SETTING_SIEVE], PL_OFF);
	assert_int_equal(pl_policy_domain(policy, "b.test")->value[PL_SETTING_SMTP], PL_OFF);
	assert_true(pl_policy_forbids(policy, "b.test", PL_SETTING_POP3));
	assert_false(pl_policy_forbids(policy, "a.test", PL_SETTING_POP3));
	assert_int_equal(pl_policy_domain(policy, "a.test")->from[PL_SETTING_CLIENT_PASSWORD],
			 20878);
	assert_null(pl_policy_domain(policy, "c.test"));
	assert_int_equal(pl_policy_class(policy, "staff")->value[PL_SETTING_TWO_FACTOR_REQUIREMENT],
			 PL_REQUIRED);
	assert_null(pl_policy_class(policy, "nobody"));
	assert_int_equal(policy->app_password_length, 24);
	assert_int_equal(policy->webmail_networks.count, 2);
	pl_policy_unref(&policy);
}

/* Plain settings of a domain section hold there, the others everywhere. */
static void domain_options(void **state)
{
	struct pl_policy *policy;
	struct pl_domain_options own, other;
	struct pl_error err;
	const char *text = "attachment_threshold = 5\nattachment_excluded_types = \"image/png\"\n"
			   "domain \"a.test\" { attachment_threshold = 25\n"
			   "attachment_excluded_types = \"\" }\n"
			   "domain \"b.test\" { pop3 = off }\n";

	(void)state;
	if (parse(text, &policy, &err) < 0)
		fail_msg("%s", err.msg);
	own = pl_policy_domain_options(policy, "a.test");
	assert_int_equal(own.attachment_threshold, 25);
	assert_int_equal(own.attachment_threshold_sum, 20);
	assert_string_equal(own.attachment_excluded_types, "");
	for (size_t i = 0; i < 2; i++) {
		other = pl_policy_domain_options(policy, i == 0 ? "b.test" : "c.test");
		assert_int_equal(other.attachment_threshold, 5);
		assert_string_equal(other.attachment_excluded_types, "image/png");
	}
	pl_policy_unref(&policy);
}

/* That of the class comes before that of the domain. */
static void kinds_of_second_factors(void **state)
{
	const unsigned int totp = PL_FACTOR_BIT(PL_FACTOR_TOTP);
	const unsigned int passkey = PL_FACTOR_BIT(PL_FACTOR_PASSKEY);
	const unsigned int approval = PL_FACTOR_BIT(PL_FACTOR_APPROVAL);
	struct pl_policy *policy;
	struct pl_error err;
	const char *text = "second_factors = \"totp, passkey\"\n"
			   "administrator_second_factors = passkey\n"
			   "domain \"a.test\" { second_factors = \"passkey\" }\n"
			   "domain \"b.test\" { }\n"
			   "class \"staff\" { second_factors = \"passkey,approval\" }\n"
			   "class \"guests\" { two_factor_requirement = required }\n";

	(void)state;
	if (parse(text, &policy, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(pl_policy_second_factors(policy, "a.test", ""), passkey);
	assert_int_equal(pl_policy_second_factors(policy, "a.test", "guests"), passkey);
	assert_int_equal(pl_policy_second_factors(policy, "a.test", "staff"), passkey | approval);
	assert_int_equal(pl_policy_second_factors(policy, "b.test", "nobody"), totp | passkey);
	assert_int_equal(pl_policy_second_factors(policy, "c.test", ""), totp | passkey);
	assert_int_equal(pl_policy_administrator_second_factors(policy), passkey);
	pl_policy_unref(&policy);
}

static void sign_in_with_a_passkey_alone(void **state)
{
	static const struct {
		const char *text;
		int in_general, of_domain, of_class; /* staff of a.test */
		int anywhere;
	} rows[] = {
		{ "", 0, 0, 0, 0 },
		{ "passkey_sign_in = on\n", 1, 1, 1, 1 },
		{ "domain \"a.test\" { passkey_sign_in = on }\n", 0, 1, 1, 1 },
		{ "passkey_sign_in = on\ndomain \"a.test\" { passkey_sign_in = off }\n", 1, 0, 0,
		  1 },
		{ "domain \"a.test\" { passkey_sign_in = on }\n"
		  "class \"staff\" { passkey_sign_in = off }\n",
		  0, 1, 0, 1 },
		{ "class \"staff\" { passkey_sign_in = on }\n", 0, 0, 1, 1 },
		{ "passkey_sign_in = off\ndomain \"a.test\" { passkey_sign_in = off }\n", 0, 0, 0,
		  0 },
	};
	struct pl_policy *policy;
	struct pl_error err;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (parse(rows[i].text, &policy, &err) < 0)
			fail_msg("%s", err.msg);
		assert_int_equal(pl_policy_passkey_sign_in(policy, "b.test", ""),
				 rows[i].in_general);
		assert_int_equal(pl_policy_passkey_sign_in(policy, "a.test", ""),
				 rows[i].of_domain);
		assert_int_equal(pl_policy_passkey_sign_in(policy, "a.test", "staff"),
				 rows[i].of_class);
		assert_int_equal(pl_policy_has_passkey_sign_in(policy), rows[i].anywhere);
		pl_policy_unref(&policy);
	}
	assert_int_equal(parse("passkey_sign_in = maybe\n", &policy, &err), -1);
	assert_non_null(strstr(err.msg, "on or off"));
}

/* Every error names the file, the line and the setting. */
static void errors(void **state)
{
	static const struct {
		const char *text, *where, *what;
	} rows[] = {
		{ "nosuch = 1\n", "policy.conf:1", "nosuch" },
		{ "\n\ndefaults {\n  pop3 = maybe\n}\n", "policy.conf:4", "pop3" },
		{ "# one\n#\n  # two \"\nsmtp = 1 # three\n", "policy.conf:4", "smtp" },
		{ "seal_key = \"/#\" # it's\n# don't\nnosuch = 1\n", "policy.conf:3", "nosuch" },
		{ "defaults { two_factor_requirement = on }\n", "policy.conf:1",
		  "two_factor_requirement" },
		{ "defaults { two_factor_requirement = forbidden }\n", "policy.conf:1",
		  "two_factor_requirement" },
		{ "\napp_password_length = 15\n", "policy.conf:2", "app_password_length" },
		{ "app_password_length = 65\n", "policy.conf:1", "app_password_length" },
		{ "app_password_length = lots\n", "policy.conf:1", "app_password_length" },
		{ "webmail_networks = \"192.0.2.1/24\"\n", "policy.conf:1", "webmail_networks" },
		{ "domain \"not a domain\" { }\n", "policy.conf:1", "not a domain" },
		{ "domain \"a.test\" { }\ndomain \"a.test\" { }\n", "policy.conf:2", "a.test" },
		{ "domain \"a.test\" { }\ndomain \"A.test\" { }\n", "policy.conf", "a.test" },
		{ "class \"\" { }\n", "policy.conf:1", "class" },
		{ "class \"x\" { pop3 = forbidden }\n", "policy.conf:1",
		  "pop3 = forbidden: it must be one of on, off" },
		{ "second_factors = \"totp, sms\"\n", "policy.conf:1",
		  "second_factors = totp, sms" },
		{ "second_factors = \"\"\n", "policy.conf:1", "kinds of second factors" },
		{ "administrator_second_factors = \"passkeys\"\n", "policy.conf:1", "passkeys" },
		{ "domain a.test {\n second_factors = none }\n", "policy.conf:2", "none" },
		{ "class a {\n second_factors = none }\n", "policy.conf:2", "none" },
		{ "class a {\n second_factors = totp\n second_factors = totp }\n", "policy.conf:3",
		  "set twice" },
		{ "defaults { second_factors = totp }\n", "policy.conf:1",
		  "outside of all sections, or in domain \"...\" { } or class" },
		{ "attachment_s3_url = \"http://s3.example.com/mail\"\n", "policy.conf:1",
		  "https://HOST/BUCKET" },
		{ "attachment_s3_region = \"EU\"\n", "policy.conf:1", "eu-central-1" },
		{ "attachment_s3_key = \"s3.key\"\n", "policy.conf:1", "whole path" },
		{ "attachment_s3_cache = -1\n", "policy.conf:1", "attachment_s3_cache" },
		{ "attachment_excluded_types = \"image\"\n", "policy.conf:1", "image/*" },
		{ "attachment_excluded_types = \"image/x*\"\n", "policy.conf:1", "image/*" },
		{ "attachment_days = 0\n", "policy.conf:1", "attachment_days" },
		{ "pop3 = off\n", "policy.conf:1",
		  "'pop3' here: it belongs in defaults { }, domain" },
		{ "two_factor_requirement = required\n", "policy.conf:1",
		  "'two_factor_requirement' here: it belongs in defaults { }, domain" },
		{ "class \"staff\" { requirement = required }\n", "policy.conf:1",
		  "'requirement': the setting is now called two_factor_requirement" },
		{ "\ndefaults {\n  use = skip\n}\n", "policy.conf:3",
		  "'use': the setting is now called two_factor_mode" },
		{ "use = skip\n", "policy.conf:1", "is now called two_factor_mode" },
		{ "resent_networks = \"127.0.0.0/8\"\n", "policy.conf:1",
		  "'resent_networks': the setting is no longer used; remove it" },
		{ "\nrecipient_delimiter = \"+\"\n", "policy.conf:2",
		  "'recipient_delimiter': the setting is no longer used; remove it" },
		{ "domain { pop3 = off }\n", "policy.conf:1", "" },
		{ "defaults { pop3 = off\n", "policy.conf", "" },
		{ "include(\"other.conf\")\n", "policy.conf:1", "include" },
		{ "# a\n#\n\ndefaults { # b\npop3 = maybe\n}\n", "policy.conf:5", "pop3" },
		{ "database = \"sqlite:a#b\\\"#c\" # d\ndefaults { pop3 = maybe }\n",
		  "policy.conf:2", "pop3" },
		{ "# a\n#\ndomain \"not a domain\" { }\n", "policy.conf:3", "not a domain" },
		{ "defaults { imap = forbidden\n imap = on }\n", "policy.conf:2",
		  "imap is set twice" },
		{ "domain \"a.test\" {\n imap = on\n imap = on }\n", "policy.conf:3", "twice" },
		{ "mail_from = \"a@b.test\"\n\nmail_from = \"a@b.test\"\n", "policy.conf:3",
		  "mail_from is set twice" },
		{ "defaults { imap = off }\ndefaults { }\n", "policy.conf:2", "defaults" },
		{ "domain \"a.test\" { }\n\nclass \"x\" { }\ndomain \"a.test\" { }\n",
		  "policy.conf:4", "another section domain \"a.test\" (policy.conf:1)" },
		{ "app_password_requires_second_factor = maybe\n", "policy.conf:1",
		  "it must be one of off, on" },
		{ "unknown_domains = maybe\n", "policy.conf:1", "it must be one of deny, allow" },
		{ "webmail_networks = \"0.0.0.0/0\"\n", "policy.conf:1", "nobody's address" },
		{ "webmail_networks = \"192.0.2.1, ::/0\"\n", "policy.conf:1", "nobody's address" },
		{ "proxy_networks = \"0.0.0.0\"\n", "policy.conf:1", "nobody's address" },
		{ "proxy_networks = \"192.0.2.300\"\n", "policy.conf:1", "proxy_networks" },
		{ "default_domian = a.test\n", "policy.conf:1", "(did you mean default_domain?)" },
		{ "defaults {\n popp3 = off }\n", "policy.conf:2", "(did you mean pop3?)" },
		{ "default { pop3 = off }\n", "policy.conf:1", "(did you mean defaults?)" },
		{ "defaults {\n sendmail = \"/x\" }\n", "policy.conf:2",
		  "outside of all sections" },
		{ "defaults { attachment_threshold = 5 }\n", "policy.conf:1",
		  "outside of all sections, or in domain" },
		{ "domain a.test {\n attachment_threshold = 0 }\n", "policy.conf:2",
		  "must be 1 to" },
		{ "domain a.test {\n attachment_excluded_types = pdf }\n", "policy.conf:2",
		  "attachment_excluded_types = pdf" },
		{ "domain a.test { attachment_threshold = 5\n attachment_threshold = 6 }\n",
		  "policy.conf:2", "set twice" },
		{ "class a { attachment_threshold = 5 }\n", "policy.conf:1",
		  "outside of all sections, or in domain" },
		{ "other_services = radicale\n", "policy.conf:1", "radicale=imap" },
		{ "other_services = \"radicale=webmail\"\n", "policy.conf:1", "pop3" },
		{ "other_services = \"radicale=imap xmpp=imap\"\n", "policy.conf:1",
		  "other_services" },
		{ "other_services = \"a b=imap\"\n", "policy.conf:1", "other_services" },
		{ "default_domain = \"@a.test\"\n", "policy.conf:1", "default_domain = @a.test" },
		{ "mail_server = \"https://mail.a.test\"\n", "policy.conf:1",
		  "the name of a host" },
		{ "mail_server = \"m.a.test\"\nimap_ports = \"993\"\n", "policy.conf:2",
		  "imap_ports = 993: it must be up to four ports with tls or starttls" },
		{ "portal_url = \"https://Login.a.test\"\n", "policy.conf:1", "lower case" },
		{ "portal_url = \"login.a.test\"\n", "policy.conf:1", "https://NAME" },
		{ "portal_name = \"A: B\"\n", "policy.conf:1", "without a colon" },
		{ "portal_name = \"A\x01B\"\n", "policy.conf:1", "control characters" },
		{ "mail_from = \"postmaster\"\n", "policy.conf:1", "a mail address" },
		{ "mail_from = \"-x@a.test\"\n", "policy.conf:1", "a mail address" },
		{ "webmail_url = \"javascript:x\"\n", "policy.conf:1", "https://" },
		{ "doveadm_url = \"http://a.test/ javascript:x\"\n", "policy.conf:1", "https://" },
		{ "sendmail = \"sendmail\"\n", "policy.conf:1", "from / on" },
		{ "password_command = \"passwd\"\n", "policy.conf:1", "from / on" },
		{ "sms_command = \"sms\"\n", "policy.conf:1", "from / on" },
		{ "sms_countries = \"\"\n", "policy.conf:1", "calling codes" },
		{ "sms_countries = \"+82\"\n", "policy.conf:1", "calling codes" },
		{ "sms_countries = \"*\"\n", "policy.conf:1", "calling codes" },
		{ "sms_countries = \"82, *, 1\"\n", "policy.conf:1", "calling codes" },
		{ "consent_dir = \"here\"\n", "policy.conf:1", "from / on" },
		{ "password_command_seconds = 61\n", "policy.conf:1", "60" },
		{ "database = \"mysql://u:secret@h/x\"\n", "policy.conf:1",
		  "database: it must be sqlite:" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pl_policy *policy;
		struct pl_error err;

		if (parse(rows[i].text, &policy, &err) == 0)
			fail_msg("taken: %s", rows[i].text);
		assert_int_equal(err.code, PL_ERR_CONFIG);
		if (strstr(err.msg, rows[i].where) == NULL || strstr(err.msg, rows[i].what) == NULL)
			fail_msg("%s does not name %s and %s", err.msg, rows[i].where,
				 rows[i].what);
		assert_null(policy);
	}
}

static void list_of_addresses_is_read_one_by_one(void **state)
{
	const char *at = "  http://a.test/x   https://b.test:1/y ";
	char url[PL_OPTION_URL_SIZE], list[2 * PL_OPTION_URL_SIZE] = "http://a.test/x http://";
	struct pl_error err;

	(void)state;
	assert_non_null(at = pl_option_next_url(at, url));
	assert_string_equal(url, "http://a.test/x");
	assert_non_null(at = pl_option_next_url(at, url));
	assert_string_equal(url, "https://b.test:1/y");
	assert_null(pl_option_next_url(at, url));
	/* One that would be cut is refused. */
	memset(list + strlen(list), 'a', PL_OPTION_URL_SIZE);
	assert_int_equal(pl_option_urls(list, &err), -1);
	assert_non_null(strstr(err.msg, "shorter"));
}

static void host_of_the_portal(void **state)
{
	static const struct {
		const char *text, *host;
	} rows[] = {
		{ "", "" },
		{ "portal_url = \"https://login.a.test\"\n", "login.a.test" },
		{ "portal_url = \"https://login.a.test:8443\"\n", "login.a.test" },
		{ "portal_url = \"http://[::1]:8080\"\n", "[::1]" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char host[PL_DOMAIN_MAX + 1];
		struct pl_policy *policy;
		struct pl_error err;

		assert_int_equal(parse(rows[i].text, &policy, &err), 0);
		assert_string_equal(pl_policy_portal_host(policy, host), rows[i].host);
		pl_policy_unref(&policy);
	}
}

static void other_services(void **state)
{
	static const struct {
		const char *list, *name;
		int found;
		enum pl_setting setting;
	} rows[] = {
		{ "radicale=imap, xmpp=smtp", "radicale", 1, PL_SETTING_IMAP },
		{ "radicale=imap, xmpp=smtp", "xmpp", 1, PL_SETTING_SMTP },
		{ "radicale = sieve ,xmpp=pop3", "radicale", 1, PL_SETTING_SIEVE },
		{ "radicale=imap, xmpp=smtp", "Radicale", 0, 0 },
		{ "radicale=imap, xmpp=smtp", "radical", 0, 0 },
		{ "radicale=imap, xmpp=smtp", "radicale=imap", 0, 0 },
		{ "radicale=imap, xmpp=smtp", "", 0, 0 },
		{ "", "radicale", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		enum pl_setting setting = 0;

		assert_true(pl_other_services_valid(rows[i].list));
		assert_int_equal(pl_other_service(rows[i].list, rows[i].name, &setting),
				 rows[i].found);
		assert_int_equal(setting, rows[i].setting);
	}
}

/* The time for each section does not grow with their number. */
static void many_sections(void **state)
{
	const int count = 20000;
	char *text = malloc((size_t)count * 48), *end = text;
	struct pl_policy *policy;
	struct pl_error err;

	(void)state;
	for (int i = 0; i < count; i++)
		end += sprintf(end, "domain \"d%d.test\" { pop3 = off }\n", i);
	if (parse(text, &policy, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(policy->domain_count, count);
	assert_int_equal(pl_policy_domain(policy, "d19999.test")->value[PL_SETTING_POP3], PL_OFF);
	pl_policy_unref(&policy);
	free(text);
}

static void bounded(void **state)
{
	static char large[PL_POLICY_FILE_MAX + 2];
	struct pl_policy *policy;
	struct pl_error err;

	(void)state;
	memset(large, '\n', sizeof(large) - 1);
	assert_int_equal(pl_policy_parse(large, sizeof(large) - 1, "x", &policy, &err), -1);
	assert_int_equal(pl_policy_parse("a\0b", 3, "x", &policy, &err), -1);
}

static void includes(void **state)
{
	struct pl_policy *policy;
	struct pl_error err = { 0 };

	(void)state;
	write_file("main.conf", "include(\"more.conf\")\ninclude(\"most.conf\")\n", 0644);
	write_file("more.conf", "app_password_length = 20\n", 0644);
	write_file("most.conf", "defaults { }\n", 0644);
	assert_int_equal(pl_policy_load(in_dir("main.conf"), &policy, &err), 0);
	assert_int_equal(policy->app_password_length, 20);
	assert_int_equal(policy->file_count, 3);
	pl_policy_unref(&policy);
	write_file("more.conf", "\n\napp_password_length = 2\n", 0644);
	assert_int_equal(pl_policy_load(in_dir("main.conf"), &policy, &err), -1);
	assert_non_null(strstr(err.msg, "more.conf:3"));
	write_file("more.conf", "include(\"main.conf\")\n", 0644);
	assert_int_equal(pl_policy_load(in_dir("main.conf"), &policy, &err), -1);
	write_file("main.conf", "include(\"missing.conf\")\n", 0644);
	assert_int_equal(pl_policy_load(in_dir("main.conf"), &policy, &err), -1);
	assert_non_null(strstr(err.msg, "missing.conf"));
	assert_int_equal(pl_policy_load(dir, &policy, &err), -1);
	write_file("main.conf", "", 0644);
	assert_int_equal(pl_policy_load(in_dir("main.conf"), &policy, &err), -1);
	assert_non_null(strstr(err.msg, "is empty"));
	assert_int_equal(pl_policy_load("/nonexistent", &policy, &err), -1);
}

static void errors_behind_an_include_name_their_own_line(void **state)
{
	struct pl_policy *policy;
	struct pl_error err = { 0 };

	(void)state;
	write_file("more.conf", "\n\n\n\n", 0644);
	write_file("main.conf", "include(\"more.conf\")\ndefaults {\npop3 = maybe\n}\n", 0644);
	assert_int_equal(pl_policy_load(in_dir("main.conf"), &policy, &err), -1);
	assert_non_null(strstr(err.msg, "main.conf:3"));
}

/* What is cut off in one file must not go on in the other. */
static void each_file_must_be_whole(void **state)
{
	static const char *const texts[] = { "defaults {\n", "/* ", "database = \"x", "domain" };
	struct pl_policy *policy;
	struct pl_error err = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		char text[128];

		write_file("main.conf", "include(\"more.conf\")\npop3 = off }\n", 0644);
		write_file("more.conf", texts[i], 0644);
		assert_int_equal(pl_policy_load(in_dir("main.conf"), &policy, &err), -1);
		if (strstr(err.msg, "more.conf:") == NULL)
			fail_msg("%s", err.msg);
		snprintf(text, sizeof(text), "include(\"more.conf\")\n%s", texts[i]);
		write_file("main.conf", text, 0644);
		write_file("more.conf", "\n", 0644);
		assert_int_equal(pl_policy_load(in_dir("main.conf"), &policy, &err), -1);
		if (strstr(err.msg, "main.conf:") == NULL)
			fail_msg("%s", err.msg);
	}
}

static int open_files(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* A running program reads the file again and again while it is being corrected. */
static void errors_in_included_files_leave_nothing_behind(void **state)
{
	struct pl_policy *policy;
	struct pl_error err = { 0 };
	int before = open_files();

	(void)state;
	write_file("main.conf", "include(\"more.conf\")\ndefaults { pop3 = off }\n", 0644);
	for (int i = 0; i < 30; i++) {
		write_file("more.conf", "\nverify_key = \"/x\"\napp_password_length = 2\n", 0644);
		assert_int_equal(pl_policy_load(in_dir("main.conf"), &policy, &err), -1);
		if (strstr(err.msg, "more.conf:3") == NULL)
			fail_msg("load %d: %s", i, err.msg);
		write_file("more.conf", "verify_key = \"/y\"\n", 0644);
		if (pl_policy_load(in_dir("main.conf"), &policy, &err) < 0)
			fail_msg("load %d: %s", i, err.msg);
		assert_string_equal(policy->verify_key, "/y");
		assert_int_equal(policy->defaults.value[PL_SETTING_POP3], PL_OFF);
		pl_policy_unref(&policy);
	}
	assert_int_equal(open_files(), before);
}

static const char good_key[] =
	"# comment\n1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";

/* RFC 4231 has no vector of our message, so this one was computed with
 * `openssl mac`; it pins the format that is stored. */
static void mac_is_pinned(void **state)
{
	static const unsigned char want[] = { 0xaf, 0x6c, 0x84, 0x61 };
	struct pl_keys *keys;
	struct pl_error err = { 0 };
	struct pl_secret password;
	unsigned char mac[PL_MAC_BYTES], other[PL_MAC_BYTES];

	(void)state;
	write_file("good.key", good_key, 0640);
	assert_int_equal(pl_keys_load(in_dir("good.key"), &keys, &err), 0);
	pl_secret_set(&password, "abcdefghijklmnop", 16);
	assert_int_equal(pl_keys_mac(keys, 0, 7, &password, mac, &err), 0);
	assert_memory_equal(mac, want, sizeof(want));
	assert_int_equal(pl_keys_mac(keys, 0, 8, &password, other, &err), 0);
	assert_memory_not_equal(mac, other, sizeof(mac));
	pl_keys_free(&keys);
}

static void bad_key_files(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
	} rows[] = {
		{ good_key, 0644 },
		{ good_key, 0660 },
		{ "", 0600 },
		{ "1 0001\n", 0600 },
		{ "x 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n", 0600 },
		{ "1 00010203040506070809zz0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n", 0600 },
		{ "1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
		  "1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
		  0600 },
	};
	struct pl_error err = { 0 };
	struct pl_keys *keys;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		write_file("bad.key", rows[i].text, rows[i].mode);
		assert_int_equal(pl_keys_load(in_dir("bad.key"), &keys, &err), -1);
		assert_null(keys);
	}
	assert_int_equal(pl_keys_load("/nonexistent.key", &keys, &err), -1);
	write_file("target.key", good_key, 0600);
	unlink(in_dir("link.key"));
	assert_int_equal(symlink("target.key", in_dir("link.key")), 0);
	assert_int_equal(pl_keys_load(in_dir("link.key"), &keys, &err), -1);
	assert_int_equal(mkfifo(in_dir("fifo.key"), 0600), 0);
	assert_int_equal(pl_keys_load(in_dir("fifo.key"), &keys, &err), -1);
}

static void keys_are_never_made_twice(void **state)
{
	struct pl_error err = { 0 };
	struct pl_keys *keys;

	(void)state;
	assert_int_equal(pl_key_file_create(in_dir("new.key"), 0, 0640, getuid(), getgid(), &err),
			 0);
	assert_int_equal(pl_keys_load(in_dir("new.key"), &keys, &err), 0);
	assert_int_equal(pl_keys_count(keys), 1);
	pl_keys_free(&keys);
	assert_int_equal(pl_key_file_create(in_dir("new.key"), 0, 0640, getuid(), getgid(), &err),
			 -1);
	assert_int_equal(err.code, PL_ERR_CONFLICT);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static void files_that_everyone_can_write_are_refused(void **state)
{
	struct pl_policy *policy;
	struct pl_error err;

	(void)state;
	write_file("main.conf", "app_password_length = 20\n", 0646);
	assert_int_equal(pl_policy_load(in_dir("main.conf"), &policy, &err), -1);
	assert_int_equal(err.code, PL_ERR_CONFIG);
	assert_non_null(strstr(err.msg, "chmod o-w"));
	write_file("main.conf", "include(\"more.conf\")\n", 0664);
	write_file("more.conf", "app_password_length = 20\n", 0666);
	assert_int_equal(pl_policy_load(in_dir("main.conf"), &policy, &err), -1);
	assert_non_null(strstr(err.msg, "more.conf"));
	write_file("more.conf", "app_password_length = 20\n", 0664);
	assert_int_equal(pl_policy_load(in_dir("main.conf"), &policy, &err), 0);
	pl_policy_unref(&policy);
}

static int remove_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_file_gives_defaults),
		cmocka_unit_test(sections),
		cmocka_unit_test(domain_options),
		cmocka_unit_test(kinds_of_second_factors),
		cmocka_unit_test(sign_in_with_a_passkey_alone),
		cmocka_unit_test(errors),
		cmocka_unit_test(list_of_addresses_is_read_one_by_one),
		cmocka_unit_test(host_of_the_portal),
		cmocka_unit_test(other_services),
		cmocka_unit_test(many_sections),
		cmocka_unit_test(bounded),
		cmocka_unit_test(includes),
		cmocka_unit_test(errors_behind_an_include_name_their_own_line),
		cmocka_unit_test(each_file_must_be_whole),
		cmocka_unit_test(errors_in_included_files_leave_nothing_behind),
		cmocka_unit_test(files_that_everyone_can_write_are_refused),
		cmocka_unit_test(mac_is_pinned),
		cmocka_unit_test(bad_key_files),
		cmocka_unit_test(keys_are_never_made_twice),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
