/* jws.c - see jws.h. */
#include "portal/oauth/jws.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER 32 /* bytes of one of the two in a signature on P-256 */
#define SIGNATURE (2 * NUMBER)
#define SIGNATURE_TEXT PL_BASE64URL_TEXT(SIGNATURE)
#define DER_MAX 80 /* of a signature: ECDSA-Sig-Value with two numbers of 33 bytes */
#define TOKEN_MAX 4096

static EVP_PKEY *read_key(const struct pl_signing_key *key, struct pl_error *err)
{
	const unsigned char *der = key->private_der.data;
	EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &der, (long)key->private_der.len);

	if (pkey == NULL)
		pl_error_set(err, PL_ERR_INTERNAL, "signing key %s cannot be read", key->id);
	return pkey;
}

/* OpenSSL has a signature as a sequence of two numbers, JWS as their bytes. */
static int from_der(const unsigned char *der, size_t len, unsigned char signature_r[SIGNATURE])
{
	ECDSA_SIG *numbers = d2i_ECDSA_SIG(NULL, &der, (long)len);
	int ok = numbers != NULL &&
		 BN_bn2binpad(ECDSA_SIG_get0_r(numbers), signature_r, NUMBER) == NUMBER &&
		 BN_bn2binpad(ECDSA_SIG_get0_s(numbers), signature_r + NUMBER, NUMBER) == NUMBER;

	ECDSA_SIG_free(numbers);
	return ok ? 0 : -1;
}

/* The length, or -1. */
static int to_der(const unsigned char signature[SIGNATURE], unsigned char der_r[DER_MAX])
{
	ECDSA_SIG *numbers = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(signature, NUMBER, NULL),
	       *s = BN_bin2bn(signature + NUMBER, NUMBER, NULL);
	unsigned char *end = der_r;
	int len = -1;

	if (numbers != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(numbers, r, s) == 1) {
		r = s = NULL; /* they are the signature's now */
		len = i2d_ECDSA_SIG(numbers, &end);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(numbers);
	return len;
}

static int sign(EVP_PKEY *pkey, const char *text, size_t len, unsigned char signature_r[SIGNATURE])
{
	unsigned char der[DER_MAX];
	size_t der_len = sizeof(der);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = ctx != NULL && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey) == 1 &&
		 EVP_DigestSign(ctx, der, &der_len, (const unsigned char *)text, len) == 1 &&
		 from_der(der, der_len, signature_r) == 0;

	EVP_MD_CTX_free(ctx);
	return ok ? 0 : -1;
}

/* 1 right, 0 wrong, -1 OpenSSL failed. */
static int is_signed(EVP_PKEY *pkey, const char *text, size_t len,
		     const unsigned char signature[SIGNATURE])
{
	unsigned char der[DER_MAX];
	int der_len = to_der(signature, der), ret = -1;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (der_len > 0 && ctx != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, pkey) == 1)
		ret = EVP_DigestVerify(ctx, der, (size_t)der_len, (const unsigned char *)text,
				       len) == 1;
	EVP_MD_CTX_free(ctx);
	return ret;
}

/* Appends what json_dumps gives, in base64url. */
static int put_json(FILE *out, const json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT), *encoded = NULL;

	if (text != NULL)
		encoded = malloc(PL_BASE64URL_TEXT(strlen(text)));
	if (encoded != NULL)
		fputs(pl_base64url(text, strlen(text), encoded), out);
	free(text);
	free(encoded);
	return encoded != NULL ? 0 : -1;
}

/* "HEADER.CLAIMS": what is signed. */
static char *make_input(const struct pl_signing_key *key, const json_t *claims, size_t *len_r)
{
	json_t *header = json_pack("{s:s, s:s, s:s}", "alg", "ES256", "typ", "JWT", "kid", key->id);
	char *text = NULL;
	FILE *out = open_memstream(&text, len_r);
	int failed = out == NULL || put_json(out, header) < 0 || fputc('.', out) == EOF ||
		     put_json(out, claims) < 0;

	json_decref(header);
	if (out != NULL && fclose(out) != 0)
		failed = 1;
	if (!failed)
		return text;
	free(text);
	return NULL;
}

