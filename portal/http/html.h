/* html.h - writes text and data into a page, so that neither becomes markup. */
#ifndef POSTLATCH_PORTAL_HTML_H
#define POSTLATCH_PORTAL_HTML_H

#include <jansson.h>
#include <stdio.h>

/* One byte of the text of an element or of an attribute in double quotes, in HTML and in XML. */
void put_character(FILE *out, char c);
/* Such a text. */
void put_html(FILE *out, const char *text);
/* A script element that is data: JSON, which scripts read by its id. The content security policy
 * does not apply to it, as nothing of it is run. */
void put_data(FILE *out, const char *id, const json_t *json);

#endif
