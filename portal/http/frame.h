/* frame.h - the frame of pages that are made here and need no script. */
#ifndef POSTLATCH_PORTAL_FRAME_H
#define POSTLATCH_PORTAL_FRAME_H

#include <stdio.h>

#include "portal/http/request.h"

/* What stands in front of the words of the page, in the language of the request and with the style
 * sheet of the other pages; the title, which is HTML, is also the heading. refresh: seconds after
 * which the browser asks again, 0 for never. */
void frame_begin(FILE *out, const struct request *request, const char *title, int refresh);
/* What stands behind them. */
void frame_end(FILE *out);

#endif
