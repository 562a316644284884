/* digest_mail.h - the weekly digest of an administrator as a message (RFC 5322), in both
 * languages. */
#ifndef POSTLATCH_SENDER_DIGEST_MAIL_H
#define POSTLATCH_SENDER_DIGEST_MAIL_H

#include "policy/outbox/outbox.h"
#include "policy/settings/policy.h"

/* As notice_mail() does it. */
char *digest_mail(const struct pl_policy *policy, const struct pl_keys *keys,
		  const struct pl_message *message, size_t *len_r, struct pl_error *err);

#endif
