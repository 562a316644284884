/* fingerprint.c - see fingerprint.h. */
#include "policy/base/fingerprint.h"

#include <openssl/evp.h>
#include <string.h>

#include "policy/base/random.h"

static void drop(struct pl_fingerprint *fingerprint)
{
	EVP_MD_CTX_free(fingerprint->digest);
	fingerprint->digest = NULL;
}

void pl_fingerprint_begin(struct pl_fingerprint *fingerprint_r)
{
	fingerprint_r->digest = EVP_MD_CTX_new();
	if (fingerprint_r->digest != NULL &&
	    EVP_DigestInit_ex(fingerprint_r->digest, EVP_sha256(), NULL) != 1)
		drop(fingerprint_r);
}

void pl_fingerprint_add(struct pl_fingerprint *fingerprint, const char *name, const char *bytes,
			size_t len)
{
	EVP_MD_CTX *digest = fingerprint->digest;

	/* With the lengths, so that no byte of a file can pass for a part of the next one. */
	if (digest != NULL && (EVP_DigestUpdate(digest, name, strlen(name) + 1) != 1 ||
			       EVP_DigestUpdate(digest, &len, sizeof(len)) != 1 ||
			       EVP_DigestUpdate(digest, bytes, len) != 1))
		drop(fingerprint);
}

int pl_fingerprint_end(struct pl_fingerprint *fingerprint, char text_r[PL_FINGERPRINT_TEXT],
		       struct pl_error *err)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	const int ok = fingerprint->digest != NULL &&
		       EVP_DigestFinal_ex(fingerprint->digest, digest, NULL) == 1;

	drop(fingerprint);
	if (!ok)
		return pl_error_set(err, PL_ERR_RETRY, "OpenSSL could not compute a digest");
	pl_hex(digest, (PL_FINGERPRINT_TEXT - 1) / 2, text_r);
	return 0;
}
