/* mailer.h - sends the notices of policy/account/notice.h through the sendmail command. */
#ifndef POSTLATCH_PORTAL_MAILER_H
#define POSTLATCH_PORTAL_MAILER_H

#include "policy/settings/policy.h"
#include "policy/store/work.h"

/* For which mailer_finish() waits. */
#define MAILER_FINISH_MS 5000

/* Jobs for portal_run(), from one thread. 0, or -1. */
/* Begins to send what is due, and records what has become of the mails before. Never waits for
 * the command; a mail that it does not take is logged and tried again. */
int mailer_work(const struct pl_work *work, const struct pl_policy *policy);
/* Before the process ends: waits a little for mails that are under way. */
int mailer_finish(const struct pl_work *work, const struct pl_policy *policy);

#endif
