/* jws.c - see jws.h. */
#include "portal/oauth/jws.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/base/random.h"
#include "policy/session/signature.h"

#define TOKEN_MAX 4096

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
	char *input, *token = NULL, text[PL_BASE64URL_TEXT(PL_SIGNATURE_MAX)];
	struct pl_signature signature;
	size_t len = 0;

	if (pkey == NULL)
		return NULL;
	input = make_input(key, claims, &len);
	if (input != NULL && pl_signature_make(key->alg, pkey, input, len, &signature) == 0 &&
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

/* 1, or 0 when it is too long for one. */
static int read_signature(const char *text, struct pl_signature *signature_r)
{
	int len = pl_base64url_decode(text, strlen(text), signature_r->bytes,
				      sizeof(signature_r->bytes));

	signature_r->len = len < 0 ? 0 : (size_t)len;
	return len >= 0;
}

int jws_verify(const struct pl_signing_key *key, const char *token, json_t **claims_r,
	       struct pl_error *err)
{
	const char *claims = strchr(token, '.'),
		   *text = claims == NULL ? NULL : strchr(claims + 1, '.');
	struct pl_signature signature;
	EVP_PKEY *pkey;
	int ret;

	*claims_r = NULL;
	if (text == NULL || strlen(token) > TOKEN_MAX || !is_our_header(key, token) ||
	    !read_signature(text + 1, &signature))
		return 0;
	pkey = pl_signing_key_open(key, err);
	if (pkey == NULL)
		return -1;
	ret = pl_signature_check(key->alg, pkey, token, (size_t)(text - token), &signature);
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
