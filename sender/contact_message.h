/* contact_message.h - mails and text messages to recovery contacts, and to targets of forwards. */
#ifndef POSTLATCH_SENDER_CONTACT_MESSAGE_H
#define POSTLATCH_SENDER_CONTACT_MESSAGE_H

#include "policy/outbox/outbox.h"
#include "policy/settings/policy.h"

/* As notice_mail(). to_r gets the recipient, which the message names: an address, and the text is a
 * mail; or a telephone number, and it is a text message. */
char *contact_message(const struct pl_policy *policy, const struct pl_keys *keys,
		      const struct pl_message *message, char to_r[PL_ADDRESS_MAX + 1],
		      size_t *len_r, struct pl_error *err);
/* Whether a message is a text message. */
int contact_message_is_sms(const struct pl_message *message);

#endif
