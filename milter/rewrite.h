/* rewrite.h - libmilter's side of large attachments: the message of a client while it comes, and
 * the changes that are told to Postfix.
 *
 * Little is done for a message until it has outgrown what is kept in memory: only then is it
 * looked up whether its member's attachments are taken out, and its body kept.
 */
#ifndef POSTLATCH_REWRITE_H
#define POSTLATCH_REWRITE_H

#include <libmilter/mfapi.h>

#include "milter/evaluate.h"

struct rewrite {
	struct milter *milter;   /* from the beginning, and never another */
	struct message *message; /* NULL: it stays as it is */
	struct pl_address member;
	int is_on;       /* its attachments are taken out */
	int has_outside; /* of its recipients, one is not in a domain of ours */
};

/* A recipient, before the message begins. */
void rewrite_recipient(struct rewrite *rewrite, const char *address);
/* A message of the member begins. outside_only: if it has a recipient that is not in a domain of
 * ours. */
void rewrite_begin(struct rewrite *rewrite, const struct pl_address *member, int outside_only);
/* One of its fields; a failure leaves it as it is. */
void rewrite_field(struct rewrite *rewrite, const char *name, const char *value);
/* The next bytes of its body: SMFIS_CONTINUE; SMFIS_SKIP when no more are needed; or the answer
 * to a failure. */
sfsistat rewrite_body(struct rewrite *rewrite, SMFICTX *ctx, const unsigned char *bytes,
		      size_t count);
/* The answer to the whole message. */
sfsistat rewrite_finish(struct rewrite *rewrite, SMFICTX *ctx);
/* It is over, in any way. */
void rewrite_end(struct rewrite *rewrite);

#endif
