/* scope_reach.h - what a change of a domain's settings does to one of its members; private to the
 * library. scope.c carries it out, scope_preview.c counts what would come of it, so that both say
 * the same.
 */
#ifndef POSTLATCH_SCOPE_REACH_H
#define POSTLATCH_SCOPE_REACH_H

#include "policy/account/scope.h"

/* A change, with the domain as it is and as it will be. */
struct pl_scope_change {
	const struct pl_policy *policy;
	int64_t now;
	const struct pl_change *change;
	struct pl_domain before, after;
};

/* Reads the domain and applies the change to what was read: nothing is written. PL_ERR_CONFLICT as
 * from pl_domain_set. 0, or -1. */
int pl_scope_begin(const struct pl_work *work, const struct pl_policy *policy, const char *name,
		   const struct pl_change *change, struct pl_scope_change *scope_r);
/* The member as it will be, counted in result. 1 when its row has to be written, else 0. */
int pl_scope_reach(const struct pl_scope_change *scope, enum pl_scope whom,
		   const struct pl_member *member, struct pl_member *changed_r,
		   struct pl_scope_result *result);
/* Writes the domain, with an audit record that tells what became of its members. 0, or -1. */
int pl_scope_write(const struct pl_work *work, const struct pl_scope_change *scope,
		   enum pl_scope whom, const struct pl_scope_result *result);

#endif
