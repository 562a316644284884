/* jws.c - see jws.h. */
#include "portal/oauth/jws.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/base/random.h"

#define NUMBER 32 /* bytes of one of the two in a signature on P-256 */
#define EC_SIGNATURE ((size_t)2 * NUMBER)
#define SIGNATURE_MAX 256 /* of RSA with 2048 bits */
#define TOKEN_MAX 4096

struct signature {
	unsigned char bytes[SIGNATURE_MAX];
	size_t len;
};

/* OpenSSL has a signature of ECDSA as a sequence of two numbers, JWS as their bytes. */
static int from_der(struct signature *signature)
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

static int to_der(struct signature *signature)
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
	int (*from_openssl)(struct signature *signature); /* NULL: as it is */
	int (*to_openssl)(struct signature *signature);
} forms[PL_SIGNING_ALGS] = {
	[PL_RS256] = { SIGNATURE_MAX, NULL, NULL },
	[PL_ES256] = { EC_SIGNATURE, from_der, to_der },
};

static int sign(enum pl_signing_alg alg, EVP_PKEY *pkey, const char *text, size_t len,
		struct signature *signature_r)
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

/* 1 right, 0 wrong, -1 OpenSSL failed. */
static int is_signed(enum pl_signing_alg alg, EVP_PKEY *pkey, const char *text, size_t len,
		     struct signature *signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ret = -1;

	if ((forms[alg].to_openssl == NULL || forms[alg].to_openssl(signature) == 0) &&
	    ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, pkey) == 1)
		ret = EVP_DigestVerify(ctx, signature->bytes, signature->len,
				       (const unsigned char *)text, len) == 1;
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
	json_t *header = json_pack("{s:s, s:s, s:s}", "alg", pl_signing_alg_name(key->alg), "typ",
				   "JWT", "kid", key->id);
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
	EVP_PKEY *pkey = pl_signing_key_open(key, err);
	char *input, *token = NULL, text[PL_BASE64URL_TEXT(SIGNATURE_MAX)];
	struct signature signature;
	size_t len = 0;

	if (pkey == NULL)
		return NULL;
	input = make_input(key, claims, &len);
	if (input != NULL && sign(key->alg, pkey, input, len, &signature) == 0 &&
	    asprintf(&token, "%s.%s", input, pl_base64url(signature.bytes, signature.len, text)) <
		    0)
		token = NULL;
	if (token == NULL)
		pl_error_set(err, PL_ERR_RETRY, "an id token could not be signed");
	free(input);
	EVP_PKEY_free(pkey);
	return token;
}

static json_t *decode_json(const char *text, size_t len)
{
	unsigned char bytes[TOKEN_MAX];
	int decoded = pl_base64url_decode(text, len, bytes, sizeof(bytes));

	return decoded < 0
		       ? NULL
		       : json_loadb((char *)bytes, (size_t)decoded, JSON_REJECT_DUPLICATES, NULL);
}

/* The header of a token, or NULL. */
static json_t *header_of(const char *token)
{
	const char *dot = strchr(token, '.');

	return dot == NULL ? NULL : decode_json(token, (size_t)(dot - token));
}

int jws_key_id(const char *token, char id_r[64])
{
	json_t *header = header_of(token);
	const char *id = json_string_value(json_object_get(header, "kid"));
	int fits = id != NULL && strlen(id) < 64;

	if (fits)
		memcpy(id_r, id, strlen(id) + 1);
	json_decref(header);
	return fits;
}

/* Whether the header names the key and its algorithm: no other is ever tried. */
static int is_our_header(const struct pl_signing_key *key, const char *token)
{
	json_t *header = header_of(token);
	const char *alg = json_string_value(json_object_get(header, "alg"));
	const char *kid = json_string_value(json_object_get(header, "kid"));
	int ours = alg != NULL && strcmp(alg, pl_signing_alg_name(key->alg)) == 0 && kid != NULL &&
		   strcmp(kid, key->id) == 0;

	json_decref(header);
	return ours;
}

/* 1, or 0 when it is not a signature of that algorithm. */
static int read_signature(enum pl_signing_alg alg, const char *text, struct signature *signature_r)
{
	unsigned char bytes[TOKEN_MAX];
	int len = pl_base64url_decode(text, strlen(text), bytes, sizeof(bytes));

	if (len < 0 || (size_t)len != forms[alg].len)
		return 0;
	memcpy(signature_r->bytes, bytes, forms[alg].len);
	signature_r->len = forms[alg].len;
	return 1;
}

int jws_verify(const struct pl_signing_key *key, const char *token, json_t **claims_r,
	       struct pl_error *err)
{
	const char *claims = strchr(token, '.'),
		   *text = claims == NULL ? NULL : strchr(claims + 1, '.');
	struct signature signature;
	EVP_PKEY *pkey;
	int ret;

	*claims_r = NULL;
	if (text == NULL || strlen(token) > TOKEN_MAX || !is_our_header(key, token) ||
	    !read_signature(key->alg, text + 1, &signature))
		return 0;
	pkey = pl_signing_key_open(key, err);
	if (pkey == NULL)
		return -1;
	ret = is_signed(key->alg, pkey, token, (size_t)(text - token), &signature);
	EVP_PKEY_free(pkey);
	if (ret < 0)
		return pl_error_set(err, PL_ERR_RETRY, "an id token could not be checked");
	if (ret == 1)
		*claims_r = decode_json(claims + 1, (size_t)(text - claims - 1));
	return *claims_r != NULL;
}

json_t *jws_public_key(const struct pl_signing_key *key, struct pl_error *err)
{
	EVP_PKEY *pkey = pl_signing_key_open(key, err);
	char text[PL_JWK_TEXT];
	json_t *json = NULL;

	if (pkey == NULL)
		return NULL;
	if (pl_signing_key_public(pkey, text) == 0)
		json = json_loads(text, 0, NULL);
	EVP_PKEY_free(pkey);
	if (json == NULL) {
		pl_error_set(err, PL_ERR_INTERNAL, "signing key %s cannot be read", key->id);
		return NULL;
	}
	json_object_set_new(json, "use", json_string("sig"));
	json_object_set_new(json, "alg", json_string(pl_signing_alg_name(key->alg)));
	json_object_set_new(json, "kid", json_string(key->id));
	return json;
}
