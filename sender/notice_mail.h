/* notice_mail.h - a notice as a message (RFC 5322), in the language of the member. */
#ifndef POSTLATCH_SENDER_NOTICE_MAIL_H
#define POSTLATCH_SENDER_NOTICE_MAIL_H

#include "policy/outbox/outbox.h"
#include "policy/settings/policy.h"

/* The mail, whose lines end with LF as sendmail takes them; the caller frees it. In both
 * languages where the member's is not known. keys are the outbox keys. NULL and the error: it
 * cannot be made now, or not by this version of the sender. */
char *notice_mail(const struct pl_policy *policy, const struct pl_keys *keys,
		  const struct pl_message *message, size_t *len_r, struct pl_error *err);

#endif
