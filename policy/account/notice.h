/* notice.h - what members are still to be told by mail.
 *
 * A notice is written in the transaction of the change that it tells of, by the portal or by a
 * command, so that there is one for every change that is committed and for no other. The portal
 * sends it (portal/signin/mailer.h). A notice that cannot be sent stays and is tried again, and
 * only one that was sent is removed: a portal that ends between the two sends it again.
 */
#ifndef POSTLATCH_NOTICE_H
#define POSTLATCH_NOTICE_H

#include "policy/base/address.h"
#include "policy/base/network.h"
#include "policy/store/work.h"

#define PL_NOTICE_WHAT 64
#define PL_NOTICE_LANGUAGE 8
#define PL_NOTICE_DEVICE 128
/* Seconds after which a notice that could not be sent is removed. */
#define PL_NOTICE_LIFE (7 * INT64_C(86400))
/* Seconds for which a notice belongs to the portal that takes it. More than clocks differ. */
#define PL_NOTICE_HOLD 600

/* Where a change came from. */
struct pl_notice_origin {
	char language[PL_NOTICE_LANGUAGE]; /* "en", "ko"; "": unknown what the member reads */
	char ip[PL_IP_TEXT];               /* "": not told */
	char device[PL_NOTICE_DEVICE];     /* what the browser calls itself; "": unknown */
};

struct pl_notice {
	int64_t id;
	struct pl_address address; /* the member's */
	char what[PL_NOTICE_WHAT]; /* a row of portal/signin/notify.def */
	int64_t at;                /* of the change, seconds since 1970 */
	int tries;                 /* this one included */
	struct pl_notice_origin origin;
};

/* In the caller's write transaction. origin is NULL when nobody sat at a browser. 0, or -1. */
int pl_notice_add(const struct pl_work *work, int64_t member_id, const char *what,
		  const struct pl_notice_origin *origin);
/* Takes the one that has been due for longest, outside of a transaction. The caller sends it, and
 * for PL_NOTICE_HOLD seconds nobody else does. 1 taken, 0 none is due, -1. */
int pl_notice_take(const struct pl_work *work, struct pl_notice *notice_r);
/* It was sent, and is removed. 0, or -1. */
int pl_notice_sent(const struct pl_work *work, int64_t id);
/* It could not be sent at this try. The next one is in a minute, and later at most hourly.
 * 0, or -1. */
int pl_notice_put_off(const struct pl_work *work, int64_t id, int tries);

#endif
