/* test_words.c - addresses, networks, settings, services: what people write. */
#include "tests/unit/test.h"

#include "policy/credential/app_password.h"
#include "policy/account/change.h"
#include "policy/base/utf8.h"

static void addresses(void **state)
{
	static const struct {
		const char *text, *want; /* NULL: refused */
	} rows[] = {
		{ "user@example.test", "user@example.test" },
		{ "User.Name@Example.TEST", "user.name@example.test" },
		{ "bare", "bare@default.test" },
		{ "a+b=c%d@example.test", "a+b=c%d@example.test" },
		{ "", NULL },
		{ "@example.test", NULL },
		{ "user@", NULL },
		{ "a@b@c.test", NULL },
		{ "us er@example.test", NULL },
		{ "user@exa mple", NULL },
		{ "user@example..test", NULL },
		{ "user@.test", NULL },
		{ "user@test.", "user@test" },
		{ "user@test..", NULL },
		{ "user@.", NULL },
		{ "\"user\"@example.test", NULL },
		{ "%{u}@example.test", NULL },
		/* UTF-8 in lower case and NFC: U+00C9, and E with the combining U+0301. */
		{ "US\xc3\x89R@example.test", "us\xc3\xa9r@example.test" },
		{ "usE\xcc\x81r@example.test", "us\xc3\xa9r@example.test" },
		{ "\xed\x99\x8d\xea\xb8\xb8\xeb\x8f\x99@example.test",
		  "\xed\x99\x8d\xea\xb8\xb8\xeb\x8f\x99@example.test" },
		{ "stra\xc3\x9f"
		  "e@example.test",
		  "stra\xc3\x9f"
		  "e@example.test" },
		{ "us\xe9r@example.test", NULL }, /* not UTF-8 */
		{ "us\xe2\x80\x8b"
		  "er@example.test",
		  NULL }, /* an invisible character */
		{ "us\xc2\xa0"
		  "er@example.test",
		  NULL }, /* a space */
		{ "us\xc2\x85"
		  "er@example.test",
		  NULL }, /* a control character */
		{ "us\xc3\xa9,r@example.test", NULL },
		{ "us\xc3\xa9%{r}@example.test", NULL },
		/* U-labels, in any case, with the full stop of other scripts */
		{ "user@\xed\x95\x9c\xea\xb5\xad.test", "user@xn--3e0b707e.test" },
		{ "user@B\xc3\x9c"
		  "CHER.test",
		  "user@xn--bcher-kva.test" },
		{ "user@XN--Bcher-KVA.test", "user@xn--bcher-kva.test" },
		{ "user@ex\xe3\x80\x82test", "user@ex.test" },
		{ "user@ex\xe2\x80\x8b.\xff", NULL },
		{ "user@ex\\ample", NULL },
		{ "user\n@example.test", NULL },
		{ "user@example.test\n", NULL },
		{ "<user@example.test>", NULL },
	};
	struct pl_address address;
	char text[PL_ADDRESS_MAX + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int ret = pl_address_parse(rows[i].text, strlen(rows[i].text), "default.test",
					   &address, NULL);

		assert_int_equal(ret, rows[i].want == NULL ? -1 : 0);
		if (ret == 0)
			assert_string_equal(pl_address_format(&address, text), rows[i].want);
	}
	assert_int_equal(pl_address_parse("bare", 4, "", &address, NULL), -1);
	assert_int_equal(pl_address_parse("a\0b@c.test", 10, NULL, &address, NULL), -1);
}

/* What people are shown; what is no A-label stays as it is. */
static void displayed_domains(void **state)
{
	static const struct {
		const char *domain, *want;
	} rows[] = {
		{ "example.test", "example.test" },
		{ "xn--3e0b707e.test", "\xed\x95\x9c\xea\xb5\xad.test" },
		{ "mail.xn--bcher-kva.test", "mail.b\xc3\xbc"
					     "cher.test" },
		{ "xn--a.test", "xn--a.test" },
		{ "xn--.test", "xn--.test" },
	};
	char domain[PL_DOMAIN_DISPLAY_MAX + 1], address[PL_ADDRESS_DISPLAY_MAX + 1];
	const struct pl_address user = { .local = "user", .domain = "xn--3e0b707e.test" };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(pl_domain_display(rows[i].domain, domain), rows[i].want);
	assert_string_equal(pl_address_display(&user, address),
			    "user@\xed\x95\x9c\xea\xb5\xad.test");
}

