/* handlers.h - the handlers of routes.def: each answers in response and returns 0,
 * or returns -1 and the error, which the dispatcher logs and makes a 503 or 500. */
#ifndef POSTLATCH_PORTAL_HANDLERS_H
#define POSTLATCH_PORTAL_HANDLERS_H

#include "portal/http/route.h"

#define FIELDS(name, ...)
#define ROUTE(method, path, access, csrf, body, fields, handler, text) \
	int handler(struct request *request, struct response *response, struct pl_error *err);
#include "portal/http/routes.def"
#undef FIELDS
#undef ROUTE

#endif
