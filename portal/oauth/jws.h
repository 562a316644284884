/* jws.h - JSON Web Signatures with the algorithms of our keys (RFC 7515, RFC 7518 3.3, 3.4). */
#ifndef POSTLATCH_PORTAL_JWS_H
#define POSTLATCH_PORTAL_JWS_H

#include <jansson.h>

#include "policy/session/signing_key.h"

/* The compact form of claims, signed; a new string, or NULL and the error. */
char *jws_sign(const struct pl_signing_key *key, const json_t *claims, struct pl_error *err);
/* Whether the header of a token names a key ("kid"); no key of ours has an id that does not fit. */
int jws_key_id(const char *token, char id_r[64]);
/* 1 and the claims when the key has signed it; 0 when it did not; -1. */
int jws_verify(const struct pl_signing_key *key, const char *token, json_t **claims_r,
	       struct pl_error *err);
/* The public key as a JSON Web Key (RFC 7517), or NULL and the error. */
json_t *jws_public_key(const struct pl_signing_key *key, struct pl_error *err);

#endif
