/* router.c - which row of the table a request is for; see route.h. */
#include <stdio.h>
#include <string.h>

#include "portal/http/fields.h"
#include "portal/http/form.h"
#include "portal/http/route.h"

static const struct route_field *find_field(const struct route_field *fields, const char *name,
					    size_t len)
{
	for (; fields != NULL && fields->name != NULL; fields++) {
		if (strlen(fields->name) == len && strncmp(fields->name, name, len) == 0)
			return fields;
	}
	return NULL;
}

/* The field that a segment of a pattern stands for; NULL: it stands for itself. */
static const struct route_field *parameter_of(const struct route *route, const char *segment)
{
	const size_t len = strcspn(segment, "/");

	if (len < 3 || segment[0] != '{' || segment[len - 1] != '}')
		return NULL;
	return find_field(route->parameters, segment + 1, len - 2);
}

/* Decodes a segment of a path as the value of a parameter. 1, or 0 when it is none. */
static int read_parameter(const struct route_field *field, const char *segment, size_t len,
			  struct request_parameters *parameters)
{
	char *value = parameters->text + parameters->used;

	if (parameters->count == REQUEST_PARAMETERS_MAX ||
	    len >= sizeof(parameters->text) - parameters->used)
		return 0;
	memcpy(value, segment, len);
	value[len] = '\0';
	if (percent_decode(value) < 0 || strcmp(value, ".") == 0 || strcmp(value, "..") == 0 ||
	    !field_fits(field, value))
		return 0;
	parameters->used += strlen(value) + 1;
	parameters->field[parameters->count++] = (struct request_field){ field->name, value };
	return 1;
}

static const char *next_segment(const char *segment)
{
	segment += strcspn(segment, "/");
	return *segment == '/' ? segment + 1 : NULL;
}

static int is_same(const char *segment, const char *other)
{
	const size_t len = strcspn(segment, "/");

	return strcspn(other, "/") == len && strncmp(segment, other, len) == 0;
}

static int fits(const struct route *route, const char *path,
		struct request_parameters *parameters_r)
{
	const char *pattern = route->path;

	parameters_r->count = parameters_r->used = 0;
	while (pattern != NULL && path != NULL) {
		const struct route_field *field = parameter_of(route, pattern);

		if (field == NULL ? !is_same(pattern, path)
				  : !read_parameter(field, path, strcspn(path, "/"), parameters_r))
			return 0;
		pattern = next_segment(pattern);
		path = next_segment(path);
	}
	return pattern == NULL && path == NULL;
}

static int is_listed(const char *list, const char *method)
{
	const char *at = strstr(list, method);
	const size_t len = strlen(method);

	return at != NULL && (at == list || at[-1] == ' ') && (at[len] == ',' || at[len] == '\0');
}

static void allow(char list[ROUTE_ALLOW], const char *method)
{
	const size_t used = strlen(list);

	if (is_listed(list, method) || used + 2 + strlen(method) >= ROUTE_ALLOW)
		return;
	snprintf(list + used, ROUTE_ALLOW - used, "%s%s", used > 0 ? ", " : "", method);
}

const struct route *route_find(const struct route *routes, enum route_site site, const char *method,
			       const char *path, struct request_parameters *parameters_r,
			       char allow_r[ROUTE_ALLOW])
{
	allow_r[0] = '\0';
	for (const struct route *route = routes; route->method != NULL; route++) {
		const int is_get = strcmp(route->method, "GET") == 0;

		if (route->site != site || !fits(route, path, parameters_r))
			continue;
		if (strcmp(route->method, method) == 0 || (is_get && strcmp(method, "HEAD") == 0))
			return route;
		allow(allow_r, route->method);
		if (is_get)
			allow(allow_r, "HEAD");
	}
	parameters_r->count = 0;
	return NULL;
}

int route_overlaps(const struct route *one, const struct route *other)
{
	const char *a = one->path, *b = other->path;

	while (a != NULL && b != NULL) {
		const struct route_field *of_a = parameter_of(one, a),
					 *of_b = parameter_of(other, b);
		struct request_parameters parameters = { .count = 0 };

		if (of_a == NULL && of_b == NULL && !is_same(a, b))
			return 0;
		if (of_a != NULL && of_b == NULL &&
		    !read_parameter(of_a, b, strcspn(b, "/"), &parameters))
			return 0;
		if (of_a == NULL && of_b != NULL &&
		    !read_parameter(of_b, a, strcspn(a, "/"), &parameters))
			return 0;
		a = next_segment(a);
		b = next_segment(b);
	}
	return a == NULL && b == NULL;
}

int route_is_safe(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
	       strcmp(method, "OPTIONS") == 0;
}
