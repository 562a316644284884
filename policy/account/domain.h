/* domain.h - mail domains that the database knows.
 *
 * Functions that write take part in the caller's write transaction.
 */
#ifndef POSTLATCH_DOMAIN_H
#define POSTLATCH_DOMAIN_H

#include "policy/account/audit.h"
#include "policy/account/change.h"

struct pl_domain {
	int64_t id; /* 0: the database has never heard of it */
	char name[PL_DOMAIN_MAX + 1];
	int active;
	struct pl_settings settings;
	int64_t created_at;
	int64_t members; /* filled by get and list only */
};

/* 1 found, 0 none, -1 error. */
int pl_domain_get(struct pl_store *store, const char *name, struct pl_domain *domain_r,
		  struct pl_error *err);
int pl_domain_list(struct pl_store *store,
		   int (*each)(const struct pl_domain *domain, void *context), void *context,
		   struct pl_error *err);
/* PL_ERR_CONFLICT when it already exists. domain_r may be NULL. */
int pl_domain_add(const struct pl_work *work, const char *name, const struct pl_change *change,
		  struct pl_domain *domain_r);
/* Takes the domain away with its members and their credentials. members_r: how many. */
int pl_domain_remove(const struct pl_work *work, const char *name, int64_t *members_r);

#endif
