/* fuzz_passkey.c - what a browser, or anybody, sends of an authenticator.
 *
 * The input is a byte, the length of the client data in two bytes, the client data, and the
 * authenticator data; with an odd first byte it is an assertion, whose signature comes last, of up to
 * 72 bytes.
 */
#include "tests/fuzz/fuzz.h"

#include "policy/base/random.h"
#include "portal/signin/webauthn.h"

#define SIGNATURE 72

static size_t take(const uint8_t **data, size_t *size, size_t wanted, struct webauthn_bytes *to_r)
{
	to_r->len = wanted < *size ? wanted : *size;
	if (to_r->len > sizeof(to_r->data))
		to_r->len = sizeof(to_r->data);
	memcpy(to_r->data, *data, to_r->len);
	*data += to_r->len;
	*size -= to_r->len;
	return to_r->len;
}

static void register_one(const struct webauthn_site *site, const struct webauthn_answer *answer)
{
	struct pl_passkey passkey = { .id = 0 };
	const char *why = NULL;

	if (webauthn_register(site, answer, &passkey, &why) != 1) {
		MUST(why != NULL);
		return;
	}
	MUST(passkey.credential_len > 0 && passkey.credential_len <= sizeof(passkey.credential));
	MUST(passkey.key_len > 0 && passkey.key_len <= sizeof(passkey.key));
	MUST(passkey.backup_eligible || !passkey.backed_up);
	MUST((answer->auth_data.data[32] & 5) == 5);
}

/* Nobody has a private key for this one. */
static void assert_one(const struct webauthn_site *site, const struct webauthn_answer *answer,
		       int algorithm)
{
	struct pl_passkey passkey = { .key_len = 64, .algorithm = algorithm };
	const char *why = NULL;
	uint32_t counter;
	int backed_up;

	memset(passkey.key, 7, sizeof(passkey.key));
	MUST(webauthn_assert(site, answer, &passkey, &counter, &backed_up, &why) == 0);
	MUST(why != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char challenge[PL_PASSKEY_CHALLENGE_BYTES];
	static struct webauthn_answer answer;
	struct webauthn_site site;
	struct webauthn_bytes bytes;
	const char *why = NULL;
	char text[128];
	size_t len;
	int first;

	if (size < 3 || !webauthn_site("https://login.example.test", &site))
		return 0;
	first = data[0];
	len = (size_t)data[1] << 8 | data[2];
	data += 3;
	size -= 3;
	take(&data, &size, len, &answer.client_data);
	take(&data, &size, first & 1 && size > SIGNATURE ? size - SIGNATURE : size,
	     &answer.auth_data);
	take(&data, &size, SIGNATURE, &answer.signature);
	if (webauthn_challenge(&site, first & 1 ? "webauthn.get" : "webauthn.create", &answer,
			       challenge, &why) == 1)
		MUST(memmem(answer.client_data.data, answer.client_data.len, "challenge", 9) !=
			     NULL ||
		     memchr(answer.client_data.data, '\\', answer.client_data.len) != NULL);
	else
		MUST(why != NULL);
	if (first & 1)
		assert_one(&site, &answer, first & 2 ? -7 : first & 4 ? -8 : -257);
	else
		register_one(&site, &answer);
	snprintf(text, sizeof(text), "%.*s", (int)answer.client_data.len,
		 (const char *)answer.client_data.data);
	MUST(pl_base64url_decode(text, strlen(text), bytes.data, sizeof(bytes.data)) <=
	     (int)sizeof(bytes.data));
	return 0;
}
