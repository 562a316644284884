/* delivery.h - when a member's mailbox last received a message.
 *
 * One row for a member, written no more than once in PL_DELIVERY_EVERY seconds, and the day of it
 * in the member's own row, by which lists are filtered and sorted.
 */
#ifndef POSTLATCH_DELIVERY_H
#define POSTLATCH_DELIVERY_H

#include "policy/base/address.h"
#include "policy/store/work.h"

#define PL_DELIVERY_EVERY 60

struct pl_delivery {
	int64_t member_id;         /* of the account that receives; 0: the address tells */
	struct pl_address address; /* may be in an alias of a domain */
	int64_t at;                /* seconds since 1970 */
};

/* Whether both are of the same member, so that the later one tells of both. */
int pl_delivery_is_like(const struct pl_delivery *a, const struct pl_delivery *b);
/* In the caller's write transaction; does nothing when there is no such member. 0, or -1. */
int pl_delivery_write(const struct pl_work *work, const struct pl_delivery *delivery);

#endif
