/* fuzz_words.c - addresses, networks, settings and app passwords, as people and
 * mail clients write them. The first byte says which.
 */
#include "tests/fuzz/fuzz.h"

#include "policy/credential/app_password.h"
#include "policy/account/change.h"

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
	default:
		break;
	}
	free(text);
	return 0;
}
