/* handlers.h - the handlers of this room's routes.def: each answers in response and returns 0,
 * or returns -1 and the error, which the dispatcher logs and makes a 503 or 500. */
#ifndef POSTLATCH_PORTAL_SCIM_HANDLERS_H
#define POSTLATCH_PORTAL_SCIM_HANDLERS_H

#include "portal/http/route.h"

#define FIELDS(name, ...)
#define ROUTE ROUTE_HANDLER
#include "portal/scim/routes.def"
#undef FIELDS
#undef ROUTE

#endif
