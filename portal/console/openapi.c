/* openapi.c - see openapi.h. */
#include "portal/console/openapi.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "config.h"
#include "portal/console/answer.h"
#include "portal/console/conflict.h"

#define SCHEMAS "#/components/schemas/"

static json_t *reference(const char *to, const char *name)
{
	return json_pack("{s:s+}", "$ref", to, name);
}

/* The schema of a value that a request has. */
static json_t *request_schema(const struct route_field *field)
{
	switch (field->kind) {
	case FIELD_LINE:
	case FIELD_SECRET:
	case FIELD_LABEL:
		return json_pack("{s:s, s:i, s:I}", "type", "string", "minLength", 1, "maxLength",
				 (json_int_t)(field->limit == 0 ? PL_SECRET_MAX : field->limit));
	case FIELD_TEXT:
		return json_pack("{s:s, s:I}", "type", "string", "maxLength",
				 (json_int_t)field->limit);
	case FIELD_CODE:
		return json_pack("{s:s, s:s}", "type", "string", "pattern", "^[0-9]{6}$");
	case FIELD_ID:
		return json_pack("{s:s, s:i, s:I}", "type", "integer", "minimum", 1, "maximum",
				 (json_int_t)(field->limit == 0 ? INT64_MAX : field->limit));
	case FIELD_FLAG:
		return json_pack("{s:s}", "type", "boolean");
	case FIELD_WORD:
		return json_pack("{s:s, s:s, s:I}", "type", "string", "pattern", "^[a-z_-]+$",
				 "maxLength", (json_int_t)field->limit);
	case FIELD_NAMES:
		return json_pack("{s:s, s:I, s:{s:s, s:i, s:i}}", "type", "array", "maxItems",
				 (json_int_t)field->limit, "items", "type", "string", "minLength",
				 1, "maxLength", PL_DOMAIN_MAX);
	case FIELD_LINES:
		return json_pack("{s:s, s:i, s:I, s:{s:s, s:i, s:i}}", "type", "array", "minItems",
				 1, "maxItems", (json_int_t)field->limit, "items", "type", "string",
				 "minLength", 1, "maxLength", FIELD_LINES_BYTES);
	case FIELD_PAIRS:
		return json_pack("{s:s, s:I, s:{s:s, s:i}}", "type", "object", "maxProperties",
				 (json_int_t)field->limit, "additionalProperties", "type", "string",
				 "maxLength", FIELD_LINES_BYTES);
	}
	return NULL;
}

static void add_parameters(json_t *list, const struct route_field *fields, const char *in)
{
	for (; fields != NULL && fields->name != NULL; fields++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:o}", "name", fields->name,
						      "in", in, "required", fields->required,
						      "schema", request_schema(fields)));
}

static json_t *parameters_of(const struct route *route)
{
	json_t *list = json_array();

	add_parameters(list, route->parameters, "path");
	add_parameters(list, route->query, "query");
	if (route->also & ROUTE_ALSO_STALE)
		json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:{s:s}}", "name",
						      "If-Match", "in", "header", "required", 1,
						      "schema", "type", "string"));
	return list;
}

/* An object of those fields and of no others. */
static json_t *body_of(const struct route *route)
{
	json_t *properties = json_object(), *required = json_array();

	for (const struct route_field *field = route->fields; field != NULL && field->name != NULL;
	     field++) {
		json_object_set_new(properties, field->name, request_schema(field));
		if (field->required)
			json_array_append_new(required, json_string(field->name));
	}
	return json_pack("{s:b, s:{s:{s:{s:s, s:o, s:o, s:b}}}}", "required",
			 route->body == BODY_JSON, "content", "application/json", "schema", "type",
			 "object", "properties", properties, "required", required,
			 "additionalProperties", 0);
}

static void add_answer(json_t *responses, const char *status, const char *text, const char *type,
		       json_t *schema)
{
	json_object_set_new(responses, status,
			    schema == NULL ? json_pack("{s:s}", "description", text)
					   : json_pack("{s:s, s:{s:{s:o}}}", "description", text,
						       "content", type, "schema", schema));
}

static void add_error(json_t *responses, const char *status, const char *text)
{
	add_answer(responses, status, text, "application/json", reference(SCHEMAS, "Error"));
}

static void add_success(json_t *responses, const struct route *route)
{
	if (route->also & ROUTE_ALSO_CSV)
		add_answer(responses, "200", "A table.", "text/csv",
			   json_pack("{s:s}", "type", "string"));
	else if (route->answer != NULL)
		add_answer(responses, "200", route->text, "application/json",
			   reference(SCHEMAS, route->answer));
	else
		add_answer(responses, "204", "It is done.", NULL, NULL);
}

static json_t *responses_of(const struct route *route)
{
	json_t *responses = json_object();

	add_success(responses, route);
	add_error(responses, "400", "A parameter or field is wrong, or nobody knows it.");
	add_error(responses, "401", "The key is not good, or the session has ended.");
	add_error(responses, "403",
		  "The role does not suffice, or a one-time code is wanted first.");
	if (route->parameters != NULL || (route->also & ROUTE_ALSO_NOT_FOUND))
		add_error(responses, "404", "There is none, or it is not the administrator's.");
	if (route->also & ROUTE_ALSO_CONFLICT)
		add_error(responses, "409", "It cannot be done as things are now.");
	if (route->also & ROUTE_ALSO_STALE) {
		add_error(responses, "412", "It was changed since it was read.");
		add_error(responses, "428", "If-Match is missing.");
	}
	if (route->body == BODY_CSV)
		add_error(responses, "413", "The file is too large.");
	if (route->body != BODY_NONE)
		add_error(responses, "415", "The body is of another type.");
	add_error(responses, "503",
		  route->also & ROUTE_ALSO_CSV
			  ? "The database cannot be reached, or too many tables are being sent; "
			    "try again."
			  : "The database cannot be reached; try again.");
	return responses;
}

