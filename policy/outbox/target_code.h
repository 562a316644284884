/* target_code.h - the mail with a code that confirms a target of a forward.
 *
 * A kind of message of the outbox (outbox.h), and the only one that does not go to the member: its
 * recipient is the target. That and the code are in the payload, which is always sealed, so that
 * whoever can write to the database but does not have the outbox key makes nobody send mail
 * anywhere.
 */
#ifndef POSTLATCH_TARGET_CODE_H
#define POSTLATCH_TARGET_CODE_H

#include "policy/base/address.h"
#include "policy/base/network.h"
#include "policy/base/random.h"
#include "policy/outbox/outbox.h"

#define PL_TARGET_CODE_KIND "target-code"
#define PL_TARGET_CODE_DIGITS PL_CODE_DIGITS

struct pl_target_code {
	char target[PL_ADDRESS_MAX + 1]; /* where it is sent, as Postfix is given it */
	char code[PL_TARGET_CODE_DIGITS + 1];
	/* Who asks: language of the browser, its address, and what it calls itself. */
	char language[8];
	char ip[PL_IP_TEXT];
	char device[64];
};

/* In the caller's write transaction; it is not sent later than life seconds from now. 0, or -1:
 * PL_ERR_RETRY without the outbox key. */
int pl_target_code_send(const struct pl_work *work, int64_t member_id,
			const struct pl_target_code *code, int64_t life);
/* For the caller to wipe; keys as with pl_message_open(). 0, or -1: PL_ERR_DATA for one that is
 * not sealed. */
int pl_target_code_open(const struct pl_message *message, const struct pl_keys *keys,
			struct pl_target_code *code_r, struct pl_error *err);

#endif
