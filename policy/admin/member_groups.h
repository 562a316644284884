/* member_groups.h - what a filter of members means for each domain and class; private to the room.
 *
 * A search has the domains that an administrator reaches. Members for whom the layers above them
 * agree in all that the filter names are a group: the same condition finds them.
 */
#ifndef POSTLATCH_MEMBER_GROUPS_H
#define POSTLATCH_MEMBER_GROUPS_H

#include "policy/admin/member_query.h"

struct pl_member_group {
	int64_t reject; /* bits of member_state.h that a member must not have */
	int inherits;   /* whether what is required above the member is what is wanted */
};

struct pl_searched_domain {
	int64_t id;
	char *name;
	int known, active;
	struct pl_settings settings;
	struct pl_grace grace;
	int64_t grace_from; /* of members who have joined since then, nothing requires a factor */
	size_t *groups;     /* of members in none of the policy's classes, and in each of them */
};

/* What a filter wants of the requirement of a second factor. */
struct pl_wanted_requirement {
	int any, required, optional;
	int64_t own, none; /* bits of a member's own that is wanted, and of having none */
};

struct pl_member_search {
	struct pl_store *store;
	const struct pl_policy *policy;
	struct pl_member_query query;
	int64_t scope, now;
	int32_t today;
	struct pl_wanted_requirement requirement;
	struct pl_searched_domain *domains; /* by name; those whose members cannot match left out */
	size_t domain_count;
	struct pl_searched_domain **by_id; /* the same, sorted by id */
	struct pl_member_group *groups;
	size_t group_count;
};

/* Fills domains and groups. 0 or -1. */
int pl_member_groups_read(struct pl_member_search *search, struct pl_error *err);
/* The domain of that id, or NULL. */
struct pl_searched_domain *pl_searched_domain(const struct pl_member_search *search, int64_t id);

/* Which of the groups of a domain members of a class are in. */
size_t pl_searched_class(const struct pl_member_search *search, const char *class_name);

#endif