/* "get_console_domain" is not told to programs: "GET /domains/{domain}" is "get-domains-domain". */
static void name_operation(const struct route *route, char *name_r, size_t size)
{
	const char *path = route->path + strlen("/api/admin/v1");
	size_t used = (size_t)snprintf(name_r, size, "%s", route->method);

	for (char *c = name_r; *c != '\0'; c++)
		*c |= 0x20;
	for (; *path != '\0' && used + 1 < size; path++) {
		if (*path != '{' && *path != '}')
			name_r[used++] = *path == '/' ? '-' : *path;
	}
	name_r[used] = '\0';
}

static json_t *operation_of(const struct route *route)
{
	json_t *operation;
	char name[128];

	name_operation(route, name, sizeof(name));
	operation = json_pack("{s:s, s:s, s:s, s:o, s:o}", "operationId", name, "summary",
			      route->text, "x-role", route->guard->name, "parameters",
			      parameters_of(route), "responses", responses_of(route));
	if (route->body == BODY_JSON || route->body == BODY_JSON_IF_ANY)
		json_object_set_new(operation, "requestBody", body_of(route));
	if (route->body == BODY_CSV)
		json_object_set_new(operation, "requestBody",
				    json_pack("{s:b, s:{s:{s:{s:s, s:I}}}}", "required", 1,
					      "content", "text/csv", "schema", "type", "string",
					      "maxLength", (json_int_t)route->body_max));
	return operation;
}

static json_t *paths_of(const struct route *routes)
{
	json_t *paths = json_object();

	for (; routes->method != NULL; routes++) {
		json_t *path = json_object_get(paths, routes->path);
		char method[16];

		if (routes->caller != CALLER_CONSOLE)
			continue;
		if (path == NULL) {
			path = json_object();
			json_object_set_new(paths, routes->path, path);
		}
		snprintf(method, sizeof(method), "%s", routes->method);
		for (char *c = method; *c != '\0'; c++)
			*c |= 0x20;
		json_object_set_new(path, method, operation_of(routes));
	}
	return paths;
}

static json_t *plain_schema(const struct answer_field *field)
{
	static const char *const types[] = {
		[ANSWER_TEXT] = "string", [ANSWER_NUMBER] = "integer", [ANSWER_FLAG] = "boolean"
	};

	if (field->kind == ANSWER_ANY)
		return json_object();
	return field->kind == ANSWER_OBJECT ? reference(SCHEMAS, field->of)
					    : json_pack("{s:s}", "type", types[field->kind]);
}

static json_t *answer_schema(const struct answer_field *field)
{
	json_t *schema = plain_schema(field);

	if (field->many == ANSWER_LIST)
		schema = json_pack("{s:s, s:o}", "type", "array", "items", schema);
	else if (field->many == ANSWER_MAP)
		schema = json_pack("{s:s, s:o}", "type", "object", "additionalProperties", schema);
	return field->may_be_null ? json_pack("{s:[o, {s:s}]}", "anyOf", schema, "type", "null")
				  : schema;
}

static json_t *object_schema(const struct answer *answer)
{
	json_t *properties = json_object(), *required = json_array();

	for (const struct answer_field *field = answer->fields; field->name != NULL; field++) {
		json_object_set_new(properties, field->name, answer_schema(field));
		if (!field->may_be_missing)
			json_array_append_new(required, json_string(field->name));
	}
	return json_pack("{s:s, s:s, s:o, s:o, s:b}", "description", answer->text, "type", "object",
			 "properties", properties, "required", required, "additionalProperties", 0);
}

static json_t *schemas(void)
{
	json_t *all = json_object();

	for (const struct answer *answer = answers; answer->name != NULL; answer++)
		json_object_set_new(all, answer->name, object_schema(answer));
	return all;
}

static json_t *security_schemes(void)
{
	return json_pack("{s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s, s:s}}", "key", "type", "http",
			 "scheme", "bearer", "description",
			 "A key that `postlatch api-key add` has made.", "session", "type",
			 "apiKey", "in", "cookie", "name", "__Host-postlatch", "description",
			 "The console's: an administrator's session.");
}

int openapi_print(const struct route *routes, FILE *out)
{
	json_t *document =
		json_pack("{s:s, s:{s:s, s:s, s:s}, s:[{s:s}], s:[{s:[]}, {s:[]}], s:o, s:o, "
			  "s:{s:o, s:o}}",
			  "openapi", "3.1.0", "info", "title", "Postlatch administrators' API",
			  "version", PACKAGE_VERSION, "description",
			  "Everything that the console does, for programs. Times are seconds since "
			  "1970. SCIM, at /scim/v2, describes itself by /scim/v2/Schemas.",
			  "servers", "url", "/", "security", "key", "session", "x-conflicts",
			  conflicts_json(), "paths", paths_of(routes), "components",
			  "securitySchemes", security_schemes(), "schemas", schemas());
	int ret;

	if (document == NULL)
		return -1;
	ret = json_dumpf(document, out, JSON_INDENT(2));
	json_decref(document);
	fputc('\n', out);
	return ret;
}
