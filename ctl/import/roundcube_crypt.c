/* roundcube_crypt.c - see roundcube_crypt.h. */
#include "ctl/import/roundcube_crypt.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define TAG 16
#define TAG_FRAME (TAG + 4) /* with "##" on both sides */

int roundcube_has_cipher(const char *cipher)
{
	EVP_CIPHER *found = EVP_CIPHER_fetch(NULL, cipher, NULL);
	const int ret = found != NULL;

	EVP_CIPHER_free(found);
	return ret;
}

/* Returns how many bytes, or -1. raw_r holds a little more than three quarters of the text. */
static int decode(const char *text, size_t len, unsigned char *raw_r)
{
	int padding = 0, count;

	while (padding < 2 && (size_t)padding < len && text[len - 1 - (size_t)padding] == '=')
		padding++;
	count = EVP_DecodeBlock(raw_r, (const unsigned char *)text, (int)len);
	return count < padding ? -1 : count - padding;
}

/* What is encrypted, in its parts. */
struct parts {
	const unsigned char *tag, *iv, *body; /* tag: NULL for none */
	int len;                              /* of the body */
};

static int split(const unsigned char *raw, int len, int iv, struct parts *parts_r)
{
	parts_r->tag = NULL;
	if (len >= TAG_FRAME && memcmp(raw, "##", 2) == 0 && memcmp(raw + 2 + TAG, "##", 2) == 0) {
		parts_r->tag = raw + 2;
		raw += TAG_FRAME;
		len -= TAG_FRAME;
	}
	parts_r->iv = raw;
	parts_r->body = raw + iv;
	parts_r->len = len - iv;
	return parts_r->len <= 0 ? -1 : 0;
}

static int decrypt(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, const struct pl_secret *key,
		   const struct parts *parts, struct roundcube_clear *clear_r)
{
	unsigned char filled[EVP_MAX_KEY_LENGTH] = { 0 };
	int body = 0, rest = 0, ret;

	memcpy(filled, key->data, key->len < sizeof(filled) ? key->len : sizeof(filled));
	ret = EVP_DecryptInit_ex(ctx, cipher, NULL, filled, parts->iv);
	OPENSSL_cleanse(filled, sizeof(filled));
	if (ret == 1 && parts->tag != NULL)
		ret = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, (void *)parts->tag);
	if (ret != 1 ||
	    EVP_DecryptUpdate(ctx, (unsigned char *)clear_r->data, &body, parts->body,
			      parts->len) != 1 ||
	    EVP_DecryptFinal_ex(ctx, (unsigned char *)clear_r->data + body, &rest) != 1)
		return -1;
	clear_r->len = (size_t)(body + rest);
	return 0;
}

int roundcube_decrypt(const char *cipher, const struct pl_secret *key, const char *text, size_t len,
		      struct roundcube_clear *clear_r)
{
	unsigned char raw[ROUNDCUBE_CLEAR_MAX];
	EVP_CIPHER *found = EVP_CIPHER_fetch(NULL, cipher, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	struct parts parts;
	int count, ret = -1;

	clear_r->len = 0;
	if (found != NULL && ctx != NULL && len <= ROUNDCUBE_CLEAR_MAX) {
		count = decode(text, len, raw);
		/* Nothing is authenticated by the other modes: what comes out is looked at. */
		if (count > 0 && split(raw, count, EVP_CIPHER_get_iv_length(found), &parts) == 0)
			ret = decrypt(ctx, found, key, &parts, clear_r);
	}
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(found);
	return ret;
}
