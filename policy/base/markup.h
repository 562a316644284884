/* markup.h - writes text into HTML or XML, so that it does not become markup. */
#ifndef POSTLATCH_MARKUP_H
#define POSTLATCH_MARKUP_H

#include <stdio.h>

/* One byte of the text of an element, or of an attribute in double quotes. */
void pl_put_markup_byte(FILE *out, char c);
/* Such a text. */
void pl_put_markup(FILE *out, const char *text);

#endif
