/* console_answer.c - see console_answer.h. */
#include "portal/console/console_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/base/fingerprint.h"

int console_etag_of(const char *state, char *etag_r, size_t size, struct pl_error *err)
{
	struct pl_fingerprint fingerprint;
	char text[PL_FINGERPRINT_TEXT];

	pl_fingerprint_begin(&fingerprint);
	pl_fingerprint_add(&fingerprint, "state", state, strlen(state));
	if (pl_fingerprint_end(&fingerprint, text, err) < 0)
		return -1;
	snprintf(etag_r, size, "\"%s\"", text);
	return 0;
}

int console_etag(struct response *response, const char *state, struct pl_error *err)
{
	return console_etag_of(state, response->etag, sizeof(response->etag), err);
}

int console_if_match(const struct request *request, struct response *response, const char *state,
		     struct pl_error *err)
{
	const char *known = request->if_match;
	char etag[sizeof(response->etag)];

	if (known == NULL)
		return respond_error(response, 428, "if-match-needed");
	if (console_etag_of(state, etag, sizeof(etag), err) < 0)
		return -1;
	/* A web server in front that compresses an answer makes its ETag a weak one. */
	if (strncmp(known, "W/", 2) == 0)
		known += 2;
	return strcmp(known, etag) == 0 ? 1 : respond_error(response, 412, "changed");
}

#define LIMIT 50

static int64_t number_of(const char *text)
{
	return text != NULL ? strtoll(text, NULL, 10) : 0;
}

json_t *console_time(int64_t at)
{
	return at == 0 ? json_null() : json_integer(at);
}

int console_limit(const struct request *request)
{
	const char *limit = request_query(request, "limit");

	return limit != NULL ? (int)number_of(limit) : LIMIT;
}

int64_t console_after_id(const struct request *request)
{
	return number_of(request_query(request, "after"));
}

int64_t console_id(const struct request *request)
{
	return number_of(request_parameter(request, "id"));
}

json_t *console_page(json_t *rows, int limit, int64_t total)
{
	char next[24] = "";

	if (json_array_size(rows) > (size_t)limit) {
		json_array_remove(rows, (size_t)limit);
		snprintf(next, sizeof(next), "%lld",
			 (long long)json_integer_value(
				 json_object_get(json_array_get(rows, (size_t)limit - 1), "id")));
	}
	return json_pack("{s:o, s:I, s:s?}", "items", rows, "total", (json_int_t)total, "next",
			 next[0] != '\0' ? next : NULL);
}
