/* notice.h - what members are still to be told by mail.
 *
 * The portal tells members of changes that they make there. A program that sends no mail writes a
 * notice in the transaction of the change, and the portal sends it.
 */
#ifndef POSTLATCH_NOTICE_H
#define POSTLATCH_NOTICE_H

#include "policy/base/address.h"
#include "policy/store/work.h"

#define PL_NOTICE_WHAT 64
/* Seconds for which a notice is kept for a portal that does not run. */
#define PL_NOTICE_LIFE (7 * INT64_C(86400))

struct pl_notice {
	struct pl_address address; /* the member's */
	char what[PL_NOTICE_WHAT]; /* a row of portal/signin/notify.def */
	int64_t at;                /* of the change */
};

/* In the caller's write transaction. 0, or -1. */
int pl_notice_add(const struct pl_work *work, int64_t member_id, const char *what);
/* Takes the oldest one away, outside of a transaction: the caller sends it, and no other portal
 * does. 1 found, 0 none, -1. */
int pl_notice_take(const struct pl_work *work, struct pl_notice *notice_r);

#endif
