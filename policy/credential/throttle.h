/* throttle.h - how often somebody may fail to sign in, kept in the database.
 *
 * Counted before the password is checked, so that parallel guesses count, and by two measures:
 *
 * - An address may fail with one name PL_THROTTLE_FREE times. Then each failure costs a wait that
 *   doubles from 2 s to 15 minutes; an hour without one forgets them. So a machine with a wrong
 *   password does not keep others out who have the same address.
 * - An address may fail with all names together PL_THROTTLE_ADDRESS_FREE times in an hour, and then
 *   waits in the same way, whatever names it tries.
 *
 * IPv6 addresses count by their /64. A browser that the member is known to use counts by
 * itself and not by its address, so that a member is not kept out by others at that address.
 */
#ifndef POSTLATCH_THROTTLE_H
#define POSTLATCH_THROTTLE_H

#include "policy/base/network.h"
#include "policy/store/work.h"

#define PL_THROTTLE_FREE 10
#define PL_THROTTLE_ADDRESS_FREE 100
#define PL_THROTTLE_WAIT_MAX 900 /* seconds */
#define PL_THROTTLE_FORGET 3600
#define PL_THROTTLE_ENOUGH 64 /* failures of one name; older ones are removed */

/* Who tries to sign in. The strings are the caller's. */
struct pl_attempt {
	const struct pl_ip *ip;
	/* As members are compared: two spellings of a name are two names here. */
	const char *name;
	/* A trusted device, or a session, of the member with this name; 0: the browser has none. */
	int64_t device_id, session_id;
};

/* 1: go on, and the attempt is counted as a failure until pl_throttle_clear
 * says otherwise; 0: wait wait_r seconds; -1 error. Commits. */
int pl_throttle_enter_commit(const struct pl_work *work, const struct pl_attempt *attempt,
			     int64_t *wait_r);
/* The attempt succeeded: takes back what it counted, and the wait that it cost.
 * One statement, so outside of a transaction it is one of its own. */
int pl_throttle_clear(struct pl_store *store, const struct pl_attempt *attempt,
		      struct pl_error *err);

#endif
