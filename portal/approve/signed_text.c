/* signed_text.c - see signed_text.h. */
#include "portal/approve/signed_text.h"

#include <stdio.h>
#include <string.h>

#define VERSION "postlatch-approval-1"

/* Fields are lines or numbers: none has a line break in it. */
static int put_field(FILE *out, const char *name, const json_t *value)
{
	if (json_is_integer(value))
		return fprintf(out, "%s=%lld\n", name, (long long)json_integer_value(value));
	return json_is_string(value) ? fprintf(out, "%s=%s\n", name, json_string_value(value)) : 0;
}

static int begins_with(const char *name, const char *prefix)
{
	return prefix[0] != '\0' && strncmp(name, prefix, strlen(prefix)) == 0;
}

size_t signed_text(const char *portal_url, const struct route *route, const json_t *body,
		   const char *without, char text_r[SIGNED_TEXT_MAX])
{
	FILE *out = fmemopen(text_r, SIGNED_TEXT_MAX, "w");
	long len = -1;

	if (out == NULL)
		return 0;
	fprintf(out, VERSION "\n%s\n%s\n", portal_url, route->path);
	for (const struct route_field *field = route->fields; field->name != NULL; field++) {
		if (strcmp(field->name, "signature") != 0 && !begins_with(field->name, without))
			put_field(out, field->name, json_object_get(body, field->name));
	}
	if (fflush(out) == 0)
		len = ftell(out);
	fclose(out);
	return len > 0 && len < SIGNED_TEXT_MAX - 1 ? (size_t)len : 0;
}
