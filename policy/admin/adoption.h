/* adoption.h - how many members of each domain have a second factor, day by day.
 *
 * Once a day a row is written for each domain, by one of the portals. It tells of the members that
 * are active, and of what holds for them when it is written, which the layers of the policy decide.
 */
#ifndef POSTLATCH_ADOPTION_H
#define POSTLATCH_ADOPTION_H

#include "policy/admin/administrator.h"

struct pl_adoption {
	int64_t day;        /* when it began, in seconds since 1970, UTC */
	int64_t members;    /* that are active */
	int64_t required;   /* of them have to use a second factor, today or later */
	int64_t registered; /* have one */
	int64_t overdue;    /* have to today, and have none */
	int64_t opted_out;  /* have chosen to leave out one that is optional */
	int64_t different;  /* have settings of their own that differ from the domain's */
	/* Used the account password in a mail client in the last 30 days. */
	int64_t account_password;
};

/* Counts the members of each domain that has no row of this day, and writes it. Outside of a
 * transaction, as it takes a while: the domain is read in portions. Where another portal was
 * faster, its row stays. 0, or -1. */
int pl_adoption_count(const struct pl_work *work, const struct pl_policy *policy);

/* Calls each for the sums of days from since on, oldest first, of the domains in scope
 * (administrator.h), or of one of them (domain_id; 0: all). 0, or -1. */
int pl_adoption_list(struct pl_store *store, int64_t scope, int64_t domain_id, int64_t since,
		     int (*each)(const struct pl_adoption *adoption, void *context), void *context,
		     struct pl_error *err);

#endif
