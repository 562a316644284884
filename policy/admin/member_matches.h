/* member_matches.h - the parameters of PL_SQL_MEMBER_MATCHES, the condition of all statements that
 * look for the members that a filter names; private to the room.
 */
#ifndef POSTLATCH_MEMBER_MATCHES_H
#define POSTLATCH_MEMBER_MATCHES_H

#include "policy/admin/member_groups.h"

struct pl_matches {
	struct pl_param params[PL_SQL_PARAMS_MAX + 1];
	size_t count;
	char text[2 * PL_ADDRESS_MAX + 3]; /* the pattern of part of an address */
};

/* For the members of a group of the search. The statement's own parameters are added to them. */
void pl_matches_fill(struct pl_matches *matches, const struct pl_member_search *search,
		     const struct pl_member_group *group);
void pl_matches_int(struct pl_matches *matches, const char *name, int64_t value);
/* The text is borrowed. */
void pl_matches_text(struct pl_matches *matches, const char *name, const char *value);

/* Of members who have joined since then, nothing requires a second factor yet. */
int64_t pl_member_search_grace(const struct pl_member_search *search);

/* A member's place in the order of a column, and of ids where that is equal. */
struct pl_member_key {
	int64_t key, id;
};

/* The members behind a place in the order of one of the statements PL_SQL_MEMBER_QUERY_BY_..., no
 * more than most. 0 or -1. */
int pl_member_search_walk(struct pl_member_search *search, enum pl_sql sql,
			  struct pl_member_key after, size_t most, struct pl_member_key *keys_r,
			  size_t *count_r, struct pl_error *err);

#endif
