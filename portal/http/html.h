/* html.h - writes data into a page, so that it does not become markup. */
#ifndef POSTLATCH_PORTAL_HTML_H
#define POSTLATCH_PORTAL_HTML_H

#include <jansson.h>
#include <stdio.h>

/* A script element that is data: JSON, which scripts read by its id. The content security policy
 * does not apply to it, as nothing of it is run. */
void put_data(FILE *out, const char *id, const json_t *json);

#endif
