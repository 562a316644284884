/* fuzz_approval.c - what anybody sends as the phone of a member.
 *
 * The first byte chooses the route, the rest is the JSON of the body. Whatever stands in the
 * fields that a route accepts, the signed text has a line for each of them, and no line more: two
 * different bodies never have one text.
 */
#include "tests/fuzz/fuzz.h"

#include "policy/approval/device_key.h"
#include "policy/base/random.h"
#include "portal/approve/lock.h"
#include "portal/approve/signed_text.h"
#include "portal/http/fields.h"
#include "portal/routes.h"

#define FOLDER "/api/approve/"
#define ROUTES_MAX 16

static size_t count_lines(const char *text, size_t len)
{
	size_t lines = 0;

	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	return lines;
}

static size_t count_fields(const struct route *route, const json_t *body)
{
	size_t count = 0;

	for (const struct route_field *field = route->fields; field->name != NULL; field++)
		count += strcmp(field->name, "signature") != 0 &&
			 json_object_get(body, field->name) != NULL;
	return count;
}

/* Nobody has the private key of this point, and most bytes are no point at all. */
static void verify_one(const json_t *body, const char *text, size_t len)
{
	unsigned char key[PL_DEVICE_KEY_BYTES], signature[PL_DEVICE_SIGNATURE_BYTES];

	if (pl_base64url_read(json_string_value(json_object_get(body, "key")), key, sizeof(key)) &&
	    pl_base64url_read(json_string_value(json_object_get(body, "signature")), signature,
			      sizeof(signature)))
		MUST(!pl_device_key_verify(key, text, len, signature));
}

static void read_one(const struct route *route, json_t **body)
{
	char text[SIGNED_TEXT_MAX];
	const char *wrong = NULL;
	size_t len;

	if (!json_is_object(*body) || fields_check(route->fields, body, 0, &wrong) < 0)
		return;
	len = signed_text("https://login.example.test", route, *body, LOCK_FIELD, text);
	MUST(len > 0 && len < sizeof(text) && strstr(text, "\n" LOCK_FIELD) == NULL);
	len = signed_text("https://login.example.test", route, *body, "", text);
	MUST(len > 0 && len < sizeof(text));
	MUST(count_lines(text, len) == 3 + count_fields(route, *body));
	verify_one(*body, text, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct route *routes[ROUTES_MAX];
	size_t count = 0;
	json_t *body;

	for (const struct route *route = portal_table; route->method != NULL; route++) {
		if (strncmp(route->path, FOLDER, strlen(FOLDER)) == 0 && count < ROUTES_MAX)
			routes[count++] = route;
	}
	MUST(count > 0);
	if (size < 1)
		return 0;
	body = json_loadb((const char *)data + 1, size - 1, JSON_REJECT_DUPLICATES, NULL);
	if (body != NULL)
		read_one(routes[data[0] % count], &body);
	json_decref(body);
	return 0;
}
