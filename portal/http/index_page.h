/* index_page.h - the single page of web/, filled in for the reader.
 *
 * Its words for a browser that does not run the scripts stand in the operator's name and
 * in the reader's language. For the scripts it has what GET /api/session would answer to this
 * browser, so that the first screen needs no further request.
 */
#ifndef POSTLATCH_PORTAL_INDEX_PAGE_H
#define POSTLATCH_PORTAL_INDEX_PAGE_H

#include "portal/http/request.h"
#include "portal/http/response.h"

/* index.html with its {{placeholders}} filled in; index_page.c has the table of them. state is
 * NULL when it is not known now: then the scripts ask for it. Returns 0. */
int respond_index(const struct request *request, struct response *response, const json_t *state);

#endif
