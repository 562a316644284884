/* attachments.h - takes large attachments out of a message: has them scanned and stored, and the
 * link to them written.
 *
 * The order is: the files are on the disk, the link is in the database, the message is changed.
 * Whoever is killed in between leaves files that nobody needs, which are swept, and a message
 * that the mail server sends again. Everything that can be known before is looked at before
 * anything is stored.
 */
#ifndef POSTLATCH_ATTACHMENTS_H
#define POSTLATCH_ATTACHMENTS_H

#include "milter/message.h"
#include "policy/base/address.h"
#include "policy/login/live_policy.h"
#include "policy/store/store_pool.h"

/* What one message needs of its daemon. */
struct attachments {
	struct pl_snapshot *snapshot;
	struct pl_store_pool *pool; /* of PL_ROLE_USE */
	const struct pl_address *member;
	/* Called now and then while it takes long. */
	void (*progress)(void *context);
	void *context;
};

enum attachments_outcome {
	ATTACHMENTS_UNCHANGED, /* said is why, a word for logs; "" is nothing to say */
	ATTACHMENTS_REPLACED,  /* the message is built */
	ATTACHMENTS_FAILED,    /* nothing is changed, err says why */
	ATTACHMENTS_INFECTED,  /* said is the name of what was found */
	ATTACHMENTS_UNSCANNED, /* the policy refuses what was not scanned; said is why */
	ATTACHMENTS_TOO_LARGE, /* the same, and it never will be */
};

#define ATTACHMENTS_SAID 192

/* Whether the attachments of the member's mail are taken out: 1, 0 or -1. */
int attachments_are_on(const struct attachments *attachments, struct pl_error *err);

/* Whether the policy knows the domain of an address: 1, 0 or -1. */
int attachments_is_inside(const struct attachments *attachments, const char *address,
			  struct pl_error *err);

enum attachments_outcome attachments_take_out(const struct attachments *attachments,
					      struct message *message,
					      char said_r[ATTACHMENTS_SAID], struct pl_error *err);

#endif
