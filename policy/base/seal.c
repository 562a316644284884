/* seal.c - see seal.h.
 *
 * A record consists of the version (1 byte), the key's number (4, big endian), the nonce
 * (12), the ciphertext and the tag (16). The encryption key is derived from the seal key,
 * so that it is different from the keys of all other uses of the file.
 */
#include "policy/base/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define VERSION 1
#define NONCE_AT 5
#define NONCE_BYTES 12
#define TEXT_AT (NONCE_AT + NONCE_BYTES)
#define TAG_BYTES 16
#define PURPOSE "postlatch:seal:v1"
#define TOKEN_PURPOSE "postlatch:seal-by-token:v1"

/* The additional data, to which a record is bound. */
struct binding {
	char text[128];
	int len;
};

static struct binding bind(const char *what, int key_id, int64_t owner)
{
	struct binding binding;

	binding.len = snprintf(binding.text, sizeof(binding.text), "postlatch:%.64s:v1|%d|%lld",
			       what, key_id, (long long)owner);
	return binding;
}

/* Encrypts or decrypts. Encryption writes the tag, and decryption verifies it. */
static int run_gcm(const unsigned char key[PL_KEY_BYTES], int sealing,
		   const struct binding *binding, const unsigned char *nonce,
		   const unsigned char *in, size_t len, unsigned char *out, unsigned char *tag)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int done = 0, rest = 0, ok;

	ok = ctx != NULL &&
	     EVP_CipherInit_ex2(ctx, EVP_aes_256_gcm(), key, nonce, sealing, NULL) == 1 &&
	     EVP_CipherUpdate(ctx, NULL, &rest, (const unsigned char *)binding->text,
			      binding->len) == 1 &&
	     EVP_CipherUpdate(ctx, out, &done, in, (int)len) == 1 &&
	     (sealing || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) == 1) &&
	     EVP_CipherFinal_ex(ctx, out + done, &rest) == 1 && (size_t)done == len &&
	     (!sealing || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, tag) == 1);
	EVP_CIPHER_CTX_free(ctx);
	return ok ? 0 : -1;
}

void pl_sealed_put_id(int id, unsigned char bytes_r[PL_SEALED_ID_BYTES])
{
	for (int i = 0; i < PL_SEALED_ID_BYTES; i++)
		bytes_r[i] = (unsigned char)((unsigned int)id >> (24 - 8 * i));
}

int pl_sealed_get_id(const unsigned char bytes[PL_SEALED_ID_BYTES])
{
	unsigned int id = 0;

	for (int i = 0; i < PL_SEALED_ID_BYTES; i++)
		id = id << 8 | bytes[i];
	return (int)id;
}

static int seal_with(const unsigned char key[PL_KEY_BYTES], int id, const char *what, int64_t owner,
		     const struct pl_secret *secret, struct pl_sealed *sealed_r,
		     struct pl_error *err)
{
	const struct binding binding = bind(what, id, owner);
	unsigned char *record = sealed_r->data;

	record[0] = VERSION;
	pl_sealed_put_id(id, record + 1);
	if (RAND_bytes(record + NONCE_AT, NONCE_BYTES) != 1 ||
	    run_gcm(key, 1, &binding, record + NONCE_AT, secret->data, secret->len,
		    record + TEXT_AT, record + TEXT_AT + secret->len) < 0)
		return pl_error_set(err, PL_ERR_RETRY, "OpenSSL could not seal the %s of %lld",
				    what, (long long)owner);
	sealed_r->len = TEXT_AT + secret->len + TAG_BYTES;
	return 0;
}

int pl_seal(const struct pl_keys *keys, const char *what, int64_t owner,
	    const struct pl_secret *secret, struct pl_sealed *sealed_r, struct pl_error *err)
{
	unsigned char key[PL_KEY_BYTES];
	int ret;

	memset(sealed_r, 0, sizeof(*sealed_r));
	if (pl_keys_derive(keys, 0, PURPOSE, key, err) < 0)
		return -1;
	ret = seal_with(key, pl_keys_id(keys, 0), what, owner, secret, sealed_r, err);
	OPENSSL_cleanse(key, sizeof(key));
	return ret;
}

