/* scope_preview.h - what a change of a domain's settings would come to for its members, before it
 * is made, by outcome (outcome.h).
 */
#ifndef POSTLATCH_SCOPE_PREVIEW_H
#define POSTLATCH_SCOPE_PREVIEW_H

#include "policy/account/scope.h"

/* Members, each of whom is counted once in every number. */
struct pl_scope_outcome {
	struct pl_scope_result result;   /* what pl_domain_set will answer */
	int64_t loses[PL_SETTING_COUNT]; /* who have used the service, and will not be let in */
	int64_t losing;                  /* so many in any of them */
	int64_t must_register;           /* a second factor at the next sign-in, and need not now */
	int64_t client_password;         /* whose account password will not open mail clients */
};

struct pl_scope_preview {
	int32_t day; /* for which the outcomes are; today, or that of the change */
	struct pl_scope_outcome outcome[PL_SCOPE_ALL + 1]; /* by enum pl_scope */
};

/* Changes nothing; in a read transaction of the caller. Errors as of pl_domain_set. */
int pl_domain_preview(const struct pl_work *work, const struct pl_policy *policy, const char *name,
		      const struct pl_change *change, struct pl_scope_preview *preview_r);

#endif
