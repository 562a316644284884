/* resolve.h - what Postfix is answered about an address; pure but for what finds forwards.
 *
 * Postfix replaces an address by the answer, asks about each address of it again, and stops at one
 * that is among its own answer. So an answer is one step, and what must hold for all of them is
 * found out by walking ahead:
 *
 *	without a copy      the targets
 *	with a copy         the address itself, and the targets
 *	leads back          the same, although no copy is wanted: Postfix would never stop
 *	leads to too many   nothing: mail stays in the mailbox, and Postfix's limit, at which it
 *	                    would refuse the message, is never reached
 *
 * An extension ("user+lists@") is the owner's: the copy keeps it, targets never get it.
 */
#ifndef POSTLATCH_FORWARD_RESOLVE_H
#define POSTLATCH_FORWARD_RESOLVE_H

#include "policy/forward/target.h"

#define PL_FORWARD_TARGETS_MOST 20 /* targets that any forward may have */
#define PL_FORWARD_DEPTH 10        /* forwards of forwards */
#define PL_FORWARD_SPREAD 200      /* addresses that one message may come to by forwards */

/* A forward that is on, of a member who may forward. */
struct pl_forward_step {
	struct pl_address owner; /* whose it is, without an alias of a domain */
	int keep_copy;
	size_t count;
	struct pl_target target[PL_FORWARD_TARGETS_MOST];
};

/* Finds the forward of exactly this address: 1, 0 none, -1 error. */
typedef int pl_forward_find_t(void *context, const struct pl_address *address,
			      struct pl_forward_step *step_r, struct pl_error *err);

/* Room for the longest answer. */
#define PL_FORWARD_ANSWER ((PL_FORWARD_TARGETS_MOST + 1) * (PL_ADDRESS_MAX + 2))

struct pl_forward_question {
	const char *name;       /* the address as Postfix asks for it */
	const char *delimiters; /* Postfix's recipient_delimiter, may be empty */
	int is_repeated;        /* the caller has seen that Postfix goes in circles */
};

/* 1 and the answer, addresses with commas between them; 0: no forward; -1: cannot be told. */
int pl_forward_resolve(const struct pl_forward_question *question, pl_forward_find_t *find,
		       void *context, char answer_r[PL_FORWARD_ANSWER], struct pl_error *err);

#endif
