/* random.c - see random.h. */
#include "policy/base/random.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define TOKEN_BYTES 32
#define BASE32_BYTES_MAX 64

char *pl_base64url(const void *data, size_t len, char *text_r)
{
	EVP_EncodeBlock((unsigned char *)text_r, data, (int)len);
	for (char *c = text_r; *c != '\0'; c++) {
		if (*c == '+')
			*c = '-';
		else if (*c == '/')
			*c = '_';
		else if (*c == '=')
			*c = '\0';
	}
	return text_r;
}

static int digit_of(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)(at - digits);
}

int pl_base64url_decode(const char *text, size_t len, unsigned char *bytes_r, size_t limit)
{
	unsigned int held = 0, bits = 0;
	size_t used = 0;

	if (len % 4 == 1)
		return -1;
	for (size_t i = 0; i < len; i++) {
		const int digit = digit_of(text[i]);

		if (digit < 0)
			return -1;
		held = held << 6 | (unsigned int)digit;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (used == limit)
			return -1;
		bytes_r[used++] = (unsigned char)(held >> bits);
		held &= (1u << bits) - 1;
	}
	return used == 0 || held != 0 ? -1 : (int)used;
}

int pl_base64url_read(const char *text, unsigned char *bytes_r, size_t size)
{
	return text != NULL && pl_base64url_decode(text, strlen(text), bytes_r, size) == (int)size;
}

char *pl_hex(const unsigned char *bytes, size_t len, char *text_r)
{
	text_r[0] = '\0';
	for (size_t i = 0; i < len; i++)
		snprintf(text_r + 2 * i, 3, "%02x", bytes[i]);
	return text_r;
}

int pl_random_token(const char *prefix, struct pl_secret *token_r, struct pl_error *err)
{
	unsigned char random[TOKEN_BYTES];
	char text[PL_BASE64URL_TEXT(TOKEN_BYTES)];
	size_t prefix_len = strlen(prefix);

	pl_secret_wipe(token_r);
	if (prefix_len + sizeof(text) > sizeof(token_r->data))
		return pl_error_set(err, PL_ERR_INTERNAL, "the prefix of a token is too long");
	if (RAND_priv_bytes(random, sizeof(random)) != 1)
		return pl_error_set(err, PL_ERR_RETRY, "OpenSSL cannot generate random numbers");
	pl_base64url(random, sizeof(random), text);
	memcpy(token_r->data, prefix, prefix_len);
	memcpy(token_r->data + prefix_len, text, strlen(text) + 1);
	token_r->len = prefix_len + strlen(text);
	OPENSSL_cleanse(random, sizeof(random));
	OPENSSL_cleanse(text, sizeof(text));
	return 0;
}

static void encode_base32(const unsigned char *data, size_t len, struct pl_secret *text_r)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	unsigned int held = 0, bits = 0;

	for (size_t i = 0; i < len; i++) {
		held = held << 8 | data[i];
		for (bits += 8; bits >= 5; bits -= 5)
			text_r->data[text_r->len++] =
				(unsigned char)digits[held >> (bits - 5) & 31];
	}
	if (bits > 0)
		text_r->data[text_r->len++] = (unsigned char)digits[held << (5 - bits) & 31];
	OPENSSL_cleanse(&held, sizeof(held));
}

int pl_random_base32(size_t len, struct pl_secret *text_r, struct pl_error *err)
{
	unsigned char random[BASE32_BYTES_MAX];

	pl_secret_wipe(text_r);
	if (len > sizeof(random))
		return pl_error_set(err, PL_ERR_INTERNAL, "more than %zu random bytes",
				    sizeof(random));
	if (RAND_priv_bytes(random, (int)len) != 1)
		return pl_error_set(err, PL_ERR_RETRY, "OpenSSL cannot generate random numbers");
	encode_base32(random, len, text_r);
	OPENSSL_cleanse(random, sizeof(random));
	return 0;
}

/* One of so many numbers, all as likely. 0, or -1. */
static int draw(uint32_t numbers, uint32_t *number_r, struct pl_error *err)
{
	const uint32_t most = UINT32_MAX - UINT32_MAX % numbers; /* others would favour low ones */

	do {
		if (RAND_priv_bytes((unsigned char *)number_r, sizeof(*number_r)) != 1)
			return pl_error_set(err, PL_ERR_RETRY, "OpenSSL has no random numbers");
	} while (*number_r >= most);
	*number_r %= numbers;
	return 0;
}

static int draw_code(uint32_t numbers, int digits, char *code_r, struct pl_error *err)
{
	uint32_t number;

	if (draw(numbers, &number, err) < 0)
		return -1;
	snprintf(code_r, (size_t)digits + 1, "%0*" PRIu32, digits, number);
	OPENSSL_cleanse(&number, sizeof(number));
	return 0;
}

int pl_random_code(char code_r[PL_CODE_DIGITS + 1], struct pl_error *err)
{
	return draw_code(1000000, PL_CODE_DIGITS, code_r, err);
}

int pl_random_long_code(char code_r[PL_LONG_CODE_DIGITS + 1], struct pl_error *err)
{
	return draw_code(100000000, PL_LONG_CODE_DIGITS, code_r, err);
}
