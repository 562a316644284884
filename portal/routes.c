/* routes.c - see routes.h. */
#include "portal/routes.h"

#include "policy/admin/audit_search.h"
#include "policy/admin/import.h"
#include "policy/approval/enrolment.h"
#include "policy/approval/push.h"
#include "policy/approval/request.h"
#include "policy/credential/app_password.h"
#include "portal/account/handlers.h"
#include "portal/approve/guards.h"
#include "portal/approve/handlers.h"
#include "portal/approve/lock.h"
#include "portal/console/console_role.h"
#include "portal/console/guards.h"
#include "portal/console/handlers.h"
#include "portal/download/guards.h"
#include "portal/download/handlers.h"
#include "portal/http/handlers.h"
#include "portal/http/metrics.h"
#include "portal/oauth/guards.h"
#include "portal/oauth/handlers.h"
#include "portal/scim/handlers.h"
#include "portal/scim/filter.h"
#include "portal/setup/handlers.h"
#include "portal/signin/guards.h"
#include "portal/signin/handlers.h"
#include "portal/signin/passkey.h"
#include "portal/signin/webauthn.h"
#include "portal/upload/guards.h"
#include "portal/upload/handlers.h"

enum access {
#define GUARD(id, name, admit, text) ACCESS_##id,
#include "portal/guards.def"
#undef GUARD
};

static const struct guard guards[] = {
#define GUARD(id, name, admit, text) { name, admit, text },
#include "portal/guards.def"
#undef GUARD
};

#define FIELDS(name, ...)                                                \
	static const struct route_field name##_fields[] = { __VA_ARGS__, \
							    { NULL, FIELD_LINE, 0, 0 } };
#define ROUTE(...)
#include "portal/routes.def"
#undef FIELDS
#undef ROUTE

const struct route portal_table[] = {
#define FIELDS(name, ...)
#define ROUTE(verb, pattern, access, who, token, whose, function, sentence, ...) \
	{ .method = verb,                                                        \
	  .path = pattern,                                                       \
	  .guard = &guards[ACCESS_##access],                                     \
	  .caller = CALLER_##who,                                                \
	  .csrf = CSRF_##token,                                                  \
	  .role = PL_ROLE_##whose,                                               \
	  .handler = function,                                                   \
	  .text = sentence,                                                      \
	  __VA_ARGS__ },
#include "portal/routes.def"
#undef FIELDS
#undef ROUTE
	{ .method = NULL },
};

static const char *caller_name(enum route_caller caller)
{
	switch (caller) {
	case CALLER_PAGE:
		return "page";
	case CALLER_CONSOLE:
		return "console";
	case CALLER_PROGRAM:
		return "program";
	case CALLER_FRONT_CHANNEL:
		return "front-channel";
	case CALLER_SCIM:
		return "scim";
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
	case BODY_JSON_IF_ANY:
		return "json-if-any";
	case BODY_FORM:
	case BODY_FORM_IF_ANY:
		return "form";
	case BODY_XML:
		return "xml";
	case BODY_CSV:
		return "csv";
	case BODY_BYTES:
		return "bytes";
	}
	return "";
}

static const char *kind_name(enum field_kind kind)
{
	switch (kind) {
	case FIELD_LINE:
		return "line";
	case FIELD_TEXT:
		return "text";
	case FIELD_SECRET:
		return "secret";
	case FIELD_CODE:
		return "code";
	case FIELD_ID:
		return "id";
	case FIELD_FLAG:
		return "flag";
	case FIELD_LABEL:
		return "label";
	case FIELD_WORD:
		return "word";
	case FIELD_NAMES:
		return "names";
	case FIELD_LINES:
		return "lines";
	case FIELD_PAIRS:
		return "pairs";
	}
	return "";
}

static void print_fields(FILE *out, const struct route_field *fields)
{
	if (fields == NULL)
		fputs(" -", out);
	for (const struct route_field *field = fields; field != NULL && field->name != NULL;
	     field++) {
		fprintf(out, "%s%s%s:%s", field == fields ? " " : ",", field->name,
			field->required ? "" : "?", kind_name(field->kind));
		if (field->limit > 0)
			fprintf(out, ":%zu", field->limit);
	}
}

/* The name that a role has in the rows. */
static const char *role_name(enum pl_role role)
{
	return role == PL_ROLE_PORTAL    ? "portal"
	       : role == PL_ROLE_CONSOLE ? "console"
	       : role == PL_ROLE_NONE    ? "none"
					 : "?";
}

void routes_print(FILE *out)
{
	for (const struct route *route = portal_table; route->method != NULL; route++) {
		fprintf(out, "%s %s %s %s %s %s %s", route->method, route->path, route->guard->name,
			caller_name(route->caller), route->csrf == CSRF_TOKEN ? "csrf" : "-",
			role_name(route->role), body_name(route->body));
		print_fields(out, route->parameters);
		print_fields(out, route->query);
		print_fields(out, route->fields);
		fprintf(out, " %s\n    %s\n", route->site == SITE_FILES ? "files" : "portal",
			route->text);
	}
}

void guards_print(FILE *out)
{
	for (size_t i = 0; i < sizeof(guards) / sizeof(guards[0]); i++)
		fprintf(out, ".It Cm %s\n%s\n", guards[i].name, guards[i].text);
}
