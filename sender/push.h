/* push.h - tells a push service that a sign-in waits for its member's phone, without waiting for
 * it (policy/approval/push.h). */
#ifndef POSTLATCH_SENDER_PUSH_H
#define POSTLATCH_SENDER_PUSH_H

#include "policy/settings/policy.h"
#include "policy/store/work.h"
#include "sender/process.h"

struct pl_message;

/* Whether a message is one of these. */
int push_is(const struct pl_message *message);
/* Starts a process that asks the service. The service has taken it when that has ended with status
 * 0. work->outbox is the outbox key. 0, or -1: PL_ERR_DATA when it is of no use to try again, here
 * or at the end of the process, because the phone cannot be woken there any more. */
int push_start(const struct pl_policy *policy, const struct pl_work *work,
	       const struct pl_message *message, struct process *process_r);

#endif
