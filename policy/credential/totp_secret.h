/* totp_secret.h - keys of one-time codes that another program has made, in base32 (RFC 4648).
 *
 * Pure. Authenticators and programs write them in any case, in groups, and with or without padding.
 */
#ifndef POSTLATCH_TOTP_SECRET_H
#define POSTLATCH_TOTP_SECRET_H

#include "policy/base/error.h"
#include "policy/base/secret.h"

/* Bytes of such a key. RFC 4226 wants 16, but many programs have made keys of 10, of which their
 * members keep the authenticators; Postlatch's own have 20. */
#define PL_TOTP_SECRET_LEAST 10
#define PL_TOTP_SECRET_MOST 64

/* Reads a key as it was written into secret_r, in upper case and without blanks and padding. 0, or
 * -1 with PL_ERR_INVALID when it is none of these; the sentence does not contain it. */
int pl_totp_secret_parse(const char *text, size_t len, struct pl_secret *secret_r,
			 struct pl_error *err);

#endif
