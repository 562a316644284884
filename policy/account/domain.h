/* domain.h - mail domains.
 *
 * A domain may be an alias of another one: then its members are those of the other, by another
 * name, and it has no settings of its own but active.
 *
 * A domain is known by an operator's act: a command adds it, or the policy file has a section
 * for it. A member that signs in before that needs a row of its domain, too; such a row
 * does not make the domain known.
 *
 * Functions that write take part in the caller's write transaction.
 */
#ifndef POSTLATCH_DOMAIN_H
#define POSTLATCH_DOMAIN_H

#include "policy/account/audit.h"
#include "policy/account/change.h"
#include "policy/account/grace.h"

struct pl_domain {
	int64_t id; /* 0: the database does not have it */
	int known;  /* an operator has added it to the database */
	char name[PL_DOMAIN_MAX + 1];
	int active;
	struct pl_settings settings;
	struct pl_grace grace;
	int64_t created_at;
	int64_t alias_id;                 /* of the domain for which this one stands, or 0 */
	char alias_of[PL_DOMAIN_MAX + 1]; /* its name, or "" */
	int64_t members, aliases;         /* so many; filled by count and list only */
};

/* 1 found, 0 none, -1 error. */
int pl_domain_get(struct pl_store *store, const char *name, struct pl_domain *domain_r,
		  struct pl_error *err);
/* Fills how many members and aliases a domain has; it takes longer the more there are. 0, or -1. */
int pl_domain_count(struct pl_store *store, struct pl_domain *domain, struct pl_error *err);
/* Replaces an alias in the address by the domain for which it stands. 0, or -1 for an error. */
int pl_domain_of_alias(struct pl_store *store, struct pl_address *address, struct pl_error *err);
int pl_domain_list(struct pl_store *store,
		   int (*each)(const struct pl_domain *domain, void *context), void *context,
		   struct pl_error *err);
/* Whether an operator has made it known, in the database or in the policy file. */
int pl_domain_is_known(const struct pl_domain *domain, const struct pl_policy *policy);
/* Whether the policy lets names in domains that are not known in, as unknown_domains says. */
int pl_unknown_domains_allowed(const struct pl_policy *policy);
/* Makes the domain known. PL_ERR_CONFLICT when it is known already. */
int pl_domain_add(const struct pl_work *work, const struct pl_policy *policy, const char *name,
		  const struct pl_change *change);
/* The same for a list: 1 it has become known, 0 it was, -1. */
int pl_domain_import(const struct pl_work *work, const char *name);
/* Writes the row of a domain that is not known, for a member that needs one. Fills its id. */
int pl_domain_hold(const struct pl_work *work, struct pl_domain *domain);
/* Takes the domain away with its aliases, its members and their credentials. members_r: how many
 * members. */
int pl_domain_remove(const struct pl_work *work, const char *name, int64_t *members_r);

#endif
