/* random.h - random credentials, and the digest that is stored of them.
 *
 * A token is a prefix that tells what it is (secret scanners look for it) and
 * 256 random bits in base64url (RFC 4648 5). Only its SHA-256 is stored.
 */
#ifndef POSTLATCH_RANDOM_H
#define POSTLATCH_RANDOM_H

#include "policy/base/keys.h"

/* base64url without padding; text_r holds PL_BASE64URL_TEXT(len). Returns text_r. */
#define PL_BASE64URL_TEXT(len) (4 * (((len) + 2) / 3) + 1)
char *pl_base64url(const void *data, size_t len, char *text_r);
/*
 * Decodes len characters of base64url without padding into bytes_r. Strict: one text stands for
 * the same bytes, so the bits that the last character leaves over are 0 (RFC 4648 3.5).
 * How many bytes it gave, 1 to limit, or -1 when it is no such text.
 */
int pl_base64url_decode(const char *text, size_t len, unsigned char *bytes_r, size_t limit);
/* The same for a text that stands for exactly size bytes; text may be NULL. 1 or 0. */
int pl_base64url_read(const char *text, unsigned char *bytes_r, size_t size);

/* Hexadecimal digits (RFC 4648 8, in lower case); text_r holds PL_HEX_TEXT(len). Returns text_r. */
#define PL_HEX_TEXT(len) (2 * (len) + 1)
char *pl_hex(const unsigned char *bytes, size_t len, char *text_r);

/* A new token with that prefix, for the caller to wipe. 0, or -1 when there are no random bits. */
int pl_random_token(const char *prefix, struct pl_secret *token_r, struct pl_error *err);
/* Base32 without padding (RFC 4648 6) of len random bytes; otherwise the same. */
int pl_random_base32(size_t len, struct pl_secret *text_r, struct pl_error *err);
/* A code of PL_CODE_DIGITS digits, all as likely, for the caller to wipe. 0, or -1 as above. */
#define PL_CODE_DIGITS 6
int pl_random_code(char code_r[PL_CODE_DIGITS + 1], struct pl_error *err);
/* The same of PL_LONG_CODE_DIGITS, for what opens an account. */
#define PL_LONG_CODE_DIGITS 8
int pl_random_long_code(char code_r[PL_LONG_CODE_DIGITS + 1], struct pl_error *err);

#endif
