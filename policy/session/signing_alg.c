/* signing_alg.c - keys of each algorithm: made, kept as bytes, and published. */
#include "policy/session/signing_alg.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "policy/base/random.h"

#define COORDINATE 32 /* bytes of one, on P-256 */
#define RSA_BYTES 256
#define PRIME (RSA_BYTES / 2)

/* ---- RSA: all of a key follows from its primes, which fit in a struct pl_secret ---- */

static EVP_PKEY *generate_rsa(void)
{
	return EVP_RSA_gen(8 * RSA_BYTES);
}

static int encode_rsa(const EVP_PKEY *key, struct pl_secret *secret_r)
{
	static const char *const names[] = { OSSL_PKEY_PARAM_RSA_FACTOR1,
					     OSSL_PKEY_PARAM_RSA_FACTOR2 };

	for (size_t i = 0; i < 2; i++) {
		BIGNUM *prime = NULL;
		int ok = EVP_PKEY_get_bn_param(key, names[i], &prime) == 1 &&
			 BN_bn2binpad(prime, secret_r->data + i * PRIME, PRIME) == PRIME;

		BN_clear_free(prime);
		if (!ok)
			return -1;
	}
	secret_r->len = (size_t)2 * PRIME;
	secret_r->data[secret_r->len] = '\0';
	return 0;
}

enum { P, Q, N, E, D, DP, DQ, QI, P_1, Q_1, PHI, NUMBERS };

/* RFC 8017 3.2. */
static int derive(BIGNUM *n[NUMBERS], BN_CTX *ctx)
{
	for (size_t i = 0; i < NUMBERS; i++)
		BN_set_flags(n[i], BN_FLG_CONSTTIME);
	return BN_set_word(n[E], RSA_F4) == 1 && BN_mul(n[N], n[P], n[Q], ctx) == 1 &&
	       BN_sub(n[P_1], n[P], BN_value_one()) == 1 &&
	       BN_sub(n[Q_1], n[Q], BN_value_one()) == 1 &&
	       BN_mul(n[PHI], n[P_1], n[Q_1], ctx) == 1 &&
	       BN_mod_inverse(n[D], n[E], n[PHI], ctx) != NULL &&
	       BN_mod(n[DP], n[D], n[P_1], ctx) == 1 && BN_mod(n[DQ], n[D], n[Q_1], ctx) == 1 &&
	       BN_mod_inverse(n[QI], n[Q], n[P], ctx) != NULL;
}

static EVP_PKEY *build_rsa(BIGNUM *const n[NUMBERS])
{
	static const struct {
		const char *name;
		int number;
	} parts[] = {
		{ OSSL_PKEY_PARAM_RSA_N, N },          { OSSL_PKEY_PARAM_RSA_E, E },
		{ OSSL_PKEY_PARAM_RSA_D, D },          { OSSL_PKEY_PARAM_RSA_FACTOR1, P },
		{ OSSL_PKEY_PARAM_RSA_FACTOR2, Q },    { OSSL_PKEY_PARAM_RSA_EXPONENT1, DP },
		{ OSSL_PKEY_PARAM_RSA_EXPONENT2, DQ }, { OSSL_PKEY_PARAM_RSA_COEFFICIENT1, QI },
	};
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;
	int ok = builder != NULL && ctx != NULL;

	for (size_t i = 0; ok && i < sizeof(parts) / sizeof(parts[0]); i++)
		ok = OSSL_PARAM_BLD_push_BN(builder, parts[i].name, n[parts[i].number]) == 1;
	if (ok)
		params = OSSL_PARAM_BLD_to_param(builder);
	if (params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *decode_rsa(const struct pl_secret *secret)
{
	BIGNUM *n[NUMBERS] = { NULL };
	BN_CTX *ctx = BN_CTX_new();
	EVP_PKEY *key = NULL;
	int ok = ctx != NULL && secret->len == (size_t)2 * PRIME;

	for (size_t i = 0; ok && i < NUMBERS; i++)
		ok = (n[i] = BN_new()) != NULL;
	if (ok && BN_bin2bn(secret->data, PRIME, n[P]) != NULL &&
	    BN_bin2bn(secret->data + PRIME, PRIME, n[Q]) != NULL && derive(n, ctx))
		key = build_rsa(n);
	for (size_t i = 0; i < NUMBERS; i++)
		BN_clear_free(n[i]);
	BN_CTX_free(ctx);
	return key;
}

/* A number of the key in base64url, in len bytes. */
static int put_number(const EVP_PKEY *key, const char *name, size_t len, char *text_r)
{
	unsigned char bytes[RSA_BYTES];
	BIGNUM *number = NULL;
	int ok = EVP_PKEY_get_bn_param(key, name, &number) == 1 &&
		 BN_bn2binpad(number, bytes, (int)len) == (int)len;

	BN_free(number);
	if (ok)
		pl_base64url(bytes, len, text_r);
	return ok ? 0 : -1;
}

static int publish_rsa(const EVP_PKEY *key, char text_r[PL_JWK_TEXT])
{
	char n[PL_BASE64URL_TEXT(RSA_BYTES)], e[PL_BASE64URL_TEXT(3)];

	if (put_number(key, OSSL_PKEY_PARAM_RSA_N, RSA_BYTES, n) < 0 ||
	    put_number(key, OSSL_PKEY_PARAM_RSA_E, 3, e) < 0)
		return -1;
	snprintf(text_r, PL_JWK_TEXT, "{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"}", e, n);
	return 0;
}

/* ---- ECDSA ---- */

static EVP_PKEY *generate_ec(void)
{
	return EVP_EC_gen("P-256");
}

/* PKCS#8, unencrypted: it is sealed as a whole. */
static int encode_ec(const EVP_PKEY *key, struct pl_secret *secret_r)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	unsigned char *der = NULL;
	int len = info == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, &der);
	int ret = len > 0 ? pl_secret_set(secret_r, der, (size_t)len) : -1;

	if (len > 0)
		OPENSSL_clear_free(der, (size_t)len);
	PKCS8_PRIV_KEY_INFO_free(info);
	return ret;
}

