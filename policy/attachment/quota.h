/* quota.h - quotas for large attachments that members and domains have of their own. What holds
 * without one stands in the policy file; what is left of it, pl_link_room() tells. */
#ifndef POSTLATCH_QUOTA_H
#define POSTLATCH_QUOTA_H

#include "policy/account/member.h"

#define PL_QUOTA_UNLIMITED (-1)
#define PL_QUOTA_INHERITED (-2) /* that of the policy file */

/* In bytes. Each takes part in the caller's write transaction and writes an audit record. 1; 0 it
 * was the same before; -1. */
int pl_quota_set_member(const struct pl_work *work, const struct pl_account *account,
			int64_t bytes);
int pl_quota_set_domain(const struct pl_work *work, const struct pl_domain *domain, int64_t bytes);

#endif
