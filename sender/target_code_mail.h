/* target_code_mail.h - the mail with a code that confirms a target of a forward. */
#ifndef POSTLATCH_SENDER_TARGET_CODE_MAIL_H
#define POSTLATCH_SENDER_TARGET_CODE_MAIL_H

#include "policy/outbox/outbox.h"
#include "policy/settings/policy.h"

/* As notice_mail(). to_r gets the recipient, which the message names. */
char *target_code_mail(const struct pl_policy *policy, const struct pl_keys *keys,
		       const struct pl_message *message, char to_r[PL_ADDRESS_MAX + 1],
		       size_t *len_r, struct pl_error *err);

#endif
