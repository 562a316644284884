/* secret.c - see secret.h. */
#include "policy/base/secret.h"

#include <openssl/crypto.h>
#include <string.h>

int pl_secret_set(struct pl_secret *secret, const void *data, size_t len)
{
	if (len > PL_SECRET_MAX) {
		pl_secret_wipe(secret);
		return -1;
	}
	memcpy(secret->data, data, len);
	secret->data[len] = '\0';
	secret->len = len;
	return 0;
}

void pl_secret_wipe(struct pl_secret *secret)
{
	OPENSSL_cleanse(secret, sizeof(*secret));
}
