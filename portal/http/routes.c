/* routes.c - the table of routes.def, and who finds what in it. */
#include "portal/http/route.h"

#include <string.h>

#include "portal/http/handlers.h"

static const struct route_field no_fields[] = { { NULL, FIELD_LINE, 0, 0 } };
#define FIELDS(name, ...)                                                \
	static const struct route_field name##_fields[] = { __VA_ARGS__, \
							    { NULL, FIELD_LINE, 0, 0 } };
#define ROUTE(method, path, access, csrf, body, fields, handler, text)
#include "portal/http/routes.def"
#undef FIELDS
#undef ROUTE

static const struct route routes[] = {
#define FIELDS(name, ...)
#define ROUTE(method, path, access, csrf, body, fields, handler, text) \
	{ method, path, access, csrf, body, fields, handler, text },
#include "portal/http/routes.def"
#undef FIELDS
#undef ROUTE
	{ .method = NULL },
};

const struct route *route_at(size_t index)
{
	return index < sizeof(routes) / sizeof(routes[0]) && routes[index].method != NULL
		       ? &routes[index]
		       : NULL;
}

const struct route *route_find(const char *method, const char *path, const char **allowed_r)
{
	*allowed_r = NULL;
	for (const struct route *route = routes; route->method != NULL; route++) {
		if (strcmp(route->path, path) != 0)
			continue;
		if (strcmp(route->method, method) == 0)
			return route;
		*allowed_r = *allowed_r == NULL ? route->method : "GET, POST";
	}
	return NULL;
}

int route_is_oauth(const struct route *route)
{
	return route->body == BODY_FORM || route->access == ACCESS_CLIENT ||
	       route->access == ACCESS_BEARER;
}

int route_is_visited(const struct route *route)
{
	return route->handler == get_authorize || route->handler == get_end_session;
}

static const char *access_name(enum route_access access)
{
	switch (access) {
	case ACCESS_PUBLIC:
		return "public";
	case ACCESS_HALF:
		return "half";
	case ACCESS_MEMBER:
		return "member";
	case ACCESS_FRESH:
		return "fresh";
	case ACCESS_CLIENT:
		return "client";
	case ACCESS_BEARER:
		return "bearer";
	}
	return "";
}

static const char *body_name(enum route_body body)
{
	switch (body) {
	case BODY_NONE:
		return "none";
	case BODY_JSON:
		return "json";
	case BODY_FORM:
		return "form";
	}
	return "";
}

static const char *kind_name(enum field_kind kind)
{
	switch (kind) {
	case FIELD_LINE:
		return "line";
	case FIELD_SECRET:
		return "secret";
	case FIELD_CODE:
		return "code";
	case FIELD_ID:
		return "id";
	case FIELD_FLAG:
		return "flag";
	case FIELD_WORD:
		return "word";
	}
	return "";
}

/* "user:line:320,trust?:flag", or "-". */
static void print_fields(FILE *out, const struct route_field *fields)
{
	if (fields->name == NULL)
		fputs(" -", out);
	for (const struct route_field *field = fields; field->name != NULL; field++) {
		fprintf(out, "%s%s%s:%s", field == fields ? " " : ",", field->name,
			field->required ? "" : "?", kind_name(field->kind));
		if (field->limit > 0)
			fprintf(out, ":%zu", field->limit);
	}
}

void routes_print(FILE *out)
{
	for (const struct route *route = routes; route->method != NULL; route++) {
		fprintf(out, "%s %s %s %s %s", route->method, route->path,
			access_name(route->access), route->csrf ? "csrf" : "-",
			body_name(route->body));
		print_fields(out, route->fields);
		fprintf(out, "\n    %s\n", route->text);
	}
}
