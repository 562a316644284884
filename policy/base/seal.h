/* seal.h - secrets that must be read again: TOTP secrets, signing keys.
 *
 * AES-256-GCM (NIST SP 800-38D) with a random nonce under a key derived from the
 * seal key, which only root and the portal can read. A sealed record is bound to what it is, to
 * its owner and to the key by the additional data, so that a row cannot be
 * moved to another member: "postlatch:WHAT:v1|KEY ID|OWNER".
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

/* keys: the seal key file. what is a word such as "totp". Safe from several threads. */
int pl_seal(const struct pl_keys *keys, const char *what, int64_t owner,
	    const struct pl_secret *secret, struct pl_sealed *sealed_r, struct pl_error *err);
/* -1 also when it was tampered with or the key is not in the file (PL_ERR_CONFIG). */
int pl_unseal(const struct pl_keys *keys, const char *what, int64_t owner,
	      const struct pl_sealed *sealed, struct pl_secret *secret_r, struct pl_error *err);

#endif
