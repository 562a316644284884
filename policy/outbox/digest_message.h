/* digest_message.h - the weekly digest of an administrator as a message of the outbox.
 *
 * A kind of message (outbox.h), whose words are sender/digest.def. The facts are text, numbers too;
 * "" leaves its line out.
 */
#ifndef POSTLATCH_DIGEST_MESSAGE_H
#define POSTLATCH_DIGEST_MESSAGE_H

#include "policy/outbox/outbox.h"

#define PL_DIGEST_KIND "digest"
#define PL_DIGEST_WHAT "week"
#define PL_DIGEST_NUMBER 20
#define PL_DIGEST_GUESSERS 160
/* Whoever reads it two days late reads of another week. */
#define PL_DIGEST_LIFE (2 * INT64_C(86400))

struct pl_digest_message {
	char members[PL_DIGEST_NUMBER]; /* that are active */
	char registered[PL_DIGEST_NUMBER];
	char overdue[PL_DIGEST_NUMBER];
	char account_password[PL_DIGEST_NUMBER]; /* in mail clients, of late */
	char unused[PL_DIGEST_NUMBER];           /* app passwords */
	char ending[PL_DIGEST_NUMBER];           /* app passwords that expire soon */
	char keys[PL_DIGEST_NUMBER];             /* API keys that expire soon */
	char forwards[PL_DIGEST_NUMBER];         /* to other servers */
	char guessers[PL_DIGEST_GUESSERS];       /* "192.0.2.1 (120), 2001:db8::/64 (7)" */
};

/* In the caller's write transaction. 0, or -1. */
int pl_digest_message_send(const struct pl_work *work, int64_t member_id,
			   const struct pl_digest_message *digest);
/* keys as with pl_message_open(). 0, or -1. */
int pl_digest_message_open(const struct pl_message *message, const struct pl_keys *keys,
			   struct pl_digest_message *digest_r, struct pl_error *err);

#endif
