/* roundcube_crypt.h - what Roundcube has encrypted with its des_key.
 *
 * base64 of IV and ciphertext, with "##TAG##" in front for AES in GCM. As in PHP, a key that is too
 * short for the cipher is filled up with zeros, and one that is too long is cut.
 */
#ifndef POSTLATCH_ROUNDCUBE_CRYPT_H
#define POSTLATCH_ROUNDCUBE_CRYPT_H

#include "policy/base/secret.h"

#define ROUNDCUBE_CIPHER "DES-EDE3-CBC" /* unless cipher_method says something else */
#define ROUNDCUBE_CLEAR_MAX 4096

struct roundcube_clear {
	size_t len;
	char data[ROUNDCUBE_CLEAR_MAX + 64]; /* the caller wipes it */
};

/* Whether this version of OpenSSL has the cipher. */
int roundcube_has_cipher(const char *cipher);
/* Decrypts text of at most ROUNDCUBE_CLEAR_MAX bytes. 0, or -1 when it is not encrypted in this way
 * with that key. */
int roundcube_decrypt(const char *cipher, const struct pl_secret *key, const char *text, size_t len,
		      struct roundcube_clear *clear_r);

#endif
