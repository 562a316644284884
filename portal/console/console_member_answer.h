/* console_member_answer.h - a member as the administrators' API shows it, and what its routes
 * share. */
#ifndef POSTLATCH_PORTAL_CONSOLE_MEMBER_ANSWER_H
#define POSTLATCH_PORTAL_CONSOLE_MEMBER_ANSWER_H

#include "policy/outbox/notice.h"
#include "portal/console/console_answer.h"

#define CONSOLE_MEMBER_STATE 1024

/* Answers with the account and its ETag: what holds for it and why, what it has, what it has used,
 * and whether who asks may change it. 0, or -1. */
int console_member_answer(struct request *request, struct response *response, int status,
			  const struct pl_account *account, struct pl_error *err);
/* What can be changed of a member, for its ETag. Returns state_r. */
char *console_member_state(const struct pl_member *member, char state_r[CONSOLE_MEMBER_STATE]);
/* Whether the member is who asks. A program is nobody. */
int console_is_self(const struct request *request, const struct pl_member *member);

/* The reason of the body, which becomes that of the audit records. 1; 0 and the answer, where the
 * policy file wants one and there is none. */
int console_reason(struct request *request, struct response *response);
/* Begins a write transaction, and reads the target anew in it: what a guard has read may not hold
 * any more. 1; 0 and the answer, when the member is gone; -1. */
int console_begin_write(struct request *request, struct response *response, struct pl_error *err);
/* What the member is told by mail of what an administrator did: device, "" for none, and the
 * reason; not who it was, nor from where. */
struct pl_notice_origin console_notice(const struct request *request, const char *device);
/* A whole list, {"items": ..., "total": ..., "next": null}, whose rows it takes over. ret of -1, or
 * less, is the error of what has filled it. */
int console_answer_list(struct response *response, json_t *rows, int ret);

#endif
