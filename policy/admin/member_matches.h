/* member_matches.h - the parameters of PL_SQL_MEMBER_MATCHES, the condition of all statements that
 * look for the members that a filter names; private to the room.
 */
#ifndef POSTLATCH_MEMBER_MATCHES_H
#define POSTLATCH_MEMBER_MATCHES_H

#include "policy/admin/member_groups.h"

struct pl_matches {
	struct pl_param params[PL_SQL_PARAMS_MAX + 1];
	size_t count;
	char text[2 * PL_ADDRESS_MAX + 3];   /* the pattern of part of an address */
	char a_text[2 * PL_ADDRESS_MAX + 3]; /* of the same with A-labels */
};

/* matches stays where it is until the rows of its statement have been read.
 *
 * The conditions of PL_SQL_MEMBER_MATCHES for all groups of the search, of which there is one: what
 * no group lets in is left to the database, and the rest to pl_member_search_fits(). matches has no
 * others before. The statement's own parameters are added to them. */
void pl_matches_fill(struct pl_matches *matches, const struct pl_member_search *search);

/* What of a member is compared with the filter for its domain and class. */
struct pl_searched_member {
	int64_t state;         /* today */
	int64_t created_at;    /* by which it has days of grace, or not */
	int64_t required_from; /* the day of its own requirement, if that has one; else INT64_MAX */
};

/* Whether a second factor is required of the member, or not, as the filter says. */
int pl_requirement_fits(const struct pl_member_search *search,
			const struct pl_searched_domain *domain,
			const struct pl_member_group *group,
			const struct pl_searched_member *member);
/* Whether a member, whom the database has let in, is what the filter says of its own domain. */
int pl_member_search_fits(const struct pl_member_search *search,
			  const struct pl_searched_domain *domain, const char *class_name,
			  const struct pl_searched_member *member);
/* Whether the filter names nothing but a domain. */
int pl_member_search_is_plain(const struct pl_member_search *search);
void pl_matches_int(struct pl_matches *matches, const char *name, int64_t value);
/* The text is borrowed. */
void pl_matches_text(struct pl_matches *matches, const char *name, const char *value);

/* The domain that is looked through alone, or 0. */
int64_t pl_member_search_only(const struct pl_member_search *search);

/* Among which keys of a column all members are that a search finds. */
struct pl_key_range {
	int64_t from, to;
};

struct pl_key_range pl_member_search_created(const struct pl_member_search *search);
struct pl_key_range pl_member_search_received(const struct pl_member_search *search);
struct pl_key_range pl_member_search_app_password(const struct pl_member_search *search);
/* The last day on which a member may have been seen. */
int64_t pl_member_search_seen_to(const struct pl_member_search *search);
/* From which day on the last use of the service with the account password is to be. */
int64_t pl_member_search_password_day(const struct pl_member_search *search,
				      enum pl_setting service);
/* -1: whichever second factor; 0: none; else a set of kinds, of which the member has one. */
int64_t pl_member_search_factor(const struct pl_member_search *search);

#endif
