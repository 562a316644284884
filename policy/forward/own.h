/* own.h - what a member changes of the own forward, one thing at a time.
 *
 * Functions take part in the caller's write transaction, and write the audit record.
 */
#ifndef POSTLATCH_FORWARD_OWN_H
#define POSTLATCH_FORWARD_OWN_H

#include "policy/forward/forward.h"

/* Adds a target; the first one begins a forward that is on and keeps a copy. One in a domain of the
 * operator's is confirmed by that; any other counts once its code was entered (confirmation.h). 1
 * and the target; 0 and why it does not fit; -1. */
int pl_forward_add_target(const struct pl_work *work, const struct pl_policy *policy,
			  const struct pl_account *account, const char *text,
			  struct pl_forward_target *added_r, enum pl_target_fault *fault_r);
/* Removes a target, and with the last one the forward. 1, 0 there is none with that id, or -1. */
int pl_forward_remove_target(const struct pl_work *work, const struct pl_policy *policy,
			     const struct pl_account *account, int64_t target_id);
/* Whether it is on, and keeps a copy. 1 changed, 0 it was so, or there is none, -1. */
int pl_forward_adjust(const struct pl_work *work, const struct pl_policy *policy,
		      const struct pl_account *account, int enabled, int keep_copy);

#endif
