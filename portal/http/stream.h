/* stream.h - the pages of a body that is made while it is sent (struct response_stream).
 *
 * dispatch.c has the first page read together with the handler's work, so that a failure there has
 * a status of its own, and the others when http.c has sent what there is.
 */
#ifndef POSTLATCH_PORTAL_STREAM_H
#define POSTLATCH_PORTAL_STREAM_H

#include "portal/http/request.h"
#include "portal/http/response.h"

/* Replaces the page that is sent by the next one that has any text, or says that the last one was.
 * The request has a store. 0, or -1. */
int stream_next(struct request *request, struct response_stream *stream, struct pl_error *err);
/* Copies up to most bytes of the page to to. Returns how many; 0: all of it is sent. */
size_t stream_take(struct response_stream *stream, char *to, size_t most);
/* Frees the page and the context. A stream that is all 0 is nothing to free. */
void stream_free(struct response_stream *stream);

#endif
