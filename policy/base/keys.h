/* keys.h - the keys that live outside the database.
 *
 * A key file holds one key on each line, "ID HEX" (64 hex digits, 256 bits);
 * the first line's key is used for what is new, the others still verify.
 * '#' starts a comment. A key file that is missing, short, a link, or open to
 * others is refused and never made anew, except by `postlatch db init`.
 */
#ifndef POSTLATCH_KEYS_H
#define POSTLATCH_KEYS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "policy/base/error.h"
#include "policy/base/secret.h"

#define PL_KEY_BYTES 32
#define PL_KEYS_LIVE 4 /* most keys in one file */
#define PL_MAC_BYTES 32

struct pl_keys;

int pl_keys_load(const char *path, struct pl_keys **keys_r, struct pl_error *err);
void pl_keys_free(struct pl_keys **keys);
size_t pl_keys_count(const struct pl_keys *keys);
int pl_keys_id(const struct pl_keys *keys, size_t index);

/* HMAC-SHA256 (RFC 2104) of a credential of a member with the index-th key.
 * The MAC covers a version tag and the member's id, so a row cannot be moved
 * to another member. Safe from several threads. */
int pl_keys_mac(const struct pl_keys *keys, size_t index, int64_t member_id,
		const struct pl_secret *credential, unsigned char mac_r[PL_MAC_BYTES],
		struct pl_error *err);

/* A key for one purpose, derived from the index-th key: the first block of
 * HKDF-Expand (RFC 5869 2.3). Safe from several threads; the caller wipes it. */
int pl_keys_derive(const struct pl_keys *keys, size_t index, const char *purpose,
		   unsigned char key_r[PL_KEY_BYTES], struct pl_error *err);

/* Writes a new file with one fresh key; PL_ERR_CONFLICT when path exists. */
int pl_keys_create(const char *path, mode_t mode, uid_t uid, gid_t gid, struct pl_error *err);

/* SHA-256 of a 256-bit random token: all that is stored of one (RFC 6750 5.3). */
int pl_token_digest(const struct pl_secret *token, unsigned char digest_r[PL_MAC_BYTES],
		    struct pl_error *err);

#endif
