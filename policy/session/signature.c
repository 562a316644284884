/* signature.c - see signature.h. */
#include "policy/session/signature.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#define NUMBER 32 /* bytes of one of the two in a signature on P-256 */
#define EC_SIGNATURE ((size_t)2 * NUMBER)

/* OpenSSL has a signature of ECDSA as a sequence of two numbers, JWS as their bytes. */
static int from_der(struct pl_signature *signature)
{
	const unsigned char *der = signature->bytes;
	ECDSA_SIG *numbers = d2i_ECDSA_SIG(NULL, &der, (long)signature->len);
	int ok = numbers != NULL &&
		 BN_bn2binpad(ECDSA_SIG_get0_r(numbers), signature->bytes, NUMBER) == NUMBER &&
		 BN_bn2binpad(ECDSA_SIG_get0_s(numbers), signature->bytes + NUMBER, NUMBER) ==
			 NUMBER;

	ECDSA_SIG_free(numbers);
	signature->len = EC_SIGNATURE;
	return ok ? 0 : -1;
}

static int to_der(struct pl_signature *signature)
{
	ECDSA_SIG *numbers = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(signature->bytes, NUMBER, NULL),
	       *s = BN_bin2bn(signature->bytes + NUMBER, NUMBER, NULL);
	unsigned char *end = signature->bytes;
	int len = -1;

	if (numbers != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(numbers, r, s) == 1) {
		r = s = NULL; /* they are the signature's now */
		len = i2d_ECDSA_SIG(numbers, &end);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(numbers);
	signature->len = len < 0 ? 0 : (size_t)len;
	return len < 0 ? -1 : 0;
}

/* How a signature of each algorithm is written, and its length. */
static const struct {
	size_t len;
	int (*from_openssl)(struct pl_signature *signature); /* NULL: as it is */
	int (*to_openssl)(struct pl_signature *signature);
} forms[PL_SIGNING_ALGS] = {
	[PL_RS256] = { PL_SIGNATURE_MAX, NULL, NULL },
	[PL_ES256] = { EC_SIGNATURE, from_der, to_der },
};

int pl_signature_make(enum pl_signing_alg alg, EVP_PKEY *pkey, const char *text, size_t len,
		      struct pl_signature *signature_r)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok;

	signature_r->len = sizeof(signature_r->bytes);
	ok = ctx != NULL && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey) == 1 &&
	     EVP_DigestSign(ctx, signature_r->bytes, &signature_r->len, (const unsigned char *)text,
			    len) == 1 &&
	     (forms[alg].from_openssl == NULL || forms[alg].from_openssl(signature_r) == 0);
	EVP_MD_CTX_free(ctx);
	return ok ? 0 : -1;
}

int pl_signature_check(enum pl_signing_alg alg, EVP_PKEY *pkey, const char *text, size_t len,
		       const struct pl_signature *signature)
{
	struct pl_signature ours = *signature;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ret = -1;

	if (ours.len != forms[alg].len)
		ret = 0;
	else if ((forms[alg].to_openssl == NULL || forms[alg].to_openssl(&ours) == 0) &&
		 ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, pkey) == 1)
		ret = EVP_DigestVerify(ctx, ours.bytes, ours.len, (const unsigned char *)text,
				       len) == 1;
	EVP_MD_CTX_free(ctx);
	return ret;
}
