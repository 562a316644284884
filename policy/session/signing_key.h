/* signing_key.h - the keys that ID tokens are signed with, one for each algorithm (RFC 7518 3.1).
 *
 * They are sealed in the database, and made with the first OAuth client that is added. A
 * key that was replaced signs nothing any more, and is published until the tokens that it has
 * signed have expired.
 */
#ifndef POSTLATCH_SIGNING_KEY_H
#define POSTLATCH_SIGNING_KEY_H

#include <openssl/types.h>

#include "policy/account/audit.h"
#include "policy/base/keys.h"

#define PL_ID_TOKEN_SECONDS 3600

enum pl_signing_alg {
	PL_RS256, /* RSASSA-PKCS1-v1_5, 2048 bits; demanded by OpenID Connect Discovery 1.0 */
	PL_ES256, /* ECDSA on P-256 */
	PL_SIGNING_ALGS
};

/* "RS256" */
const char *pl_signing_alg_name(enum pl_signing_alg alg);
/* 0, or -1 when there is no algorithm of that name here. NULL is none. */
int pl_signing_alg_find(const char *name, enum pl_signing_alg *alg_r);

struct pl_signing_key {
	char id[64]; /* "kid": the RFC 7638 thumbprint */
	enum pl_signing_alg alg;
	/* RS256: the two primes, 128 bytes each. ES256: PKCS#8. The caller wipes it. */
	struct pl_secret secret;
	int64_t created_at;
	int64_t retired_at; /* 0: it signs */
};

/* Makes the keys that are missing. 1 made, 0 there are all already, -1. In the caller's write
 * transaction, as the next. */
int pl_signing_keys_make(const struct pl_work *work, const struct pl_keys *seal);
/* Makes new keys for all algorithms. The old ones are retired, or with at_once removed: then
 * nobody trusts what they have signed, as after a theft. */
int pl_signing_keys_rotate(const struct pl_work *work, const struct pl_keys *seal, int at_once);
/* The key that signs. 1, 0 when there is none, -1. */
int pl_signing_key_get(struct pl_store *store, const struct pl_keys *seal, enum pl_signing_alg alg,
		       struct pl_signing_key *key_r, struct pl_error *err);
/* The published key of an id. 1, 0, -1. */
int pl_signing_key_find(const struct pl_work *work, const struct pl_keys *seal, const char *id,
			struct pl_signing_key *key_r);
/* The published keys, newest first. seal may be NULL: then they come without their secrets, which
 * are wiped after each call otherwise. */
int pl_signing_key_list(const struct pl_work *work, const struct pl_keys *seal,
			int (*each)(const struct pl_signing_key *key, void *context),
			void *context);

/* What OpenSSL takes; the caller frees it. NULL: it cannot be read. */
EVP_PKEY *pl_signing_key_open(const struct pl_signing_key *key, struct pl_error *err);
/* The members of the public key's JWK that RFC 7638 3.2 requires, as JSON and in its order. */
#define PL_JWK_TEXT 512
int pl_signing_key_public(const EVP_PKEY *key, char text_r[PL_JWK_TEXT]);

#endif
