/* utf8.h - whether text from outside is UTF-8 (RFC 3629).
 *
 * Overlong forms, surrogates and code points above 10ffff are refused.
 */
#ifndef POSTLATCH_UTF8_H
#define POSTLATCH_UTF8_H

int pl_is_utf8(const char *text);

#endif
