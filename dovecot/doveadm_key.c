/* doveadm_key.c - see doveadm_key.h. */
#include "dovecot/doveadm_key.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KEY_MAX 256

int doveadm_authorization(const char *key_file, char value_r[DOVEADM_AUTHORIZATION],
			  struct pl_error *err)
{
	char key[KEY_MAX + 1];
	unsigned char encoded[4 * ((KEY_MAX + 2) / 3) + 1];
	int fd = open(key_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t len = fd < 0 ? -1 : read(fd, key, KEY_MAX);

	if (fd >= 0)
		close(fd);
	if (len <= 0)
		return pl_error_set(err, PL_ERR_CONFIG, "doveadm_key_file %s: cannot be read",
				    key_file);
	key[len] = '\0';
	key[strcspn(key, "\r\n")] = '\0';
	EVP_EncodeBlock(encoded, (unsigned char *)key, (int)strlen(key));
	snprintf(value_r, DOVEADM_AUTHORIZATION, "X-Dovecot-API %s", encoded);
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(encoded, sizeof(encoded));
	return 0;
}
