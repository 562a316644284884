/* totp_secret.c - see totp_secret.h. */
#include "policy/credential/totp_secret.h"

#include <liboath/oath.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

/* Copies the letters of base32. 0, or -1 when there is something else, or too much. */
static int copy_letters(const char *text, size_t len, struct pl_secret *secret_r)
{
	while (len > 0 && (text[len - 1] == '=' || text[len - 1] == ' '))
		len--;
	for (size_t i = 0; i < len; i++) {
		const char c = (char)(text[i] >= 'a' && text[i] <= 'z' ? text[i] - 32 : text[i]);

		if (c == ' ' || c == '-')
			continue;
		if (secret_r->len == PL_SECRET_MAX ||
		    !((c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7')))
			return -1;
		secret_r->data[secret_r->len++] = (unsigned char)c;
	}
	return 0;
}

/* How many bytes the letters stand for; 0 when they are not base32. */
static size_t decoded_length(const struct pl_secret *secret)
{
	char *raw = NULL;
	size_t len = 0;

	if (secret->len == 0 ||
	    oath_base32_decode((const char *)secret->data, secret->len, &raw, &len) != OATH_OK)
		return 0;
	OPENSSL_cleanse(raw, len);
	free(raw);
	return len;
}

int pl_totp_secret_parse(const char *text, size_t len, struct pl_secret *secret_r,
			 struct pl_error *err)
{
	size_t bytes;

	memset(secret_r, 0, sizeof(*secret_r));
	bytes = copy_letters(text, len, secret_r) < 0 ? 0 : decoded_length(secret_r);
	if (bytes >= PL_TOTP_SECRET_LEAST && bytes <= PL_TOTP_SECRET_MOST)
		return 0;
	pl_secret_wipe(secret_r);
	if (bytes == 0)
		return pl_error_set(err, PL_ERR_INVALID,
				    "the secret is not base32: it may be encrypted or damaged");
	return pl_error_set(err, PL_ERR_INVALID,
			    bytes < PL_TOTP_SECRET_LEAST
				    ? "the secret has less than %d bits, and can be guessed"
				    : "the secret has more than %d bits",
			    8 * (bytes < PL_TOTP_SECRET_LEAST ? PL_TOTP_SECRET_LEAST
							      : PL_TOTP_SECRET_MOST));
}
