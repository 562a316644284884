/* signing_alg.h - what is different between the algorithms of signing_key.h, for signing_key.c. */
#ifndef POSTLATCH_SIGNING_ALG_H
#define POSTLATCH_SIGNING_ALG_H

#include "policy/session/signing_key.h"

/* A new key of key->alg: its secret and its id. */
int pl_signing_alg_generate(struct pl_signing_key *key, struct pl_error *err);

#endif
