/* seal.h - encrypts secrets that must be read again: TOTP secrets, signing keys.
 *
 * AES-256-GCM (NIST SP 800-38D) with a random nonce, under a key derived from the seal key,
 * which only root and the portal can read. The additional data binds a sealed record to its
 * kind, its owner and the key, so that a row cannot be moved to another member:
 * "postlatch:WHAT:v1|KEY ID|OWNER".
 */
#ifndef POSTLATCH_SEAL_H
#define POSTLATCH_SEAL_H

#include "policy/base/keys.h"

/* Version, key id, nonce, ciphertext, tag. */
#define PL_SEALED_MAX (PL_SECRET_MAX + 64)

struct pl_sealed {
	size_t len;
	unsigned char data[PL_SEALED_MAX];
};

/* The number of a key as a record has it behind its version, the highest byte first. */
#define PL_SEALED_ID_BYTES 4
void pl_sealed_put_id(int id, unsigned char bytes_r[PL_SEALED_ID_BYTES]);
int pl_sealed_get_id(const unsigned char bytes[PL_SEALED_ID_BYTES]);

/* keys are those of the seal key file; what is the kind of secret, such as "totp". Safe for
 * several threads. */
int pl_seal(const struct pl_keys *keys, const char *what, int64_t owner,
	    const struct pl_secret *secret, struct pl_sealed *sealed_r, struct pl_error *err);
/* -1 also when the record was tampered with, or its key is not in the file (PL_ERR_CONFIG). */
int pl_unseal(const struct pl_keys *keys, const char *what, int64_t owner,
	      const struct pl_sealed *sealed, struct pl_secret *secret_r, struct pl_error *err);
/* The same under a key that is derived from a token of pl_random_token, which nobody keeps: what is
 * stored, with the key files, does not suffice to read the record. */
int pl_seal_by_token(const struct pl_secret *token, const char *what, int64_t owner,
		     const struct pl_secret *secret, struct pl_sealed *sealed_r,
		     struct pl_error *err);
int pl_unseal_by_token(const struct pl_secret *token, const char *what, int64_t owner,
		       const struct pl_sealed *sealed, struct pl_secret *secret_r,
		       struct pl_error *err);

#endif
