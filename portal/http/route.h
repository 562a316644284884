/* route.h - a row of the table of routes: who may use it, and what it accepts.
 *
 * Everything that can be checked before a handler runs is in its row, and dispatch() checks it,
 * so that a handler cannot forget: method, content type, body size, origin, access, CSRF token,
 * parameters of the path, query fields, body fields.
 *
 * The rows are in each room's routes.def, as
 *
 *	ROUTE(method, path, access, caller, csrf, role, handler, text, ...)
 *
 * access is a row of portal/guards.def; the last is any of .site, .is_for_webmail, .body,
 * .body_max, .receive, .object, .parameters, .query and .fields, whose lists are made by
 * FIELDS(name, { field ... }).
 * portal/routes.c makes the table of them.
 */
#ifndef POSTLATCH_PORTAL_ROUTE_H
#define POSTLATCH_PORTAL_ROUTE_H

#include "policy/store/store.h"
#include "portal/http/request.h"
#include "portal/http/response.h"

/* The role of a route that has no connection to the database. */
#define PL_ROLE_NONE ((enum pl_role)0)

/* One kind of access. */
struct guard {
	const char *name;
	/* Finds out who sends the request, and fills what the request has of that: 1 go on; 0
	 * response says why not; -1 error. */
	int (*admit)(struct request *request, struct response *response, struct pl_error *err);
	const char *text; /* who may, for the manual */
};

/* Who sends the request, and so how it must come and how failures are answered. */
enum route_caller {
	/* A page of ours. What changes something must come from our own origin; query fields are
	 * those of the row; errors are codes that the pages have sentences for. */
	CALLER_PAGE,
	/* Our console, which comes like a page, or a program with a key of an administrator, which
	 * comes without a cookie. Unknown fields are refused. */
	CALLER_CONSOLE,
	/* A program that authenticates by itself. Query fields and form fields that nobody
	 * knows are ignored (RFC 6749 3.1, 3.2); errors are in the words of RFC 6749. */
	CALLER_PROGRAM,
	/* A browser that a program sends here (the front channel of OpenID Connect). The same,
	 * but what is wrong is told on a page that people read. */
	CALLER_FRONT_CHANNEL,
	/* An identity provider that speaks SCIM, with a key of an administrator; a session is none
	 * of its. What nobody knows is ignored, and errors have the form of RFC 7644
	 * (portal/http/scim_answer.h). */
	CALLER_SCIM,
};

/* Where a route is: at the portal's names, or at that of attachment_url, where files are that
 * others have sent. No route of one is at the other, and no cookie is set or read at the latter. */
enum route_site { SITE_PORTAL, SITE_FILES };

enum route_csrf { CSRF_NONE, CSRF_TOKEN }; /* X-CSRF-Token must be that of the session */

/* BODY_..._IF_ANY: that, or nothing. BODY_XML and BODY_CSV: the handler reads it. */
enum route_body {
	BODY_NONE,
	BODY_JSON,
	BODY_JSON_IF_ANY, /* nothing is an empty object */
	BODY_FORM,
	BODY_FORM_IF_ANY,
	BODY_XML,
	/* text/csv of up to body_max bytes. It is taken only from who may send it: access and CSRF
	 * token are checked before it as well, and only a few of them are under way at once. */
	BODY_CSV,
	/* application/offset+octet-stream (tus) of up to body_max bytes, which go to a sink that
	 * receive makes, while they come: no body is held in memory. Access is checked before, too.
	 * What is wrong with the head is answered when the body has come, and was dropped: proxies
	 * take an answer in the middle of a body for a failure. */
	BODY_BYTES,
};

/* What a route for administrators is about, as its path's parameter names it: a domain by its name,
 * a member by the address, or as a user by number. Its guard finds it, and answers 404 unless it is
 * one of the administrator's. */
enum route_object { OBJECT_NONE, OBJECT_DOMAIN, OBJECT_MEMBER, OBJECT_USER };