char *jws_sign(const struct pl_signing_key *key, const json_t *claims, struct pl_error *err)
{
	EVP_PKEY *pkey = read_key(key, err);
	size_t len = 0;
	char *input, *token = NULL, text[SIGNATURE_TEXT];
	unsigned char signature[SIGNATURE];

	if (pkey == NULL)
		return NULL;
	input = make_input(key, claims, &len);
	if (input != NULL && sign(pkey, input, len, signature) == 0 &&
	    asprintf(&token, "%s.%s", input, pl_base64url(signature, sizeof(signature), text)) < 0)
		token = NULL;
	if (token == NULL)
		pl_error_set(err, PL_ERR_RETRY, "an id token could not be signed");
	free(input);
	EVP_PKEY_free(pkey);
	return token;
}

/* base64url without padding (RFC 7515 2). How many bytes it gave, or -1. */
static int decode(const char *text, size_t len, unsigned char bytes_r[TOKEN_MAX])
{
	unsigned char padded[TOKEN_MAX];
	const size_t padding = (4 - len % 4) % 4;
	int decoded;

	if (len == 0 || padding == 3 || len + padding > sizeof(padded))
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (strchr("+/=", text[i]) != NULL)
			return -1;
		padded[i] = (unsigned char)(text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i]);
	}
	memset(padded + len, '=', padding);
	decoded = EVP_DecodeBlock(bytes_r, padded, (int)(len + padding));
	return decoded < 0 ? -1 : decoded - (int)padding;
}

static json_t *decode_json(const char *text, size_t len)
{
	unsigned char bytes[TOKEN_MAX];
	int decoded = decode(text, len, bytes);

	return decoded < 0
		       ? NULL
		       : json_loadb((char *)bytes, (size_t)decoded, JSON_REJECT_DUPLICATES, NULL);
}

/* Whether the header names our algorithm and key: no other is ever tried. */
static int is_our_header(const struct pl_signing_key *key, const char *text, size_t len)
{
	json_t *header = decode_json(text, len);
	const char *alg = json_string_value(json_object_get(header, "alg"));
	const char *kid = json_string_value(json_object_get(header, "kid"));
	int ours = alg != NULL && strcmp(alg, "ES256") == 0 && kid != NULL &&
		   strcmp(kid, key->id) == 0;

	json_decref(header);
	return ours;
}

int jws_verify(const struct pl_signing_key *key, const char *token, json_t **claims_r,
	       struct pl_error *err)
{
	const char *claims = strchr(token, '.'),
		   *signature = claims == NULL ? NULL : strchr(claims + 1, '.');
	unsigned char bytes[TOKEN_MAX];
	EVP_PKEY *pkey;
	int ret;

	*claims_r = NULL;
	if (signature == NULL || strlen(token) > TOKEN_MAX ||
	    !is_our_header(key, token, (size_t)(claims - token)) ||
	    decode(signature + 1, strlen(signature + 1), bytes) != SIGNATURE)
		return 0;
	pkey = read_key(key, err);
	if (pkey == NULL)
		return -1;
	ret = is_signed(pkey, token, (size_t)(signature - token), bytes);
	EVP_PKEY_free(pkey);
	if (ret < 0)
		return pl_error_set(err, PL_ERR_RETRY, "an id token could not be checked");
	if (ret == 1)
		*claims_r = decode_json(claims + 1, (size_t)(signature - claims - 1));
	return *claims_r != NULL;
}

json_t *jws_public_key(const struct pl_signing_key *key, struct pl_error *err)
{
	EVP_PKEY *pkey = read_key(key, err);
	char x[PL_POINT_TEXT], y[PL_POINT_TEXT];
	int ret;

	if (pkey == NULL)
		return NULL;
	ret = pl_signing_key_point(pkey, x, y);
	EVP_PKEY_free(pkey);
	if (ret < 0) {
		pl_error_set(err, PL_ERR_INTERNAL, "signing key %s cannot be read", key->id);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "kty", "EC", "crv", "P-256", "x", x,
			 "y", y, "use", "sig", "alg", "ES256", "kid", key->id);
}