static void address_lengths(void **state)
{
	char text[1000];
	struct pl_address address;

	(void)state;
	for (size_t local = 63; local <= 66; local++) {
		memset(text, 'a', sizeof(text));
		strcpy(text + local, "@example.test");
		assert_int_equal(pl_address_parse(text, strlen(text), NULL, &address, NULL),
				 local <= PL_LOCAL_MAX ? 0 : -1);
	}
	for (size_t domain = 254; domain <= 257; domain++) {
		memset(text, 'a', sizeof(text));
		text[1] = '@';
		assert_int_equal(pl_address_parse(text, domain + 2, NULL, &address, NULL),
				 domain <= PL_DOMAIN_MAX ? 0 : -1);
	}
}

static void networks(void **state)
{
	static const struct {
		const char *network, *ip;
		int in; /* -1: no network */
	} rows[] = {
		{ "192.0.2.0/24", "192.0.2.255", 1 },
		{ "192.0.2.0/24", "192.0.3.0", 0 },
		{ "192.0.2.0/24", "::ffff:192.0.2.7", 1 },
		{ "192.0.2.7", "192.0.2.7", 1 },
		{ "192.0.2.7", "192.0.2.8", 0 },
		{ "0.0.0.0/0", "198.51.100.1", 1 },
		{ "0.0.0.0/0", "2001:db8::1", 0 },
		{ "::/0", "198.51.100.1", 1 },
		{ "2001:db8::/33", "2001:db8:7fff::1", 1 },
		{ "2001:db8::/33", "2001:db8:8000::1", 0 },
		{ "192.0.2.1/24", "", -1 },
		{ "192.0.2.0/33", "", -1 },
		{ "2001:db8::/129", "", -1 },
		{ "192.0.2.0/", "", -1 },
		{ "192.0.2.0/-1", "", -1 },
		{ "192.0.2.0/ 8", "", -1 },
		{ "example.test", "", -1 },
		{ "192.0.2", "", -1 },
		{ "/8", "", -1 },
		{ "192.0.2.0/24/24", "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pl_network network;
		struct pl_ip ip;
		int ret = pl_network_parse(rows[i].network, &network, NULL);

		assert_int_equal(ret, rows[i].in < 0 ? -1 : 0);
		if (ret < 0)
			continue;
		assert_int_equal(pl_ip_parse(rows[i].ip, &ip, NULL), 0);
		assert_int_equal(pl_network_contains(&network, &ip), rows[i].in);
	}
}

static void addresses_with_ports(void **state)
{
	static const struct {
		const char *node, *ip; /* NULL: it is not an address */
	} rows[] = {
		{ "198.51.100.8", "198.51.100.8" },
		{ "198.51.100.8:40001", "198.51.100.8" },
		{ "[2001:db8::7]:40001", "2001:db8::7" },
		{ "[2001:db8::7]", "2001:db8::7" },
		{ "2001:db8::7", "2001:db8::7" },
		{ "198.51.100.8:", NULL },
		{ "198.51.100.8:http", NULL },
		{ "198.51.100.8:1:2", NULL },
		{ "[2001:db8::7", NULL },
		{ "[2001:db8::7]40001", NULL },
		{ "[0000:0000:0000:0000:0000:ffff:192.168.100.228x]:1", NULL },
		{ ":1", NULL },
		{ "", NULL },
		{ "unknown", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[PL_IP_TEXT];
		struct pl_ip ip;

		assert_int_equal(pl_ip_parse_node(rows[i].node, &ip, NULL),
				 rows[i].ip == NULL ? -1 : 0);
		if (rows[i].ip != NULL)
			assert_string_equal(pl_ip_format(&ip, text), rows[i].ip);
	}
}

static void network_lists(void **state)
{
	struct pl_ip ip, unknown = { .known = 0 };
	char text[PL_IP_TEXT];

	(void)state;
	assert_int_equal(pl_ip_parse("198.51.100.9", &ip, NULL), 0);
	assert_string_equal(pl_ip_format(&ip, text), "198.51.100.9");
	assert_int_equal(pl_network_list_contains("192.0.2.0/24, 198.51.100.0/24", &ip, NULL), 1);
	assert_int_equal(pl_network_list_contains("192.0.2.0/24", &ip, NULL), 0);
	assert_int_equal(pl_network_list_contains("", &ip, NULL), 0);
	assert_int_equal(pl_network_list_contains("0.0.0.0/0", &unknown, NULL), 0);
	assert_int_equal(pl_network_list_contains("198.51.100.0/24, rubbish", &ip, NULL), -1);
}

static void public_addresses(void **state)
{
	static const char *const special[] = {
		"0.0.0.0",      "10.1.2.3",        "100.64.0.1",
		"127.0.0.1",    "127.255.255.254", "169.254.169.254",
		"172.31.255.1", "192.168.0.1",     "198.18.0.1",
		"224.0.0.1",    "255.255.255.255", "::",
		"::1",          "fd00::1",         "fe80::1",
		"ff02::1",      "::ffff:10.0.0.1",
	};
	static const char *const open[] = { "203.0.113.7", "172.32.0.1", "9.9.9.9", "2001:db8::1",
					    "::ffff:9.9.9.9" };
	struct pl_ip ip = { .known = 0 };

	(void)state;
	assert_false(pl_ip_is_public(&ip));
	for (size_t i = 0; i < COUNT(special); i++) {
		assert_int_equal(pl_ip_parse(special[i], &ip, NULL), 0);
		assert_false(pl_ip_is_public(&ip));
	}
	for (size_t i = 0; i < COUNT(open); i++) {
		assert_int_equal(pl_ip_parse(open[i], &ip, NULL), 0);
		assert_true(pl_ip_is_public(&ip));
	}
}

static void settings_round_trip(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		enum pl_setting setting;

		assert_int_equal(pl_setting_by_name(pl_setting_info((enum pl_setting)i)->name,
						    &setting),
				 1);
		assert_int_equal(setting, i);
		assert_true(pl_setting_accepts(setting, PL_AT_MEMBER,
					       pl_setting_info(setting)->builtin));
		assert_false(pl_setting_accepts(setting, PL_AT_MEMBER, PL_FORBIDDEN));
		assert_false(pl_setting_accepts(setting, PL_AT_DOMAIN, PL_STEP_UP));
	}
	for (unsigned int i = 0; i < PL_VALUE_COUNT; i++) {
		enum pl_value value;

		assert_int_equal(pl_value_by_name(pl_value_name((enum pl_value)i), &value), 1);
		assert_int_equal(value, i);
	}
}

static void days(void **state)
{
	static const struct {
		const char *text;
		int32_t day; /* 0: refused */
	} rows[] = {
		{ "1970-01-02", 1 },
		{ "2000-02-29", 11016 },
		{ "2027-03-01", 20878 },
		{ "9999-12-31", 2932896 },
		{ "1970-01-01", 0 },
		{ "1969-12-31", 0 },
		{ "2027-02-29", 0 },
		{ "2027-02-30", 0 },
		{ "2027-13-01", 0 },
		{ "2027-00-01", 0 },
		{ "2027-01-00", 0 },
		{ "2027-3-1", 0 },
		{ "2027-03-01 ", 0 },
		{ "02027-03-01", 0 },
		{ "2027/03/01", 0 },
		{ "tomorrow", 0 },
		{ "", 0 },
		{ "+027-03-01", 0 },
		{ "2027-03-1x", 0 },
		{ "10000-01-01", 0 },
		{ "2027- 3-01", 0 },
	};
	char text[PL_DAY_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int32_t day = 0;

		assert_int_equal(pl_day_parse(rows[i].text, &day), rows[i].day != 0);
		if (rows[i].day == 0)
			continue;
		assert_int_equal(day, rows[i].day);
		assert_string_equal(pl_day_format(day, text), rows[i].text);
		assert_int_equal(pl_day_of(day * INT64_C(86400)), day);
		assert_int_equal(pl_day_of((day + 1) * INT64_C(86400) - 1), day);
	}
}

static void values_with_a_date(void **state)
{
	static const struct {
		enum pl_setting setting;
		const char *text;
		int ret;
	} rows[] = {
		{ PL_SETTING_CLIENT_PASSWORD, "never", 1 },
		{ PL_SETTING_CLIENT_PASSWORD, "never_from_2027-03-01", 1 },
		{ PL_SETTING_CLIENT_PASSWORD, "until_second_factor_from_2027-03-01", 1 },
		{ PL_SETTING_CLIENT_PASSWORD, "inherit", 1 },
		{ PL_SETTING_CLIENT_PASSWORD, "always_from_2027-03-01", 0 },
		{ PL_SETTING_CLIENT_PASSWORD, "inherit_from_2027-03-01", 0 },
		{ PL_SETTING_CLIENT_PASSWORD, "never_from_2027-02-30", 0 },
		{ PL_SETTING_CLIENT_PASSWORD, "never_from_", 0 },
		{ PL_SETTING_CLIENT_PASSWORD, "_from_2027-03-01", 0 },
		{ PL_SETTING_CLIENT_PASSWORD, "never_from_2027-03-01_from_2027-03-01", 0 },
		{ PL_SETTING_POP3, "off_from_2027-03-01", 0 },
		{ PL_SETTING_TWO_FACTOR_REQUIREMENT, "required_from_2027-03-01", 1 },
		{ PL_SETTING_TWO_FACTOR_REQUIREMENT, "optional_from_2027-03-01", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const enum pl_setting setting = rows[i].setting;
		struct pl_settings read = { 0 }, copy = { 0 };
		char text[PL_VALUE_TEXT];

		assert_int_equal(pl_setting_read(setting, PL_AT_MEMBER, rows[i].text, &read),
				 rows[i].ret);
		assert_int_equal(pl_setting_same(setting, &read, &copy),
				 !rows[i].ret || strcmp(rows[i].text, "inherit") == 0);
		if (!rows[i].ret)
			continue;
		assert_string_equal(pl_setting_write(setting, &read, text), rows[i].text);
		pl_setting_copy(setting, &read, &copy);
		assert_true(pl_setting_same(setting, &read, &copy));
	}
}

/* How people write a list of networks, and how it is kept; NULL: it is refused. */
static void lists_of_networks(void **state)
{
	static const struct {
		const char *text, *kept;
	} rows[] = {
		{ "everywhere", "everywhere" },
		{ "", "everywhere" },
		{ " , ", "everywhere" },
		{ "inherit", "inherit" },
		{ "192.0.2.0/24", "192.0.2.0/24" },
		{ "192.0.2.7", "192.0.2.7/32" },
		{ "192.0.2.0/24, 2001:DB8::/32", "192.0.2.0/24,2001:db8::/32" },
		{ "::ffff:192.0.2.0/120 192.0.2.0/24", "192.0.2.0/24" },
		{ "192.0.2.7,192.0.2.77", "192.0.2.7/32,192.0.2.77/32" },
		{ "10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5,10.0.0.6,10.0.0.7,10.0.0.8,10.0.0."
		  "1",
		  "10.0.0.1/32,10.0.0.2/32,10.0.0.3/32,10.0.0.4/32,10.0.0.5/32,10.0.0.6/"
		  "32,10.0.0.7/"
		  "32,10.0.0.8/32" },
		{ "10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5,10.0.0.6,10.0.0.7,10.0.0.8,10.0.0."
		  "9",
		  NULL },
		{ "192.0.2.1/24", NULL },
		{ "192.0.2.0/33", NULL },
		{ "listed", NULL },
		{ "office", NULL },
		{ "on", NULL },
		{ "192.0.2.0/24_from_2027-03-01", NULL },
	};
	const enum pl_setting setting = PL_SETTING_WEBMAIL_ALLOWED_NETWORKS;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pl_settings read = { 0 }, copy = { 0 };
		char text[PL_VALUE_TEXT];

		if (pl_setting_read(setting, PL_AT_MEMBER, rows[i].text, &read) !=
		    (rows[i].kept != NULL))
			fail_msg("\"%s\"", rows[i].text);
		if (rows[i].kept == NULL)
			continue;
		assert_string_equal(pl_setting_write(setting, &read, text), rows[i].kept);
		pl_setting_copy(setting, &read, &copy);
		assert_true(pl_setting_same(setting, &read, &copy));
		copy.networks[0] = '!';
		assert_false(pl_setting_same(setting, &read, &copy));
	}
}

static void host_bits_are_refused_and_the_network_named(void **state)
{
	static const struct {
		const char *text, *meant;
	} rows[] = {
		{ "192.0.2.1/24", "; the network is 192.0.2.0/24" },
		{ "192.0.3.255/23", "; the network is 192.0.2.0/23" },
		{ "2001:db8::1/32", "; the network is 2001:db8::/32" },
		{ "::ffff:192.0.2.1/120", "; the network is 192.0.2.0/24" },
	};
	struct pl_error err;
	struct pl_network network;
	struct pl_change change = { 0 };
	char word[128];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(pl_network_parse(rows[i].text, &network, &err), -1);
		assert_non_null(strstr(err.msg, rows[i].meant));
		snprintf(word, sizeof(word), "webmail_allowed_networks=%s", rows[i].text);
		assert_int_equal(pl_change_parse(word, PL_AT_MEMBER, &change, &err), -1);
		assert_non_null(strstr(err.msg, "webmail_allowed_networks"));
		assert_non_null(strstr(err.msg, rows[i].meant));
	}
}

