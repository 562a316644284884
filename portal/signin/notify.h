/* notify.h - messages that tell a member about a sensitive change of the account. */
#ifndef POSTLATCH_PORTAL_NOTIFY_H
#define POSTLATCH_PORTAL_NOTIFY_H

#include "policy/outbox/contact_message.h"
#include "policy/outbox/notice.h"
#include "portal/http/request.h"

/* What the browser of a request tells of itself. */
struct pl_notice_origin notify_origin(const struct request *request);
/* The same of a message that goes elsewhere than to the mailbox; it has no recipient and no secret
 * yet. */
struct pl_contact_message notify_asker(const struct request *request);
/* In the write transaction of the change that the member is told of. what is a row of
 * sender/notices.def: "factor-registered", "recovery-used" and so on. 0, or -1 and the request's
 * error. */
int notify_member(struct request *request, int64_t member_id, const char *what);

#endif