static int token_key(const struct pl_secret *token, unsigned char key_r[PL_KEY_BYTES],
		     struct pl_error *err)
{
	size_t len;

	return EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, token->data, token->len,
			 (const unsigned char *)TOKEN_PURPOSE, strlen(TOKEN_PURPOSE), key_r,
			 PL_KEY_BYTES, &len) != NULL
		       ? 0
		       : pl_error_set(err, PL_ERR_RETRY, "OpenSSL could not derive a key");
}

int pl_seal_by_token(const struct pl_secret *token, const char *what, int64_t owner,
		     const struct pl_secret *secret, struct pl_sealed *sealed_r,
		     struct pl_error *err)
{
	unsigned char key[PL_KEY_BYTES];
	int ret;

	memset(sealed_r, 0, sizeof(*sealed_r));
	if (token_key(token, key, err) < 0)
		return -1;
	ret = seal_with(key, 0, what, owner, secret, sealed_r, err);
	OPENSSL_cleanse(key, sizeof(key));
	return ret;
}

static int check_form(const char *what, int64_t owner, const struct pl_sealed *sealed,
		      struct pl_error *err)
{
	return sealed->len < TEXT_AT + TAG_BYTES ||
			       sealed->len > TEXT_AT + PL_SECRET_MAX + TAG_BYTES ||
			       sealed->data[0] != VERSION
		       ? pl_error_set(err, PL_ERR_CONFIG, "the sealed %s of %lld is damaged", what,
				      (long long)owner)
		       : 0;
}

static int unseal_with(const unsigned char key[PL_KEY_BYTES], int id, const char *what,
		       int64_t owner, const struct pl_sealed *sealed, struct pl_secret *secret_r,
		       struct pl_error *err)
{
	const struct binding binding = bind(what, id, owner);
	const size_t len = sealed->len - TEXT_AT - TAG_BYTES;
	unsigned char tag[TAG_BYTES];

	memcpy(tag, sealed->data + TEXT_AT + len, sizeof(tag));
	if (run_gcm(key, 0, &binding, sealed->data + NONCE_AT, sealed->data + TEXT_AT, len,
		    secret_r->data, tag) < 0) {
		pl_secret_wipe(secret_r);
		return pl_error_set(err, PL_ERR_CONFIG,
				    "the sealed %s of %lld was changed, or belongs to another",
				    what, (long long)owner);
	}
	secret_r->len = len;
	secret_r->data[len] = '\0';
	return 0;
}

int pl_unseal(const struct pl_keys *keys, const char *what, int64_t owner,
	      const struct pl_sealed *sealed, struct pl_secret *secret_r, struct pl_error *err)
{
	unsigned char key[PL_KEY_BYTES];
	int index, ret;

	pl_secret_wipe(secret_r);
	if (check_form(what, owner, sealed, err) < 0)
		return -1;
	index = pl_keys_find(keys, pl_sealed_get_id(sealed->data + 1));
	if (index < 0)
		return pl_error_set(err, PL_ERR_CONFIG,
				    "the %s of %lld was sealed with a key that is not in the seal "
				    "key file",
				    what, (long long)owner);
	if (pl_keys_derive(keys, (size_t)index, PURPOSE, key, err) < 0)
		return -1;
	ret = unseal_with(key, pl_keys_id(keys, (size_t)index), what, owner, sealed, secret_r, err);
	OPENSSL_cleanse(key, sizeof(key));
	return ret;
}

int pl_unseal_by_token(const struct pl_secret *token, const char *what, int64_t owner,
		       const struct pl_sealed *sealed, struct pl_secret *secret_r,
		       struct pl_error *err)
{
	unsigned char key[PL_KEY_BYTES];
	int ret;

	pl_secret_wipe(secret_r);
	if (check_form(what, owner, sealed, err) < 0 || token_key(token, key, err) < 0)
		return -1;
	ret = unseal_with(key, 0, what, owner, sealed, secret_r, err);
	OPENSSL_cleanse(key, sizeof(key));
	return ret;
}