static void changes(void **state)
{
	static const struct {
		const char *word;
		enum pl_layer_bit where;
		int ret;
	} rows[] = {
		{ "pop3=off", PL_AT_MEMBER, 0 },
		{ "pop3=inherit", PL_AT_DOMAIN, 0 },
		{ "two_factor_requirement=required", PL_AT_MEMBER, 0 },
		{ "active=off", PL_AT_DOMAIN, 0 },
		{ "class=staff", PL_AT_MEMBER, 0 },
		{ "class=", PL_AT_MEMBER, 0 },
		{ "class=staff", PL_AT_DOMAIN, -1 },
		{ "class=a b", PL_AT_MEMBER, -1 },
		{ "pop3=forbidden", PL_AT_MEMBER, -1 },
		{ "pop3=required", PL_AT_MEMBER, -1 },
		{ "pop3", PL_AT_MEMBER, -1 },
		{ "=off", PL_AT_MEMBER, -1 },
		{ "", PL_AT_MEMBER, -1 },
		{ "nosuch=on", PL_AT_MEMBER, -1 },
		{ "active=inherit", PL_AT_MEMBER, -1 },
		{ "pop3=OFF", PL_AT_MEMBER, -1 },
		{ "requirement=required", PL_AT_MEMBER, -1 },
		{ "use=skip", PL_AT_DOMAIN, -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pl_change change = { 0 };

		assert_int_equal(pl_change_parse(rows[i].word, rows[i].where, &change, NULL),
				 rows[i].ret);
	}
}

static void folding(void **state)
{
	static const struct {
		const char *offered, *folded; /* NULL: could be none */
	} rows[] = {
		{ "abcd efgh ijkl mnop", "abcdefghijklmnop" },
		{ "ABCDEFGHIJKLMNOP", "abcdefghijklmnop" },
		/* No-break, narrow no-break and ideographic space, and a tab. */
		{ "abcd\u00a0efgh\u202fijkl\u3000mnop\t", "abcdefghijklmnop" },
		{ "abcd\xa0"
		  "efghijklmnop",
		  NULL }, /* is not UTF-8 */
		{ "abcd\u00e9fghijklmnop", NULL },
		{ "abcdefghijklmno", NULL },
		{ "abcdefghijklmnopq", "abcdefghijklmnopq" },
		{ "abcdefghijklmno1", NULL },
		{ "abcd-efgh-ijkl-mnop", NULL },
		{ "", NULL },
		{ "                ", NULL },
		{ "abcdefghijklmno\n", NULL },
	};
	struct pl_secret offered, folded;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		pl_secret_set(&offered, rows[i].offered, strlen(rows[i].offered));
		assert_int_equal(pl_app_password_fold(&offered, &folded), rows[i].folded != NULL);
		if (rows[i].folded != NULL)
			assert_string_equal((const char *)folded.data, rows[i].folded);
	}
	memset(offered.data, 'a', PL_SECRET_MAX);
	offered.len = PL_SECRET_MAX;
	assert_int_equal(pl_app_password_fold(&offered, &folded), 0);
	assert_int_equal(pl_secret_set(&offered, folded.data, PL_SECRET_MAX + 1), -1);
	assert_int_equal(offered.len, 0);
}

