/* fuzz_requests.c - what browsers send to the portal: paths, forms, queries, cookies, JSON
 * bodies, ranges of files and tickets for them. The first byte says which; what is a form is a
 * path, too.
 */
#include "tests/fuzz/fuzz.h"

#include <unistd.h>

#include "policy/base/key_file.h"
#include "portal/download/range.h"
#include "portal/download/ticket.h"
#include "portal/http/form.h"
#include "portal/http/fields.h"
#include "portal/routes.h"

/* What comes out of a path is what a handler may have, and each value has its kind. */
static void path(const char *text)
{
	static const struct route_field fields[] = { { "line", FIELD_LINE, 1, 64 },
						     { "id", FIELD_ID, 1, 0 },
						     { "word", FIELD_WORD, 1, 8 },
						     { .name = NULL } };
	static const struct route rows[] = {
		{ .method = "GET", .path = "/{line}", .parameters = fields },
		{ .method = "PUT", .path = "/{line}/x/{id}", .parameters = fields },
		{ .method = "DELETE", .path = "/{word}/{id}/{line}/{word}", .parameters = fields },
		{ .method = NULL },
	};
	struct request request = { .path = text };
	char allow[ROUTE_ALLOW];

	request.route = route_find(rows, SITE_PORTAL, "DELETE", text, &request.parameters, allow);
	MUST(strlen(allow) < ROUTE_ALLOW);
	MUST(request.route == NULL || request.parameters.count == 4);
	for (size_t i = 0; i < request.parameters.count; i++) {
		const struct request_field *field = &request.parameters.field[i];

		MUST(text_is_clean(field->value, strlen(field->value)));
		MUST(field->value[0] != '\0' && strcmp(field->value, "..") != 0);
		MUST(strcmp(field->name, "id") != 0 || strtoll(field->value, NULL, 10) > 0);
	}
}

/* What comes out of a form is what a handler may have. */
static void form(char *text)
{
	struct request request = { .form_count = 0 };

	if (form_parse(text, request.form, &request.form_count, &request.repeated) < 0)
		return;
	MUST(request.form_count <= REQUEST_FIELDS_MAX);
	for (size_t i = 0; i < request.form_count; i++) {
		const struct request_field *field = &request.form[i];

		MUST(field->name[0] != '\0' && text_is_clean(field->name, strlen(field->name)));
		MUST(text_is_clean(field->value, strlen(field->value)));
		MUST(strlen(field->value) <= REQUEST_FIELD_BYTES);
		MUST(request_form(&request, field->name) != NULL);
		MUST(request.repeated || request_form(&request, field->name) == field->value);
	}
}

static void cookies(const char *text)
{
	const struct request request = { .cookies = text };
	struct pl_secret value;

	if (!request_cookie(&request, SESSION_COOKIE, &value))
		return;
	MUST(value.len > 0 && value.len <= PL_SECRET_MAX);
	MUST(strstr(text, "__Host-postlatch=") != NULL);
	MUST(memchr(value.data, ';', value.len) == NULL);
}

static void device(const char *text)
{
	const struct request request = { .user_agent = text };
	char name[128];

	MUST(strlen(request_device(&request, name, sizeof(name))) < 40);
}

/* The Range header, for files of several sizes. */
static void range(const char *text)
{
	static const int64_t sizes[] = { 0, 1, 10, INT64_C(5) << 30, INT64_MAX };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int64_t offset = -1, len = -1;

		if (range_parse(text, sizes[i], &offset, &len) == 1)
			MUST(offset >= 0 && len > 0 && len <= sizes[i] - offset);
	}
}

/* Of a ticket nothing is believed that its MAC does not cover, so none is ever found. */
static void ticket(const char *text)
{
	static struct pl_keys *keys;
	char folder[] = "/tmp/fuzz-ticket-XXXXXX", path[sizeof(folder) + 4];
	struct ticket read;

	if (keys == NULL) {
		MUST(mkdtemp(folder) != NULL);
		snprintf(path, sizeof(path), "%s/key", folder);
		MUST(pl_key_file_create(path, 0, 0600, getuid(), getgid(), NULL) == 0);
		MUST(pl_keys_load(path, &keys, NULL) == 0);
		MUST(unlink(path) == 0 && rmdir(folder) == 0);
	}
	for (enum ticket_kind kind = TICKET_OF_FILE; kind <= TICKET_OF_LINK; kind++)
		MUST(ticket_read(keys, kind, text, &read, NULL) == 0);
}

/* The body of each route that takes one. */
static void json(const char *text, size_t len)
{
	for (const struct route *route = portal_table; route->method != NULL; route++) {
		const struct route_field *fields = route->fields;
		json_t *body = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
		const char *wrong;

		if (json_is_object(body) &&
		    fields_check(fields, &body, route->caller == CALLER_CONSOLE, &wrong) == 0) {
			size_t found = 0;

			for (const struct route_field *field = fields;
			     field != NULL && field->name != NULL; field++) {
				MUST(!field->required ||
				     json_object_get(body, field->name) != NULL);
				found += json_object_get(body, field->name) != NULL;
			}
			MUST(json_object_size(body) == found);
		}
		json_decref(body);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0 || (text = malloc(size)) == NULL)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	switch (data[0] % 6) {
	case 0:
		path(text);
		form(text);
		break;
	case 1:
		cookies(text);
		break;
	case 2:
		device(text);
		break;
	case 3:
		json(text, size - 1);
		break;
	case 4:
		range(text);
		break;
	case 5:
		ticket(text);
		break;
	}
	free(text);
	return 0;
}
