/* notice.h - messages that tell a member of a change: what happened, and where it came from.
 *
 * A kind of message of the outbox (outbox.h). Its sentences are sender/notices.def.
 */
#ifndef POSTLATCH_NOTICE_H
#define POSTLATCH_NOTICE_H

#include "policy/base/day.h"
#include "policy/base/network.h"
#include "policy/outbox/outbox.h"

#define PL_NOTICE_KIND "notice"
#define PL_NOTICE_LANGUAGE 8
#define PL_NOTICE_DEVICE 128
#define PL_NOTICE_USES 160
#define PL_NOTICE_REASON 256
#define PL_NOTICE_TARGET 256
/* Seconds after which a notice that could not be sent is given up. */
#define PL_NOTICE_LIFE (7 * PL_DAY_SECONDS)

/* Where a change came from, or why it was made. */
struct pl_notice_origin {
	char language[PL_NOTICE_LANGUAGE]; /* "en", "ko"; "": unknown what the member reads */
	char ip[PL_IP_TEXT];               /* "": not told */
	char device[PL_NOTICE_DEVICE];     /* what the browser calls itself; "": unknown */
	/* Of a notice that something ends: from when on, and by what the member uses it. */
	char day[PL_DAY_TEXT]; /* "2027-03-01" */
	char uses[PL_NOTICE_USES];
	/* Of a notice that an administrator did something: why; "": not told. */
	char reason[PL_NOTICE_REASON];
	/* Of a notice about forwards: the address to which mail goes; a longer one is cut. */
	char target[PL_NOTICE_TARGET];
	/* Of a notice to an administrator about a member: the member's address; cut, too. */
	char account[PL_NOTICE_TARGET];
};

/* In the caller's write transaction. what is a row of sender/notices.def. origin is NULL when
 * nobody sat at a browser; it has a day with uses, a reason, a target or an account, or none of
 * them. 0, or -1. */
int pl_notice_add(const struct pl_work *work, int64_t member_id, const char *what,
		  const struct pl_notice_origin *origin);
/* Where the change of a message came from; keys as with pl_message_open(). 0, or -1. */
int pl_notice_open(const struct pl_message *message, const struct pl_keys *keys,
		   struct pl_notice_origin *origin_r, struct pl_error *err);
/* The same of a payload that is open. Facts that this version does not know are passed over. */
void pl_notice_parse(const char *payload, struct pl_notice_origin *origin_r);

#endif
