/* domain_page.h - domains as administrators see them: a page of a list, with counts.
 *
 * What it costs: the names are read from their index, from the page's first one on. Members and
 * those with a second factor are counted for the domains of the page alone, from indexes, in
 * proportion to the members of these domains; so the counts are right whatever has changed, and
 * nothing has to be kept up to date. A search and the total read the names of all domains.
 */
#ifndef POSTLATCH_DOMAIN_PAGE_H
#define POSTLATCH_DOMAIN_PAGE_H

#include "policy/admin/administrator.h"

struct pl_domain_summary {
	/* settings are those of the domain for which an alias stands. */
	struct pl_domain domain;
	int64_t with_factor; /* members who have registered a second factor */
	int64_t changed_at;  /* the last audit record of it; 0: there is none any more */
	char changed_by[256];
};

struct pl_domain_page {
	int64_t scope;     /* of pl_administrator_scope */
	const char *part;  /* of the names, literally; "": all */
	const char *after; /* the name before the first one; "": from the beginning */
	int limit;
};

/* Calls each for the domains of the page, sorted by name, until it returns non-zero. 0, or -1. */
int pl_domain_page(struct pl_store *store, const struct pl_domain_page *page,
		   int (*each)(const struct pl_domain_summary *summary, void *context),
		   void *context, struct pl_error *err);
/* How many there are on all pages. 0, or -1. */
int pl_domain_page_total(struct pl_store *store, const struct pl_domain_page *page,
			 int64_t *total_r, struct pl_error *err);
/* The domain of that name, whoever may see it: 1, 0 none, -1. */
int pl_domain_summary(struct pl_store *store, const char *name, struct pl_domain_summary *summary_r,
		      struct pl_error *err);

#endif
