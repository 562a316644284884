/* doveadm_key.h - how one signs in to doveadm's HTTP interface. */
#ifndef POSTLATCH_DOVECOT_DOVEADM_KEY_H
#define POSTLATCH_DOVECOT_DOVEADM_KEY_H

#include "policy/base/error.h"

/* Bytes of the value, with its NUL, for the longest key that is read. */
#define DOVEADM_AUTHORIZATION 512

/* The value of the header field Authorization: "X-Dovecot-API " and, in base64, the first line of
 * the key file. It is a secret; the caller wipes it. 0, or -1 when the file cannot be read. */
int doveadm_authorization(const char *key_file, char value_r[DOVEADM_AUTHORIZATION],
			  struct pl_error *err);

#endif