/* What a route of the administrators' API may answer beside what the rest of its row tells. */
enum route_also {
	ROUTE_ALSO_CONFLICT = 1,  /* 409: not as things are now */
	ROUTE_ALSO_STALE = 2,     /* 412 and 428: it wants If-Match */
	ROUTE_ALSO_NOT_FOUND = 4, /* 404: of what an id in the path names */
	ROUTE_ALSO_CSV = 8,       /* 200 with text/csv */
};

#define FIELD_LINES_BYTES 320 /* of a line of a list, and of a text of an object */

/* How a field must look. Checked by the dispatcher; a handler sees no other. */
enum field_kind {
	FIELD_LINE,   /* 1 to limit bytes of UTF-8, no control characters */
	FIELD_TEXT,   /* the same, or empty */
	FIELD_SECRET, /* as a line, 1 to PL_SECRET_MAX bytes; never logged, never in a URL */
	FIELD_CODE,   /* six digits; spaces are left out; never in a URL */
	FIELD_ID,     /* a number from 1 to limit (0: of 63 bits) */
	FIELD_FLAG,   /* true or false */
	FIELD_WORD,   /* 1 to limit of a-z, '-' and '_' */
	FIELD_LABEL,  /* a name of 1 to limit characters, pl_is_label; never in a URL */
	FIELD_NAMES,  /* a list of 0 to limit names of domains, as lines; only in a body */
	FIELD_LINES,  /* a list of 1 to limit lines of up to FIELD_LINES_BYTES; only in a body */
	/* an object of up to limit texts without control characters; names are of a-z, 0-9 and '_';
	 * only in a body */
	FIELD_PAIRS,
};

struct route_field {
	const char *name; /* NULL ends the list */
	enum field_kind kind;
	int required;
	size_t limit;
};

struct route {
	const char *method; /* NULL ends the table. "GET" stands for HEAD, too. */
	/* Segments are exact, or "{name}" for one that is among the parameters. */
	const char *path;
	const struct guard *guard;
	enum route_caller caller;
	enum route_csrf csrf;
	enum pl_role role; /* whose database connections serve it */
	/* 0, or -1 and the error, which becomes 503 or 500 and one line in the log. */
	int (*handler)(struct request *request, struct response *response, struct pl_error *err);
	const char *text; /* what it does, for `postlatch-portal -x routes` */
	enum route_site site;
	/* Scripts of webmail may ask for it: those at the origin of webmail_url, and of no other
	 * one (CORS). */
	int is_for_webmail;
	enum route_body body;
	size_t body_max; /* of BODY_CSV, BODY_BYTES; others take REQUEST_BODY_MAX */
	/* Of BODY_BYTES, with the head of the request and what its guard has found: 1 and the sink
	 * of the request; 0 response says why not; -1. */
	int (*receive)(struct request *request, struct response *response, struct pl_error *err);
	enum route_object object;
	/* PL_FACTOR_BIT() of the kind of second factor that it registers, or redeems; 0: none. Its
	 * guard refuses kinds that the member may not use. */
	unsigned int registers, redeems;
	const char *answer; /* a row of portal/console/answers.def; NULL: 204, or not described */
	unsigned int also;  /* ROUTE_ALSO_... */
	const struct route_field *parameters, *query, *fields; /* of the body; NULL: none */
};

/* What a room's handlers.h makes of its routes.def. */
#define ROUTE_HANDLER(method, path, access, caller, csrf, role, handler, ...) \
	int handler(struct request *request, struct response *response, struct pl_error *err);

#define ROUTE_ALLOW 64 /* of an Allow header */

/* The row of a site that serves a request; its parameters become the request's. NULL: allow_r has
 * the methods that the path has, as an Allow header, or is "" when there is no such path. */
const struct route *route_find(const struct route *routes, enum route_site site, const char *method,
			       const char *path, struct request_parameters *parameters_r,
			       char allow_r[ROUTE_ALLOW]);
/* Whether some path fits both. */
int route_overlaps(const struct route *one, const struct route *other);
/* Whether a method changes nothing (RFC 9110 9.2.1). */
int route_is_safe(const char *method);

#endif
