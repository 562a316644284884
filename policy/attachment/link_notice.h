/* link_notice.h - members who are to be told by mail that nobody has fetched what they have sent.
 *
 * A link is told about once, attachment_notice_days before its end, when none of its files was
 * downloaded until then. The column told_at says that it was.
 */
#ifndef POSTLATCH_LINK_NOTICE_H
#define POSTLATCH_LINK_NOTICE_H

#include "policy/attachment/link.h"

/* A place in the links that are to be told about: begin with { 0 }. */
struct pl_link_notice {
	int64_t link_id, member_id, expires_at;
};

/* The next one behind that place: 1, 0 there is none, -1. In no transaction. */
int pl_link_notice_next(const struct pl_work *work, const struct pl_policy *policy,
			struct pl_link_notice *notice);
/* In the caller's write transaction: 1 the member is told, 0 another program has done so, or it is
 * not to be told any more, -1. */
int pl_link_notice_tell(const struct pl_work *work, const struct pl_link_notice *notice);

#endif
