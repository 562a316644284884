/* route.h - the table of routes, and who may use which.
 *
 * Everything that can be checked before a handler runs is in its row, and
 * dispatch() checks it, so that a handler cannot forget: method, content type,
 * body size, origin, session, CSRF token, recent proof of the factor, fields.
 */
#ifndef POSTLATCH_PORTAL_ROUTE_H
#define POSTLATCH_PORTAL_ROUTE_H

#include <stdio.h>

#include "portal/http/request.h"
#include "portal/http/response.h"

enum route_access {
	ACCESS_PUBLIC, /* anyone; the session is looked up if there is one */
	ACCESS_HALF,   /* the password was right, the second step is due */
	ACCESS_MEMBER, /* signed in */
	ACCESS_FRESH,  /* signed in, and a factor proven in the last 20 minutes */
	ACCESS_CLIENT, /* an OAuth client that has proven who it is (RFC 6749 2.3) */
	ACCESS_BEARER, /* an access token of a session (RFC 6750) */
};

enum route_body { BODY_NONE, BODY_JSON, BODY_FORM };

/* How a field must look. Checked by the dispatcher; a handler sees no other. */
enum field_kind {
	FIELD_LINE,   /* 1 to limit bytes of UTF-8, no control characters */
	FIELD_SECRET, /* the same, 1 to PL_SECRET_MAX bytes; never logged */
	FIELD_CODE,   /* six digits; spaces are left out */
	FIELD_ID,     /* a row's id: a JSON number above 0 */
	FIELD_FLAG,   /* true or false */
	FIELD_WORD,   /* a-z, '-' and '_' */
};

struct route_field {
	const char *name; /* NULL ends the list */
	enum field_kind kind;
	int required;
	size_t limit;
};

struct route {
	const char *method; /* "GET", "POST" */
	const char *path;   /* exact */
	enum route_access access;
	int csrf; /* X-CSRF-Token must be the session's */
	enum route_body body;
	const struct route_field *fields;
	/* 0, or -1 and the error, which becomes 503 or 500 and one line in the log. */
	int (*handler)(struct request *request, struct response *response, struct pl_error *err);
	const char *text; /* what it does, for `postlatch-portal -x routes` */
};

/* The rows of routes.def, ended by NULL. */
const struct route *route_at(size_t index);
/* NULL: no such path; *allowed_r tells which methods the path has. */
const struct route *route_find(const char *method, const char *path, const char **allowed_r);
/* Which paths take a FORM from programs and answer in the words of the RFCs. */
int route_is_oauth(const struct route *route);
/* Which paths a program sends a browser to: what is wrong there, people read. */
int route_is_visited(const struct route *route);
/* "METHOD PATH ACCESS CSRF BODY FIELDS" and the text of every route, for tests and manuals. */
void routes_print(FILE *out);
/* Finds the route (or page) and checks what can be seen before the body is read:
 * path, method, origin, content type, size. 1 when that answers the request. */
int dispatch_head(struct request *request, struct response *response);
/* Checks the rest of what the row demands, and runs the handler. Fills response in
 * every case. */
void dispatch(struct request *request, struct response *response);
/* Checks the JSON body against the row's fields, and leaves no other in it. 0, or -1. */
int fields_check(const struct route_field *fields, json_t **json);

#endif
