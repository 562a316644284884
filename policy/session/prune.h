/* prune.h - removes what has expired, and the records that are kept no longer.
 *
 * All that grows by itself is a row in prune.c. It is removed in portions, each of which is a
 * transaction of its own, so that others can write between them.
 */
#ifndef POSTLATCH_PRUNE_H
#define POSTLATCH_PRUNE_H

#include "policy/settings/policy.h"
#include "policy/store/work.h"

#define PL_PRUNE_PORTION 500 /* rows */

/* Removes what is over at work->now: sessions, tokens, codes, trusted devices, begun
 * registrations, programs that have registered themselves and are not connected, and failures that
 * have expired, and audit records that are older than
 * the policy's audit_days and sign_in_days. Stops after so many portions of a kind (0: never), for
 * programs that have other things to do. each, which may be NULL, is told how many rows of a kind
 * are gone; kind is a word like "audit_records". 0 or -1. */
int pl_prune(const struct pl_work *work, const struct pl_policy *policy, int portions,
	     void (*each)(const char *kind, int64_t count, void *context), void *context);

#endif
