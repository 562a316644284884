/* message.h - what the milter knows of one message; all of it bounded.
 *
 * Owns copies of the recipients and of the header fields that may name a member on whose
 * behalf mail is forwarded. callbacks.c fills it, evaluate.c reads it. It knows nothing of
 * libmilter, and decides nothing.
 */
#ifndef POSTLATCH_MILTER_MESSAGE_H
#define POSTLATCH_MILTER_MESSAGE_H

#include "policy/base/address.h"

#define MESSAGE_FIELDS_MAX 20       /* trace fields that are looked at */
#define MESSAGE_RECIPIENTS_MAX 1000 /* more than Pigeonhole or a forward ever has */

/* A trace field: it names the member on whose behalf mail is forwarded. */
enum trace_kind {
	TRACE_SIEVE,     /* X-Sieve-Redirected-From: Pigeonhole's redirect */
	TRACE_DELIVERED, /* Delivered-To: a .forward or an alias */
};

struct trace_field {
	enum trace_kind kind;
	int nth; /* counted among the fields of that name, from 1 */
	struct pl_address address;
};

struct message {
	struct trace_field fields[MESSAGE_FIELDS_MAX];
	size_t field_count;
	int delivered_seen;
	/* X-Postlatch-Returned: for whom it was kept locally before. */
	struct pl_address kept[MESSAGE_FIELDS_MAX];
	size_t kept_count;
	char *recipients[MESSAGE_RECIPIENTS_MAX]; /* as Postfix gave them, "<a@b>" */
	size_t recipient_count;
	int too_many; /* recipients, or memory ran out: it cannot be kept locally */
};

#define MESSAGE_KEPT_HEADER "X-Postlatch-Returned"
#define MESSAGE_DELIVERED_HEADER "Delivered-To"

/* Forgets everything; for a new message and at the end. */
void message_reset(struct message *message);
/* Takes in a header field. Names are compared without regard to case (RFC 5322 1.2.2). */
void message_header(struct message *message, const char *name, const char *value);
void message_recipient(struct message *message, const char *recipient);
int message_was_kept_for(const struct message *message, const struct pl_address *address);

#endif
