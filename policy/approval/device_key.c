/* device_key.c - see device_key.h. */
#include "policy/approval/device_key.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#define HALF (PL_DEVICE_SIGNATURE_BYTES / 2)

/* NULL: it is not a point of the curve. The caller frees it. */
static EVP_PKEY *read_key(const unsigned char key[PL_DEVICE_KEY_BYTES])
{
	unsigned char point[PL_DEVICE_KEY_BYTES];
	char curve[] = "prime256v1";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *read = NULL;

	for (size_t i = 0; i < sizeof(point); i++)
		point[i] = key[i];
	if (context != NULL && key[0] == POINT_CONVERSION_UNCOMPRESSED &&
	    EVP_PKEY_fromdata_init(context) == 1)
		EVP_PKEY_fromdata(context, &read, EVP_PKEY_PUBLIC_KEY, params);
	EVP_PKEY_CTX_free(context);
	return read;
}

/* The signature in DER, as OpenSSL takes it (RFC 3279 2.2.3). Its length, or 0. */
static int encode(const unsigned char *signature, unsigned char **der_r)
{
	BIGNUM *r = BN_bin2bn(signature, HALF, NULL);
	BIGNUM *s = BN_bin2bn(signature + HALF, HALF, NULL);
	ECDSA_SIG *pair = ECDSA_SIG_new();
	int len = 0;

	*der_r = NULL;
	if (r != NULL && s != NULL && pair != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
		r = s = NULL; /* the pair's by now */
		len = i2d_ECDSA_SIG(pair, der_r);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(pair);
	return len > 0 ? len : 0;
}

int pl_device_key_is_valid(const unsigned char key[PL_DEVICE_KEY_BYTES])
{
	EVP_PKEY *read = read_key(key);
	EVP_PKEY_CTX *context = read == NULL ? NULL : EVP_PKEY_CTX_new(read, NULL);
	const int valid = context != NULL && EVP_PKEY_public_check(context) == 1;

	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(read);
	return valid;
}

int pl_device_key_verify(const unsigned char key[PL_DEVICE_KEY_BYTES], const void *data, size_t len,
			 const unsigned char signature[PL_DEVICE_SIGNATURE_BYTES])
{
	EVP_PKEY *read = read_key(key);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char *der;
	const int der_len = encode(signature, &der);
	const int right = read != NULL && context != NULL && der_len > 0 &&
			  EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, read) == 1 &&
			  EVP_DigestVerify(context, der, (size_t)der_len, data, len) == 1;

	OPENSSL_free(der);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(read);
	return right;
}
