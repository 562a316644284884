/* secret.h - passwords, keys and tokens, which are wiped after use.
 *
 * A secret is wiped when it is freed. No function here formats or prints one: a program that
 * shows an app password to its member reads `data` deliberately.
 */
#ifndef POSTLATCH_SECRET_H
#define POSTLATCH_SECRET_H

#include <stddef.h>

/* The longest secret that is accepted, in bytes. A bearer token and any password that a person
 * uses fit; longer input is refused before it is copied. */
#define PL_SECRET_MAX 512

struct pl_secret {
	size_t len;
	unsigned char data[PL_SECRET_MAX + 1]; /* always followed by a NUL */
};

/* Copies len bytes. Returns 0, or -1 when they do not fit (the secret is then empty). */
int pl_secret_set(struct pl_secret *secret, const void *data, size_t len);

/* Overwrites all of it in a way that the compiler does not optimise away. */
void pl_secret_wipe(struct pl_secret *secret);

#endif
