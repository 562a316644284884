/* look_up.h - the forward of an address, as it counts now, from the database. */
#ifndef POSTLATCH_FORWARD_LOOK_UP_H
#define POSTLATCH_FORWARD_LOOK_UP_H

#include "policy/account/member.h"
#include "policy/forward/resolve.h"
#include "policy/settings/decide.h"
#include "policy/settings/policy.h"
#include "policy/store/store.h"

/* Whether mail of the account may be forwarded now, and by which rule. */
struct pl_verdict pl_forward_verdict(const struct pl_policy *policy,
				     const struct pl_account *account, int64_t now);
int pl_forward_is_allowed(const struct pl_policy *policy, const struct pl_account *account,
			  int64_t now);

/* What Postfix is answered; see pl_forward_resolve(). 0 also where the policy says that members
 * have no forwards (member_forwards), or that this one may not forward. */
int pl_forward_look_up(struct pl_store *store, const struct pl_policy *policy, int64_t now,
		       const struct pl_forward_question *question, char answer_r[PL_FORWARD_ANSWER],
		       struct pl_error *err);

#endif
