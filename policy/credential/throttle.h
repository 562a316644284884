/* throttle.h - how often an address may fail to sign in, kept in the database.
 *
 * Counted before the password is checked, so that parallel guesses count. Ten
 * failures are free, then each one costs a wait that doubles from 2 s to 15
 * minutes; an hour without one forgets them. IPv6 addresses count by their /64.
 */
#ifndef POSTLATCH_THROTTLE_H
#define POSTLATCH_THROTTLE_H

#include "policy/base/network.h"
#include "policy/store/work.h"

#define PL_THROTTLE_FREE 10
#define PL_THROTTLE_WAIT_MAX 900 /* seconds */
#define PL_THROTTLE_FORGET 3600

/* 1: go on, and the attempt is counted as a failure until pl_throttle_clear
 * says otherwise; 0: wait wait_r seconds; -1 error. Commits. */
int pl_throttle_enter_commit(const struct pl_work *work, const struct pl_ip *ip, int64_t *wait_r);
/* The attempt succeeded: takes back what it counted, and the wait that it cost.
 * One statement, so outside of a transaction it is one of its own. */
int pl_throttle_clear(struct pl_store *store, const struct pl_ip *ip, struct pl_error *err);

#endif
