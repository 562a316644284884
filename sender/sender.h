/* sender.h - sends what is in the outbox (policy/outbox/outbox.h).
 *
 * One thread. It claims messages, has a command running for each, and records what has become of
 * them: one that was sent is removed, one that was not is put off. What was sent is recorded as
 * soon as the command has ended, before anything else is claimed, and again until the database
 * has it. So a message is sent a second time only if the sender, or its way to the database, is
 * lost between the two, and then under the same Message-ID.
 */
#ifndef POSTLATCH_SENDER_SENDER_H
#define POSTLATCH_SENDER_SENDER_H

#include "policy/base/error.h"

struct sender;
/* 0, or -1: the policy file is wrong. */
int sender_new(const char *policy_path, struct sender **sender_r, struct pl_error *err);
/* Commands that still run are given a few seconds, and then ended. */
void sender_free(struct sender **sender);
/* Reads policy and key again. -1: the last good policy is kept. */
int sender_reload(struct sender *sender, struct pl_error *err);
/* Works until fd can be read. What goes wrong is logged. */
void sender_run(struct sender *sender, int fd);

#endif
