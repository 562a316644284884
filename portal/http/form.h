/* form.h - application/x-www-form-urlencoded text and the Cookie header. */
#ifndef POSTLATCH_PORTAL_FORM_H
#define POSTLATCH_PORTAL_FORM_H

#include "portal/http/request.h"

/* Reads "a=b&c=d" in place: the fields point into text. *repeated_r becomes 1 when
 * a name is there twice. -1: not well formed, a control character, not UTF-8, a
 * value longer than REQUEST_FIELD_BYTES, or more than REQUEST_FIELDS_MAX fields. */
int form_parse(char *text, struct request_field fields_r[REQUEST_FIELDS_MAX], size_t *count_r,
	       int *repeated_r);
/* Decodes %XX and '+' in place. -1 also when a NUL comes out of it. */
int form_decode(char *text);
/* The same for a segment of a path, where '+' is itself (RFC 3986). */
int percent_decode(char *text);
/* Valid UTF-8 without control characters, C1 ones included. */
int text_is_clean(const char *text, size_t len);
/* The first cookie of that name: 1 and where its value lies, or 0. */
int cookie_find(const char *cookies, const char *name, const char **value_r, size_t *len_r);

#endif
