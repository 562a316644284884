/* csrf.c - see csrf.h.
 *
 * The token follows from the cookie, which a foreign page can make the browser send but
 * cannot read, and does not tell the cookie.
 */
#include "portal/http/csrf.h"

#include <openssl/evp.h>
#include <string.h>

static const char tag[] = "postlatch:csrf:v1|";

int csrf_token(const struct pl_secret *cookie, char token_r[CSRF_TEXT], struct pl_error *err)
{
	unsigned char digest[32], text[4 * ((sizeof(digest) + 2) / 3) + 1];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
		 EVP_DigestUpdate(ctx, tag, sizeof(tag) - 1) == 1 &&
		 EVP_DigestUpdate(ctx, cookie->data, cookie->len) == 1 &&
		 EVP_DigestFinal_ex(ctx, digest, NULL) == 1;

	EVP_MD_CTX_free(ctx);
	if (!ok)
		return pl_error_set(err, PL_ERR_RETRY, "OpenSSL could not compute a digest");
	/* base64url without padding (RFC 4648 5): 43 characters. */
	EVP_EncodeBlock(text, digest, sizeof(digest));
	for (size_t i = 0; i < CSRF_TEXT - 1; i++)
		token_r[i] = (char)(text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i]);
	token_r[CSRF_TEXT - 1] = '\0';
	return 0;
}
