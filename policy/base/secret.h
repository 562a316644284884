/* secret.h - bytes that must not linger: passwords, keys, tokens.
 *
 * A secret is wiped when it is freed, and nothing prints one: there is no
 * function here that formats it. Whoever shows an app password to its member
 * reads `data` on purpose.
 */
#ifndef POSTLATCH_SECRET_H
#define POSTLATCH_SECRET_H

#include <stddef.h>

/* Longest secret we accept from outside, in bytes. A bearer token and any
 * password a person can have fit; longer input is refused before it is copied. */
#define PL_SECRET_MAX 512

struct pl_secret {
	size_t len;
	unsigned char data[PL_SECRET_MAX + 1]; /* always followed by a NUL */
};

/* Copies len bytes. Returns 0, or -1 when they do not fit (the secret is then empty). */
int pl_secret_set(struct pl_secret *secret, const void *data, size_t len);

/* Overwrites all of it in a way the compiler may not leave out. */
void pl_secret_wipe(struct pl_secret *secret);

#endif
