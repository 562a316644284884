/* keys.h - the keys that are kept outside of the database.
 *
 * A key file has one key on each line, "ID HEX" (64 hex digits, 256 bits). New MACs and
 * records are made with the first key; the other keys still verify those that were made with
 * them. '#' starts a comment. A key file that is missing, too short, a link, or accessible to
 * other users is refused. Only `postlatch db init` creates key files; key_file.h changes them.
 */
#ifndef POSTLATCH_KEYS_H
#define POSTLATCH_KEYS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include "policy/base/error.h"
#include "policy/base/secret.h"

#define PL_KEY_BYTES 32
#define PL_KEYS_LIVE 4 /* the maximum of keys in one file */
#define PL_MAC_BYTES 32
#define PL_KEY_FILE_MAX 4096 /* bytes */

struct pl_keys;

/* 0, or -1: the error names the file and what is wrong with it. */
int pl_keys_load(const char *path, struct pl_keys **keys_r, struct pl_error *err);
void pl_keys_free(struct pl_keys **keys);
size_t pl_keys_count(const struct pl_keys *keys);
/* The number that rows name the index-th key by. */
int pl_keys_id(const struct pl_keys *keys, size_t index);
/* "2027-03-01", the day since when the index-th key has been there; "" when the file does not say.
 * Valid as long as the keys. */
const char *pl_keys_since(const struct pl_keys *keys, size_t index);

/* The text of a key file, and what fstat(2) says of it, after the same checks as pl_keys_load. It
 * has keys: the caller wipes it. */
int pl_keys_read_text(const char *path, char text_r[PL_KEY_FILE_MAX + 1], struct stat *st_r,
		      struct pl_error *err);

/* The index of the key of that number; -1 when there is none. keys may be NULL: there are none. */
int pl_keys_find(const struct pl_keys *keys, int id);

/* HMAC-SHA256 (RFC 2104) of a credential of a member with the index-th key.
 * The MAC covers a version tag and the member's id, so a row cannot be moved
 * to another member. Safe from several threads. */
int pl_keys_mac(const struct pl_keys *keys, size_t index, int64_t member_id,
		const struct pl_secret *credential, unsigned char mac_r[PL_MAC_BYTES],
		struct pl_error *err);
/* The same of a short code, which is no secret of its own: the text that is formatted has beside it
 * what it is good for. keys may be NULL, which fails. */
int pl_keys_mac_code(const struct pl_keys *keys, size_t index, int64_t member_id,
		     unsigned char mac_r[PL_MAC_BYTES], struct pl_error *err, const char *format,
		     ...) __attribute__((format(printf, 6, 7)));

/* A key for one purpose, derived from the index-th key: the first block of
 * HKDF-Expand (RFC 5869 2.3). Safe from several threads; the caller wipes it. */
int pl_keys_derive(const struct pl_keys *keys, size_t index, const char *purpose,
		   unsigned char key_r[PL_KEY_BYTES], struct pl_error *err);

/* SHA-256 of a 256-bit random token; the token itself is never stored (RFC 6750 5.3). */
int pl_token_digest(const struct pl_secret *token, unsigned char digest_r[PL_MAC_BYTES],
		    struct pl_error *err);

#endif
