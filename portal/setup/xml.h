/* xml.h - text in XML documents. */
#ifndef POSTLATCH_PORTAL_SETUP_XML_H
#define POSTLATCH_PORTAL_SETUP_XML_H

#include <stdio.h>

/* Writes UTF-8 text without control characters so that none of it is markup, between tags or in
 * a value in double quotes. Leaves out U+FFFE and U+FFFF, which XML 1.0 2.2 does not have. */
void xml_put(FILE *out, const char *text);
/* The same for at most so many characters. */
void xml_put_short(FILE *out, const char *text, size_t characters);
/* "<NAME>text</NAME>" and the end of the line. */
void xml_element(FILE *out, const char *name, const char *text);

#endif
