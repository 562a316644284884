/* handlers.h - the handlers of this room's routes.def: each answers in response and returns 0,
 * or returns -1 and the error, which the dispatcher logs and makes a 503 or 500. */
#ifndef POSTLATCH_PORTAL_UPLOAD_HANDLERS_H
#define POSTLATCH_PORTAL_UPLOAD_HANDLERS_H

#include "portal/http/route.h"

#define UPLOAD_PIECE (8 * 1024 * 1024)      /* bytes that browsers are told to send at once */
#define UPLOAD_PIECE_MAX (16 * 1024 * 1024) /* and that are taken; nginx lets them through */

#define FIELDS(name, ...)
#define ROUTE ROUTE_HANDLER
#include "portal/upload/routes.def"
#undef FIELDS
#undef ROUTE

/* Makes the sink to which the bytes of a PATCH go: struct route. */
int receive_upload(struct request *request, struct response *response, struct pl_error *err);
/* Tells in the words of tus how far an upload is. Returns 0. */
int respond_offset(const struct request *request, struct response *response, int status,
		   int64_t offset);

#endif
