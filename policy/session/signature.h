/* signature.h - signatures as JSON Web Signatures have them (RFC 7518 3.3, 3.4): those of RS256 are
 * as OpenSSL writes them, those of ES256 are the bytes of two numbers. */
#ifndef POSTLATCH_SIGNATURE_H
#define POSTLATCH_SIGNATURE_H

#include "policy/session/signing_key.h"

#define PL_SIGNATURE_MAX 256 /* bytes, of RSA with 2048 bits */

struct pl_signature {
	unsigned char bytes[PL_SIGNATURE_MAX];
	size_t len;
};

/* pkey is that of pl_signing_key_open(). 0, or -1: OpenSSL failed. */
int pl_signature_make(enum pl_signing_alg alg, EVP_PKEY *pkey, const char *text, size_t len,
		      struct pl_signature *signature_r);
/* Whether it is a signature of the text. 1, 0, or -1: OpenSSL failed. */
int pl_signature_check(enum pl_signing_alg alg, EVP_PKEY *pkey, const char *text, size_t len,
		       const struct pl_signature *signature);

#endif
