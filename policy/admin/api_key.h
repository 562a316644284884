/* api_key.h - keys of programs that use the administrators' API.
 *
 * A key is pl_key_ and 256 random bits, of which the SHA-256 is stored. The program that has it is
 * an administrator without a member (administrator.h), with a role and domains of its own.
 *
 * Functions that write take part in the caller's write transaction.
 */
#ifndef POSTLATCH_API_KEY_H
#define POSTLATCH_API_KEY_H

#include "policy/admin/administrator.h"
#include "policy/base/network.h"
#include "policy/base/secret.h"

#define PL_API_KEY_LABEL 60      /* characters */
#define PL_API_KEY_NETWORKS 1000 /* bytes */

struct pl_api_key {
	struct pl_administrator administrator; /* its id is the key's */
	char label[PL_API_KEY_LABEL * 4 + 1];
	char networks[PL_API_KEY_NETWORKS + 1]; /* "" for everywhere */
	int64_t expires_at;                     /* seconds since 1970; 0 never */
	int64_t last_used_at;                   /* 0 never */
	char last_used_ip[PL_IP_TEXT];          /* "" unknown */
};

/* Makes a key with the role of key->administrator, label, networks and expires_at of key, whose
 * other fields are filled. domains as of pl_administrator_set. */
int pl_api_key_add(const struct pl_work *work, struct pl_api_key *key, const char *const *domains,
		   struct pl_secret *secret_r);
/* The key that was sent from there, if it is good there and now: 1, 0 or -1. */
int pl_api_key_find(const struct pl_work *work, const struct pl_secret *secret,
		    const struct pl_ip *ip, struct pl_api_key *key_r);
/* Notes that it was used, at most once a minute. Best effort of the caller. */
int pl_api_key_used(const struct pl_work *work, const struct pl_api_key *key, const char *ip);
/* The first so many whose id is above after, oldest first, until each returns non-zero. They are
 * removed by pl_administrator_remove. */
int pl_api_key_list(struct pl_store *store, int64_t after, int limit,
		    int (*each)(const struct pl_api_key *key, void *context), void *context,
		    struct pl_error *err);

#endif
