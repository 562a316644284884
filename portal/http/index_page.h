/* index_page.h - the single page of web/, filled in for the reader.
 *
 * Its words for a browser that does not run the scripts stand in the operator's name and
 * in the reader's language.
 */
#ifndef POSTLATCH_PORTAL_INDEX_PAGE_H
#define POSTLATCH_PORTAL_INDEX_PAGE_H

#include <stdio.h>

#include "portal/http/request.h"
#include "portal/http/response.h"

struct page;

/* page in which each {{name}} is replaced by portal_name and each {{language}} by the code of the
 * language that the browser prefers. Returns 0. */
int respond_index(const struct request *request, struct response *response,
		  const struct page *page);
/* Writes text so that no character of it is markup. */
void put_html(FILE *out, const char *text);

#endif
