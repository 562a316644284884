/* fuzz_words.c - addresses, networks, settings, app passwords, telephone numbers and addresses of
 * push services, as people, mail clients and browsers write them. The first byte says which.
 */
#include "tests/fuzz/fuzz.h"

#include "policy/account/change.h"
#include "policy/approval/push.h"
#include "policy/credential/app_password.h"
#include "policy/recovery/phone.h"

/* A parsed address, written and parsed again, is the same one. */
static void address(const char *text, size_t len)
{
	struct pl_address parsed, again;
	char formatted[PL_ADDRESS_MAX + 1];

	if (pl_address_parse(text, len, "default.test", &parsed, NULL) < 0)
		return;
	pl_address_format(&parsed, formatted);
	MUST(strpbrk(formatted, " \t\r\n\"<>") == NULL);
	MUST(pl_address_parse(formatted, strlen(formatted), NULL, &again, NULL) == 0);
	MUST(memcmp(&again, &parsed, sizeof(parsed)) == 0);
	MUST(parsed.local[0] != '\0');
}

static void network(const char *text)
{
	struct pl_network parsed;
	struct pl_ip ip;
	char formatted[PL_IP_TEXT];

	if (pl_ip_parse(text, &ip, NULL) == 0) {
		struct pl_ip again;

		MUST(pl_ip_parse(pl_ip_format(&ip, formatted), &again, NULL) == 0);
		MUST(memcmp(&again, &ip, sizeof(ip)) == 0);
	}
	if (pl_network_parse(text, &parsed, NULL) == 0) {
		MUST(parsed.bits <= 128);
		MUST(pl_network_contains(&parsed, &parsed.ip) == 1);
		MUST(pl_network_list_contains(text, &parsed.ip, NULL) == 1);
	}
}

static void network_list(const char *text)
{
	struct pl_ip ip;
	int ret;

	pl_ip_parse("192.0.2.7", &ip, NULL);
	ret = pl_network_list_contains(text, &ip, NULL);
	MUST(ret >= -1 && ret <= 1);
}

static void change(const char *text)
{
	struct pl_change parsed = { 0 };

	if (pl_change_parse(text, PL_AT_MEMBER, &parsed, NULL) == 0)
		MUST(parsed.settings != 0 || parsed.has_active || parsed.has_class);
}

static void services(const char *text)
{
	unsigned int bits, again;
	char formatted[64];

	if (pl_services_parse(text, &bits, NULL) < 0)
		return;
	pl_services_format(bits, formatted, sizeof(formatted));
	MUST(pl_services_parse(formatted, &again, NULL) == 0 && again == bits);
}

/* Folding what was folded, or shown to people, gives the same. */
static void app_password(const char *text, size_t len)
{
	struct pl_secret offered, folded, shown, again;

	if (pl_secret_set(&offered, text, len) < 0 || !pl_app_password_fold(&offered, &folded))
		return;
	MUST(folded.len >= PL_APP_PASSWORD_MIN && folded.len <= PL_APP_PASSWORD_MAX);
	MUST(pl_app_password_display(&folded, &shown) == 0);
	MUST(pl_app_password_fold(&shown, &again) == 1);
	MUST(again.len == folded.len && memcmp(again.data, folded.data, folded.len) == 0);
}

/* A number that was read, read again, is the same one, of a country that is listed. */
static void phone(const char *text)
{
	static const char *const countries[] = { "82", "82, 81, 1", "82, *" };
	char number[PL_PHONE_TEXT], again[PL_PHONE_TEXT];

	for (size_t i = 0; i < sizeof(countries) / sizeof(countries[0]); i++) {
		for (int foreign = 0; foreign <= 1; foreign++) {
			if (pl_phone_parse(text, countries[i], foreign, number) != 1)
				continue;
			MUST(pl_phone_is_valid(number));
			MUST(foreign || strncmp(number, "+82", 3) == 0);
			MUST(i != 0 || strncmp(number, "+82", 3) == 0);
			MUST(pl_phone_parse(number, countries[i], 1, again) == 1);
			MUST(strcmp(number, again) == 0);
		}
	}
}

/* What is asked is a service that the operator has named, under https and its own port. */
static void push_endpoint(const char *text)
{
	static const char services[] = "push.example, *.wake.example";
	char host[PL_PUSH_HOST + 1];
	const size_t scheme = strlen("https://");

	if (!pl_push_is_allowed(services, text, host))
		return;
	MUST(strncmp(text, "https://", scheme) == 0);
	MUST(strncmp(text + scheme, host, strlen(host)) == 0 && text[scheme + strlen(host)] == '/');
	MUST(strcmp(host, "push.example") == 0 ||
	     (strlen(host) > strlen(".wake.example") &&
	      strcmp(host + strlen(host) - strlen(".wake.example"), ".wake.example") == 0));
	MUST(strpbrk(text, " \t\r\n\"\\") == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0)
		return 0;
	text = strndup((const char *)data + 1, size - 1);
	MUST(text != NULL);
	switch (data[0]) {
	case 'a':
		address((const char *)data + 1, size - 1);
		break;
	case 'n':
		network(text);
		break;
	case 'l':
		network_list(text);
		break;
	case 'c':
		change(text);
		break;
	case 's':
		services(text);
		break;
	case 'p':
		app_password((const char *)data + 1, size - 1);
		break;
	case 't':
		phone(text);
		break;
	case 'e':
		push_endpoint(text);
		break;
	default:
		break;
	}
	free(text);
	return 0;
}