static void networks_within_networks(void **state)
{
	static const struct {
		const char *list, *all;
		int want;
	} rows[] = {
		{ "192.0.2.0/25", "192.0.2.0/24", 1 },
		{ "192.0.2.0/24", "192.0.2.0/24", 1 },
		{ "192.0.2.0/23", "192.0.2.0/24", 0 },
		{ "192.0.2.1, 2001:db8::1", "2001:db8::/32 192.0.2.0/24", 1 },
		{ "192.0.2.1, 198.51.100.1", "192.0.2.0/24", 0 },
		{ "198.51.100.1, 192.0.2.1", "192.0.2.0/24", 0 },
		{ "", "192.0.2.0/24", 1 },
		{ "192.0.2.1", "", 0 },
		{ "192.0.2", "192.0.2.0/24", -1 },
		{ "192.0.2.1", "home", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(pl_network_list_within(rows[i].list, rows[i].all, NULL),
				 rows[i].want);
}

static void networks_around_addresses(void **state)
{
	static const struct {
		const char *ip, *network;
	} rows[] = {
		{ "192.0.2.77", "192.0.2.0/24" },
		{ "::ffff:192.0.2.77", "192.0.2.0/24" },
		{ "2001:db8:1:2:3::4", "2001:db8:1::/48" },
		{ "::1", "::/48" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[PL_NETWORK_TEXT];
		struct pl_network network;
		struct pl_ip ip;

		pl_ip_parse(rows[i].ip, &ip, NULL);
		pl_network_around(&ip, &network);
		assert_string_equal(pl_network_format(&network, text), rows[i].network);
	}
}

static void addresses_of_one_network(void **state)
{
	static const struct {
		const char *a, *b;
		int is_near;
	} rows[] = {
		{ "192.168.0.2", "192.168.0.77", 1 },
		{ "192.168.0.2", "192.168.1.2", 0 },
		{ "10.1.2.3", "10.1.2.4", 1 },
		{ "172.16.9.1", "172.16.9.2", 1 },
		{ "172.32.9.1", "172.32.9.2", 0 },
		{ "192.0.2.1", "192.0.2.1", 1 },
		{ "192.0.2.1", "192.0.2.2", 0 },
		{ "::ffff:10.1.2.3", "10.1.2.4", 1 },
		{ "2001:db8:1:2::1", "2001:db8:1:2::9", 1 },
		{ "2001:db8:1:2::1", "2001:db8:1:3::1", 0 },
		{ "192.0.2.1", "::1", 0 },
	};
	const struct pl_ip unknown = { .known = 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pl_ip a, b;

		pl_ip_parse(rows[i].a, &a, NULL);
		pl_ip_parse(rows[i].b, &b, NULL);
		assert_int_equal(pl_ip_is_near(&a, &b), rows[i].is_near);
		assert_int_equal(pl_ip_is_near(&b, &a), rows[i].is_near);
	}
	assert_false(pl_ip_is_near(&unknown, &unknown));
}

static void services(void **state)
{
	unsigned int bits;
	char text[64];

	(void)state;
	assert_int_equal(pl_services_parse("imap, smtp", &bits, NULL), 0);
	assert_string_equal(pl_services_format(bits, text, sizeof(text)), "imap,smtp");
	assert_int_equal(pl_services_parse("all", &bits, NULL), 0);
	assert_int_equal(bits, 0);
	assert_int_equal(pl_services_parse("imap,webmail", &bits, NULL), -1);
	assert_int_equal(pl_services_parse("imaps", &bits, NULL), -1);
	assert_true(pl_services_cover(PL_SERVICES_ALL, PL_SETTING_SMTP));
	assert_true(pl_services_cover(1u << PL_SETTING_SMTP, PL_SETTING_SMTP));
	assert_false(pl_services_cover(1u << PL_SETTING_IMAP, PL_SETTING_SMTP));
	assert_false(pl_services_cover(PL_SERVICES_NONE, PL_SETTING_SMTP));
}

static void labels(void **state)
{
	static const struct {
		const char *text;
		int ok;
	} rows[] = {
		{ "office scanner", 1 },
		{ "2층 복합기", 1 },
		{ "\U0001f468\u200d\U0001f469", 1 }, /* with a zero-width joiner */
		{ "\u05de\u05d3\u05e4\u05e1\u05ea", 1 },
		{ "abcdefgh", 1 },
		{ "\uac00\uac00\uac00\uac00\uac00\uac00\uac00\uac00", 1 },
		{ "", 0 },
		{ "  \u3000", 0 },
		{ "abcdefghi", 0 },
		{ "a\tb", 0 },
		{ "a\x7f", 0 },
		{ "a\xc2\x85", 0 },
		{ "a\u2028b", 0 },
		{ "a\u2029b", 0 },
		{ "a\u202eb", 0 },
		{ "a\u2066b", 0 },
		{ "a\u200fb", 0 },
		{ "a\u061cb", 0 },
		{ "a\xc0\x80", 0 },
		{ "\xed\xa0\x80", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const size_t max = i < 2 ? 16 : 8;

		if (pl_is_label(rows[i].text, max) != rows[i].ok)
			fail_msg("row %zu: \"%s\"", i, rows[i].text);
	}
}

static void kinds_of_app_passwords(void **state)
{
	enum pl_app_password_kind kind;

	(void)state;
	for (unsigned int i = 0; i < PL_APP_PASSWORD_KIND_COUNT; i++) {
		const enum pl_app_password_kind one = (enum pl_app_password_kind)i;

		assert_int_equal(pl_app_password_kind_parse(pl_app_password_kind(one)->name, &kind,
							    NULL),
				 0);
		assert_int_equal(kind, one);
	}
	assert_int_equal(pl_app_password_kind_parse("fax", &kind, NULL), -1);
	assert_true(pl_services_within(1u << PL_SETTING_SMTP, 0));
	assert_false(pl_services_within(0, 1u << PL_SETTING_SMTP));
	assert_false(pl_services_within(1u << PL_SETTING_IMAP, 1u << PL_SETTING_SMTP));
}

static void limits(void **state)
{
	struct pl_app_password row = { .services = 1u << PL_SETTING_IMAP, .expires_at = 1000 };
	struct pl_ip ip;

	(void)state;
	strcpy(row.networks, "192.0.2.0/24");
	pl_ip_parse("192.0.2.9", &ip, NULL);
	assert_int_equal(pl_app_password_limit(&row, PL_SETTING_IMAP, &ip, 999),
			 PL_APP_PASSWORD_COVERS);
	assert_int_equal(pl_app_password_limit(&row, PL_SETTING_IMAP, &ip, 1000),
			 PL_APP_PASSWORD_EXPIRED);
	assert_int_equal(pl_app_password_limit(&row, PL_SETTING_SMTP, &ip, 999),
			 PL_APP_PASSWORD_WRONG_SERVICE);
	pl_ip_parse("192.0.3.9", &ip, NULL);
	assert_int_equal(pl_app_password_limit(&row, PL_SETTING_IMAP, &ip, 999),
			 PL_APP_PASSWORD_WRONG_NETWORK);
	ip.known = 0;
	assert_int_equal(pl_app_password_limit(&row, PL_SETTING_IMAP, &ip, 999),
			 PL_APP_PASSWORD_WRONG_NETWORK);
	/* What a newer version wrote must not open more. */
	strcpy(row.networks, "rubbish");
	assert_int_equal(pl_app_password_limit(&row, PL_SETTING_IMAP, &ip, 999),
			 PL_APP_PASSWORD_WRONG_NETWORK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(displayed_domains),
		cmocka_unit_test(address_lengths),
		cmocka_unit_test(networks),
		cmocka_unit_test(addresses_with_ports),
		cmocka_unit_test(network_lists),
		cmocka_unit_test(public_addresses),
		cmocka_unit_test(settings_round_trip),
		cmocka_unit_test(days),
		cmocka_unit_test(values_with_a_date),
		cmocka_unit_test(lists_of_networks),
		cmocka_unit_test(host_bits_are_refused_and_the_network_named),
		cmocka_unit_test(changes),
		cmocka_unit_test(folding),
		cmocka_unit_test(networks_within_networks),
		cmocka_unit_test(networks_around_addresses),
		cmocka_unit_test(addresses_of_one_network),
		cmocka_unit_test(services),
		cmocka_unit_test(labels),
		cmocka_unit_test(kinds_of_app_passwords),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
