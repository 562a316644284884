/* utf8.h - whether text from outside is UTF-8 (RFC 3629).
 *
 * Overlong forms, surrogates and code points above 10ffff are refused.
 */
#ifndef POSTLATCH_UTF8_H
#define POSTLATCH_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* 1 or 0. */
int pl_is_utf8(const char *text);
/* The same for text of len bytes, which may contain NUL. */
int pl_is_utf8_text(const char *text, size_t len);
/* How many of the len bytes at text are one white space of Unicode (its property White_Space, with
 * the no-break space that word processors and web pages put between groups); 0: none. */
size_t pl_space_at(const unsigned char *text, size_t len);
/* How many bytes of UTF-8 text are at most so many, without cutting a character in two. */
size_t pl_utf8_fit(const char *text, size_t most);
/* Copies what fits of UTF-8 text, without cutting a character in two. Returns buf. */
char *pl_utf8_copy(const char *text, char *buf, size_t size);
/* Whether a name may have that code point: it is no control character, ends no line, and does not
 * change the direction of text (Unicode's Bidi_Control), by which a name can look like another. */
int pl_is_of_name(uint32_t character);
/* Whether text is a name that people can tell from others: UTF-8 of 1 to max characters, each of
 * which a name may have, and not of white space alone. 1 or 0. */
int pl_is_label(const char *text, size_t max);

#endif
