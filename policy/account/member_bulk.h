/* member_bulk.h - adds many members, with a few statements for all of them.
 *
 * For files of members: each member is added as pl_member_set_or_add() would do it, with the same
 * audit record. Who is there already, and domains in which nothing is gained, are left to the
 * caller's own function for one member. All of it takes part in the caller's write transaction.
 */
#ifndef POSTLATCH_MEMBER_BULK_H
#define POSTLATCH_MEMBER_BULK_H

#include "policy/account/member.h"

#define PL_MEMBER_BULK_LEAST 1000 /* of a domain; fewer are added one by one */

struct pl_new_member {
	const struct pl_address *address;
	const struct pl_change *change;
	void *item;   /* the caller's */
	int is_there; /* filled: the domain had one of that name */
};

struct pl_member_bulk {
	const struct pl_work *work;
	const struct pl_policy *policy;
	/* Before the first member of a domain; NULL: nothing is done. 0, or -1. */
	int (*begin_domain)(const struct pl_new_member *first, void *context);
	/* Adds or changes one member. 0, or -1. */
	int (*one)(const struct pl_new_member *member, void *context);
	/* Told of each member that was added without it. */
	void (*added)(const struct pl_new_member *member, void *context);
	void *context;
};

/* Goes through the members, each of which has another address. Many are sorted by their addresses,
 * so that each index is written in its order; few are left in theirs. 0, or -1. */
int pl_member_bulk_run(const struct pl_member_bulk *bulk, struct pl_new_member *members,
		       size_t count);

#endif
