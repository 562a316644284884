/* utf8.h - whether text from outside is UTF-8 (RFC 3629).
 *
 * No overlong forms, no surrogates, nothing above 10ffff.
 */
#ifndef POSTLATCH_UTF8_H
#define POSTLATCH_UTF8_H

int pl_is_utf8(const char *text);

#endif
