/* dispatch.h - from a request to its answer: the row, all that the row demands, the handler. */
#ifndef POSTLATCH_PORTAL_DISPATCH_H
#define POSTLATCH_PORTAL_DISPATCH_H

#include "portal/http/request.h"
#include "portal/http/response.h"

/* Finds the route (or page) and checks what can be seen before the body is read:
 * path, method, origin, content type, size. 1 when that answers the request. */
int dispatch_head(struct request *request, struct response *response);
/* Checks the rest of what the row demands, and runs the handler. Fills response in
 * every case. */
void dispatch(struct request *request, struct response *response);

/* Has the next page of the response's stream read, with a connection that is given back before it
 * is sent, and after whether the sender may still have it. 0; or -1, which is logged: then what was
 * sent must end so that nobody takes it for the whole. */
int dispatch_more(struct request *request, struct response *response);
/* The last byte of the answer was sent: tells the handler's open file, if there is one. What goes
 * wrong is logged. */
void dispatch_sent(struct request *request, struct response *response);

#endif
