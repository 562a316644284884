/* outcome.h - what a change comes to for a member, by outcome and not by value: whether it takes
 * away what the member has used lately, and whether the member has to register a second factor.
 *
 * Both are asked of the decision, once without the change and once with it, so that no preview has
 * an opinion of its own. A use is lost when the decision lets it in without the change, and not
 * with it. A change with a date is looked at on the first day on which all of it holds.
 */
#ifndef POSTLATCH_OUTCOME_H
#define POSTLATCH_OUTCOME_H

#include "policy/account/last_use.h"
#include "policy/account/member.h"

#define PL_OUTCOME_USE_DAYS 30 /* what was used in these days would be missed */

/* One way in which a member has signed in lately. */
struct pl_recent_use {
	enum pl_setting service;
	enum pl_login_credential credential;
	struct pl_ip ip; /* unknown: no network is lost */
};

/* Sets the address of a use as the database has it. */
void pl_recent_use_from(struct pl_recent_use *use, const char *ip);

/* A member as it is, or as it will be. It points into itself, and is not copied. */
struct pl_outcome_side {
	struct pl_account account;
	struct pl_layers layers;
};

/* Today, or the last of the days from which on the change holds. */
int32_t pl_outcome_day(const struct pl_change *change, int64_t now);
/* The day whose beginning is that of the last PL_OUTCOME_USE_DAYS. */
int32_t pl_outcome_used_from(int64_t now);
void pl_outcome_side_begin(struct pl_outcome_side *side_r, const struct pl_account *account,
			   const struct pl_policy *policy, int32_t day);
/* The services, as 1 << enum pl_setting, that the member has used and will not be let in to.
 * *password_r is 1 when the account password will not open mail clients that it has opened, else
 * 0; that alone loses no service. */
unsigned int pl_outcome_lost(const struct pl_outcome_side *before,
			     const struct pl_outcome_side *after, const struct pl_recent_use *uses,
			     size_t count, int *password_r);
/* Whether mail that was open to the member before, in any way, is not any more, or webmail not from
 * where the member last used it: then what the member has opened is to be ended. 1, 0 or -1. */
int pl_outcome_shuts_out(const struct pl_work *work, const struct pl_policy *policy,
			 const struct pl_account *before, const struct pl_account *after);
/* Whether the member has to register a second factor at the next sign-in, and need not now. */
int pl_outcome_must_register(const struct pl_outcome_side *before,
			     const struct pl_outcome_side *after);

#endif
