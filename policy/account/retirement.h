/* retirement.h - members who are to be told that the account password will not open their mail
 * clients any more.
 *
 * A stricter client_password may have a date. Those who have used the account password in a mail
 * client lately are told so many days before it as retirement_notice_days says, once for each of
 * its numbers.
 */
#ifndef POSTLATCH_RETIREMENT_H
#define POSTLATCH_RETIREMENT_H

#include "policy/outbox/notice.h"
#include "policy/settings/policy.h"
#include "policy/store/work.h"

#define PL_RETIREMENT_USE_DAYS 30 /* who has used it before is not told */

struct pl_retirement {
	int64_t member_id;
	int32_t day;                    /* from which it is not accepted; policy/base/day.h */
	int days;                       /* the number of retirement_notice_days that is due */
	struct pl_notice_origin notice; /* what it says of the member */
};

/* The next member behind the one with that id (0: the first) who is to be told, whether it has been
 * told or not. Outside of a transaction. 1, 0 when there is none, or -1. */
int pl_retirement_next(const struct pl_work *work, const struct pl_policy *policy, int64_t after,
		       struct pl_retirement *retirement_r);
/* Writes the notice in the caller's write transaction, unless it has been written. 0, or -1. */
int pl_retirement_tell(const struct pl_work *work, const struct pl_retirement *retirement);

#endif
