/* fuzz_registration.c - what programs send to register themselves, and the redirect URIs that they
 * ask for. The first byte says which.
 */
#include "tests/fuzz/fuzz.h"

#include "policy/session/redirect_uri.h"
#include "portal/oauth/registration.h"

static int begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* A native redirect URI leads to this device: its authority is a loopback address, or its scheme is
 * no browser's. */
static void is_on_the_device(const char *uri)
{
	const size_t host = strcspn(uri, "/?");

	MUST(strpbrk(uri, " #\\\"<>\t\r\n") == NULL);
	if (begins_with(uri, "http:")) {
		const char *end;

		MUST(begins_with(uri, "http://127.0.0.1") || begins_with(uri, "http://[::1]"));
		end = uri + 7 + strcspn(uri + 7, "/?");
		MUST(memchr(uri, '@', (size_t)(end - uri)) == NULL);
		return;
	}
	MUST(memchr(uri, ':', host) != NULL);
	MUST(memchr(uri, '.', strcspn(uri, ":")) != NULL);
}

static void redirect_uri(const char *uri)
{
	static const char list[] = "http://127.0.0.1/back http://[::1]:80/x?y com.example.app:/z";

	if (pl_redirect_uri_is_native(uri)) {
		is_on_the_device(uri);
		/* What may be registered may be stored. */
		MUST(pl_redirect_uris_check(uri, 1, NULL) == 0);
		MUST(pl_redirect_uri_listed(uri, 1, uri));
	}
	if (pl_redirect_uri_listed(list, 1, uri) && uri[0] != '\0')
		is_on_the_device(uri);
}

static void registration(const char *text, size_t len)
{
	struct pl_oauth_client client;
	const char *code, *reason;
	json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(json)) {
		code = registration_read(json, &client, &reason);
		MUST(code == NULL || begins_with(code, "invalid_"));
		MUST(code == NULL || reason != NULL);
		if (code == NULL) {
			MUST(pl_oauth_client_name_ok(client.name));
			MUST(client.redirect_uris[0] != '\0');
			MUST(pl_redirect_uris_check(client.redirect_uris, 1, NULL) == 0);
			for (char *uri = strtok(client.redirect_uris, " "); uri != NULL;
			     uri = strtok(NULL, " "))
				MUST(pl_redirect_uri_is_native(uri));
		}
	}
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0 || (text = malloc(size)) == NULL)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (data[0] == 'u')
		redirect_uri(text);
	else
		registration(text, size - 1);
	free(text);
	return 0;
}
