/* member_condition.h - a search (member_groups.h) as a question that each entry of an index
 * answers; private to the room.
 */
#ifndef POSTLATCH_MEMBER_CONDITION_H
#define POSTLATCH_MEMBER_CONDITION_H

#include "policy/admin/member_entry.h"
#include "policy/admin/member_matches.h"

#define PL_NO_CLASS SIZE_MAX

struct pl_member_condition {
	const struct pl_member_search *search;
	const struct pl_member_entries *entries;
	const struct pl_searched_domain **domains; /* of the index's places; NULL: not among them */
	/* Of the index's classes: which of the groups of a domain, or PL_NO_CLASS: the filter does
	 * not name them. */
	size_t *classes;
	struct pl_key_range created, received, app_password;
	int64_t seen_to;
	int64_t imap_from, pop3_from, smtp_from;
	int64_t factor; /* -1: whichever; 0: none; else some of these */
	int active;     /* -1: whichever */
	size_t text_len, a_text_len;
};

/* search and entries are borrowed until it is freed. 0, or -1: out of memory. */
int pl_member_condition_make(const struct pl_member_search *search,
			     const struct pl_member_entries *entries,
			     struct pl_member_condition *condition_r);
void pl_member_condition_free(struct pl_member_condition *condition);
/* The domain of an entry that is what the filter names, or NULL. */
const struct pl_searched_domain *pl_member_condition_fits(
	const struct pl_member_condition *condition, const struct pl_member_entry *entry);

#endif
