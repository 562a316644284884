/* frame.h - the frame of pages that are made here and need no script. */
#ifndef POSTLATCH_PORTAL_FRAME_H
#define POSTLATCH_PORTAL_FRAME_H

#include <stdio.h>

#include "portal/http/request.h"
#include "portal/http/response.h"

/* Begins the page that the response is: what stands in front of its words, in the language of the
 * request and with the style sheet of the other pages; the title, which is HTML, is also the
 * heading. refresh: seconds after which the browser asks again, 0 for never. Where the words go,
 * for frame_end(); NULL: out of memory, and the response has no body. */
FILE *frame_begin(const struct request *request, struct response *response, int status,
		  const char *title, int refresh);
/* What stands behind them. Returns 0, as a handler does. */
int frame_end(FILE *out);

#endif
