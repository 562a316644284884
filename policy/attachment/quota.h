/* quota.h - quotas for large attachments that members and domains have of their own. What holds
 * without one stands in the policy file; what is left of it, pl_link_room() tells, and how much is
 * used, pl_usage_... (usage.h). */
#ifndef POSTLATCH_QUOTA_H
#define POSTLATCH_QUOTA_H

#include "policy/account/member.h"

#define PL_QUOTA_UNLIMITED (-1)
#define PL_QUOTA_INHERITED (-2) /* that of the policy file */
#define PL_QUOTA_TEXT 24

/* "20480", in MB of 1,048,576 bytes; "unlimited"; "inherit". 0; -1 and the error. */
int pl_quota_parse(const char *text, int64_t *bytes_r, struct pl_error *err);
/* Writes it in the same way. Returns text_r. */
char *pl_quota_format(int64_t bytes, char text_r[PL_QUOTA_TEXT]);
/* What holds, in bytes or PL_QUOTA_UNLIMITED: own, or what an option of the policy file says in MB,
 * where 0 is any amount. */
int64_t pl_quota_holds(int64_t own, long policy_megabytes);

/* In bytes. Each takes part in the caller's write transaction and writes an audit record. 1; 0 it
 * was the same before; -1. */
int pl_quota_set_member(const struct pl_work *work, const struct pl_account *account,
			int64_t bytes);
int pl_quota_set_domain(const struct pl_work *work, const struct pl_domain *domain, int64_t bytes);

#endif
