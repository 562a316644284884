/* search.h - the forwards that an administrator reaches and a search names, a page of them at a
 * time, in the order of their owners' addresses. */
#ifndef POSTLATCH_FORWARD_SEARCH_H
#define POSTLATCH_FORWARD_SEARCH_H

#include "policy/forward/forward.h"

/* Which targets a forward has. */
enum pl_forward_reach {
	PL_FORWARD_ANYWHERE,
	PL_FORWARD_OUTSIDE_DOMAIN, /* some outside of the owner's domain and its aliases */
	PL_FORWARD_OUTSIDE_SERVER, /* some outside of all domains of the operator */
};

/* "domain", "server": 1, or 0 for another word. */
int pl_forward_reach_by_name(const char *name, enum pl_forward_reach *reach_r);

struct pl_forward_search {
	int64_t scope;     /* of pl_administrator_scope() */
	int64_t domain_id; /* 0: all of these domains */
	enum pl_forward_reach reach;
	char text[PL_ADDRESS_MAX + 1]; /* part of the owner's address or of a target's, folded */
};

/* Calls each for the forwards behind that owner (NULL: the first), no more than limit of them,
 * until it returns non-zero. 0, or -1. */
int pl_forward_search(struct pl_store *store, const struct pl_policy *policy,
		      const struct pl_forward_search *search, const struct pl_address *after,
		      int limit, int (*each)(const struct pl_forward *forward, void *context),
		      void *context, struct pl_error *err);
/* How many there are; -1 on error. */
int64_t pl_forward_search_count(struct pl_store *store, const struct pl_policy *policy,
				const struct pl_forward_search *search, struct pl_error *err);

#endif
