/* outbox.h - what is still to be sent to members: a row for each message.
 *
 * A message is written in the transaction of the change that it tells of, by the portal, a
 * command or Dovecot's auth process, so that there is one for every change that is committed and
 * for no other. postlatch-sender sends it (sender/sender.h), and nothing else does. A message that
 * cannot be sent stays and is tried again until it expires, and only one that was sent is removed:
 * a sender that ends between the two leaves one that is sent again.
 *
 * Several senders may use one database. Who raises the number of tries has claimed the message,
 * for PL_OUTBOX_HOLD seconds by the database's clock, and the number tells one claim from the next.
 *
 * The payload is what the message says beside its sentences. It is sealed with the outbox key,
 * which the portal, the command and the sender read. A program without the key, such as Dovecot's
 * auth process, leaves it as it is: so its payload may hold nothing that is not elsewhere in the
 * database as well.
 */
#ifndef POSTLATCH_OUTBOX_H
#define POSTLATCH_OUTBOX_H

#include "policy/base/address.h"
#include "policy/base/seal.h"
#include "policy/store/work.h"

#define PL_MESSAGE_KIND 16
#define PL_MESSAGE_WHAT 48
/* Seconds for which a message belongs to the sender that has claimed it. */
#define PL_OUTBOX_HOLD 600

struct pl_new_message {
	int64_t member_id;
	const char *kind; /* a word for who makes the text of it: "notice" */
	const char *what; /* what it tells of, by its kind */
	int64_t life;     /* seconds after which it is not sent any more */
	const struct pl_secret *payload;
};

struct pl_message {
	int64_t id, member_id;
	struct pl_address address; /* the member's */
	char kind[PL_MESSAGE_KIND], what[PL_MESSAGE_WHAT];
	int64_t at;    /* of the change, seconds since 1970 */
	int64_t tries; /* this one included, once it is claimed */
	/* As it is stored: see pl_message_open(). */
	struct pl_secret payload;
	struct pl_sealed sealed; /* len 0: it is not sealed */
};

/* In the caller's write transaction. 0, or -1. */
int pl_outbox_add(const struct pl_work *work, const struct pl_new_message *message);

/* The order in which messages are claimed. Those that were never tried come the newest first, so
 * that a new one does not wait for all those before it. */
enum pl_outbox_order { PL_OUTBOX_OLDEST, PL_OUTBOX_NEW };
/* Messages that may be sent now, most of them at most. How many, or -1. */
int pl_outbox_due(const struct pl_work *work, enum pl_outbox_order order,
		  struct pl_message *messages_r, int most);
/* In the caller's write transaction: 1 when the message is the caller's, 0 when another sender was
 * faster, -1. */
int pl_outbox_claim(const struct pl_work *work, struct pl_message *message);
/* It was sent, or is not to be sent any more. 1, 0 when it is gone already, or -1. */
int pl_outbox_remove(const struct pl_work *work, const struct pl_message *message);
/* It could not be sent. The next try is in a minute, and later at most hourly. Does nothing when
 * another sender has claimed it since. 0, or -1. */
int pl_outbox_put_off(const struct pl_work *work, const struct pl_message *message);
/* Messages whose life is over, most of them at most. How many, or -1. */
int pl_outbox_expired(const struct pl_work *work, struct pl_message *messages_r, int most);

/* The payload, for the caller to wipe. keys are the outbox keys; NULL: there are none. 0, or -1:
 * PL_ERR_CONFIG when it cannot be opened without another key, or was changed. */
int pl_message_open(const struct pl_message *message, const struct pl_keys *keys,
		    struct pl_secret *payload_r, struct pl_error *err);

/* How the outbox is. */
struct pl_outbox_state {
	int64_t due_since; /* of the message that has waited longest for a sender; 0: none waits */
	int64_t refused;   /* messages that could not be sent three times or more */
};
/* 0, or -1. */
int pl_outbox_read_state(const struct pl_work *work, struct pl_outbox_state *state_r);

#endif
