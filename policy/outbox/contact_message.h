/* contact_message.h - messages that go elsewhere than to the member's mailbox: codes and links to
 * recovery contacts, and codes to targets of forwards.
 *
 * A kind of message of the outbox (outbox.h). Its recipient is a mail address or a telephone
 * number. That and the code are in the payload, which is always sealed, so that whoever can write
 * to the database but does not have the outbox key makes nobody send anything anywhere.
 */
#ifndef POSTLATCH_CONTACT_MESSAGE_H
#define POSTLATCH_CONTACT_MESSAGE_H

#include "policy/base/address.h"
#include "policy/base/network.h"
#include "policy/base/random.h"
#include "policy/outbox/outbox.h"

#define PL_CONTACT_KIND "contact"
/* What it tells, a row of sender/contact.def; and to what. */
#define PL_CONTACT_TARGET_CODE "target-code"
#define PL_CONTACT_CODE_MAIL "contact-code-mail"
#define PL_CONTACT_CODE_PHONE "contact-code-phone"
#define PL_CONTACT_CHANGE_MAIL "contact-change-mail"
#define PL_CONTACT_CHANGE_PHONE "contact-change-phone"
#define PL_CONTACT_RESET_CODE_MAIL "reset-code-mail"
#define PL_CONTACT_RESET_CODE_PHONE "reset-code-phone"
#define PL_CONTACT_RESET_LINK_MAIL "reset-link-mail"
#define PL_CONTACT_RESET_LINK_PHONE "reset-link-phone"
#define PL_CONTACT_IDENTITY_CODE_MAIL "identity-code-mail"
#define PL_CONTACT_IDENTITY_CODE_PHONE "identity-code-phone"
#define PL_CONTACT_RESET_DONE_MAIL "reset-done-mail"
#define PL_CONTACT_RESET_DONE_PHONE "reset-done-phone"

struct pl_contact_message {
	char to[PL_ADDRESS_MAX + 1];
	char secret[48]; /* the code, or the token of the link; "": it has none */
	/* Who asks: language of the browser, its address, and what it calls itself. */
	char language[8];
	char ip[PL_IP_TEXT];
	char device[40];
};

/* In the caller's write transaction; it is not sent later than life seconds from now. 0, or -1:
 * PL_ERR_RETRY without the outbox key. */
int pl_contact_message_send(const struct pl_work *work, int64_t member_id, const char *what,
			    const struct pl_contact_message *message, int64_t life);
/* For the caller to wipe; keys as with pl_message_open(). 0, or -1: PL_ERR_DATA for one that is
 * not sealed. */
int pl_contact_message_open(const struct pl_message *message, const struct pl_keys *keys,
			    struct pl_contact_message *message_r, struct pl_error *err);

#endif
