/* message.h - what one message told us so far; all of it bounded. */
#ifndef POSTLATCH_MILTER_MESSAGE_H
#define POSTLATCH_MILTER_MESSAGE_H

#include "policy/base/address.h"

#define MESSAGE_SIGNS_MAX 20        /* header fields that are looked at */
#define MESSAGE_RECIPIENTS_MAX 1000 /* more than Pigeonhole or a forward ever has */

/* A header field that names the member on whose behalf mail is sent again. */
enum sign_kind {
	SIGN_SIEVE,     /* X-Sieve-Redirected-From: Pigeonhole's redirect */
	SIGN_DELIVERED, /* Delivered-To: a .forward or alias that sends again */
};

struct sign {
	enum sign_kind kind;
	int nth; /* the how-manieth field of that name, from 1 */
	struct pl_address address;
};

struct message {
	struct sign signs[MESSAGE_SIGNS_MAX];
	size_t sign_count;
	int delivered_seen;
	/* X-Postlatch-Returned: whom it was given back to before. */
	struct pl_address returned[MESSAGE_SIGNS_MAX];
	size_t returned_count;
	char *recipients[MESSAGE_RECIPIENTS_MAX]; /* as Postfix gave them, "<a@b>" */
	size_t recipient_count;
	int too_many; /* recipients, or memory ran out: cannot be given back */
};

#define MESSAGE_RETURNED_HEADER "X-Postlatch-Returned"
#define MESSAGE_DELIVERED_HEADER "Delivered-To"

/* Forgets everything; for a new message and at the end. */
void message_reset(struct message *message);
/* Notes a header field. Names are compared without regard to case (RFC 5322 1.2.2). */
void message_header(struct message *message, const char *name, const char *value);
void message_recipient(struct message *message, const char *recipient);
int message_was_returned(const struct message *message, const struct pl_address *address);

#endif