static EVP_PKEY *decode_ec(const struct pl_secret *secret)
{
	const unsigned char *der = secret->data;

	return d2i_AutoPrivateKey(NULL, &der, (long)secret->len);
}

static int publish_ec(const EVP_PKEY *key, char text_r[PL_JWK_TEXT])
{
	char x[PL_BASE64URL_TEXT(COORDINATE)], y[PL_BASE64URL_TEXT(COORDINATE)];

	if (put_number(key, OSSL_PKEY_PARAM_EC_PUB_X, COORDINATE, x) < 0 ||
	    put_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, COORDINATE, y) < 0)
		return -1;
	snprintf(text_r, PL_JWK_TEXT,
		 "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x, y);
	return 0;
}

/* ---- both ---- */

static const struct {
	const char *name, *type;
	EVP_PKEY *(*generate)(void);
	int (*encode)(const EVP_PKEY *key, struct pl_secret *secret_r);
	EVP_PKEY *(*decode)(const struct pl_secret *secret);
	int (*publish)(const EVP_PKEY *key, char text_r[PL_JWK_TEXT]);
} algs[PL_SIGNING_ALGS] = {
	[PL_RS256] = { "RS256", "RSA", generate_rsa, encode_rsa, decode_rsa, publish_rsa },
	[PL_ES256] = { "ES256", "EC", generate_ec, encode_ec, decode_ec, publish_ec },
};

const char *pl_signing_alg_name(enum pl_signing_alg alg)
{
	return algs[alg].name;
}

int pl_signing_alg_find(const char *name, enum pl_signing_alg *alg_r)
{
	for (size_t i = 0; name != NULL && i < PL_SIGNING_ALGS; i++) {
		if (strcmp(algs[i].name, name) == 0) {
			*alg_r = (enum pl_signing_alg)i;
			return 0;
		}
	}
	return -1;
}

int pl_signing_key_public(const EVP_PKEY *key, char text_r[PL_JWK_TEXT])
{
	for (size_t i = 0; i < PL_SIGNING_ALGS; i++) {
		if (EVP_PKEY_is_a(key, algs[i].type))
			return algs[i].publish(key, text_r);
	}
	return -1;
}

EVP_PKEY *pl_signing_key_open(const struct pl_signing_key *key, struct pl_error *err)
{
	EVP_PKEY *opened = algs[key->alg].decode(&key->secret);

	if (opened == NULL)
		pl_error_set(err, PL_ERR_INTERNAL, "signing key %s cannot be read", key->id);
	return opened;
}

/* RFC 7638: the digest of the public key's required members. */
static int name_key(const EVP_PKEY *key, char id_r[64])
{
	char json[PL_JWK_TEXT];
	unsigned char digest[32];

	if (pl_signing_key_public(key, json) < 0 ||
	    EVP_Q_digest(NULL, "SHA256", NULL, json, strlen(json), digest, NULL) != 1)
		return -1;
	pl_base64url(digest, sizeof(digest), id_r);
	return 0;
}

int pl_signing_alg_generate(struct pl_signing_key *key, struct pl_error *err)
{
	EVP_PKEY *made = algs[key->alg].generate();
	int ok = made != NULL && name_key(made, key->id) == 0 &&
		 algs[key->alg].encode(made, &key->secret) == 0;

	EVP_PKEY_free(made);
	return ok ? 0 : pl_error_set(err, PL_ERR_RETRY, "OpenSSL could not make a key");
}
