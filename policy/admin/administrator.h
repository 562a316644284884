/* administrator.h - who may manage which domains.
 *
 * An administrator is a member with a role, or a program, which has a key (api_key.h). A server
 * administrator reaches all domains, the others those that they were given, and no others: one who
 * was given none reaches none. Aliases of a domain belong to it.
 *
 * Functions that write take part in the caller's write transaction.
 */
#ifndef POSTLATCH_ADMINISTRATOR_H
#define POSTLATCH_ADMINISTRATOR_H

#include "policy/account/member.h"

/* Each may do all that those before it may. */
enum pl_admin_role {
	PL_ADMIN_NOBODY,
	PL_ADMIN_HELPDESK, /* looks; resets factors, ends sessions, revokes app passwords */
	PL_ADMIN_DOMAIN,   /* also changes settings of domains and members */
	PL_ADMIN_SERVER,   /* also administrators, keys and all domains */
};

struct pl_administrator {
	int64_t id; /* 0: none */
	enum pl_admin_role role;
	int64_t member_id; /* 0: it is a program */
	struct pl_address address;
	int factor_registered; /* of the member */
	int64_t made_at;
	char made_by[256];
};

/* "helpdesk", "domain", "server". */
const char *pl_admin_role_name(enum pl_admin_role role);
/* PL_ADMIN_NOBODY for any other word. */
enum pl_admin_role pl_admin_role_by_name(const char *name);

/* What statements have as :scope (PL_SQL_IN_SCOPE): 0 for all domains, the id of an administrator
 * for those that it was given, -1 for none. */
int64_t pl_administrator_scope(const struct pl_administrator *administrator);
/* Whether the domain is one of the administrator's: 1, 0 or -1. */
int pl_administrator_reaches(struct pl_store *store, const struct pl_administrator *administrator,
			     int64_t domain_id, struct pl_error *err);
/* Whether the administrator may change a member: not one who is an administrator of any role,
 * unless it is a server administrator or the same person. 1, 0 or -1. */
int pl_administrator_may_change(struct pl_store *store,
				const struct pl_administrator *administrator, int64_t member_id,
				struct pl_error *err);

/* The administrator that a member is: 1, 0 when it is none, -1. */
int pl_administrator_of_member(struct pl_store *store, int64_t member_id,
			       struct pl_administrator *administrator_r, struct pl_error *err);
/* The one of that id: 1, 0, -1. */
int pl_administrator_get(struct pl_store *store, int64_t id,
			 struct pl_administrator *administrator_r, struct pl_error *err);
/* Members first, by address, then programs, until each returns non-zero. */
int pl_administrator_list(struct pl_store *store,
			  int (*each)(const struct pl_administrator *administrator, void *context),
			  void *context, struct pl_error *err);
/* The first so many members whose id is above after, by id, until each returns non-zero. */
int pl_administrator_page(struct pl_store *store, int64_t after, int limit,
			  int (*each)(const struct pl_administrator *administrator, void *context),
			  void *context, struct pl_error *err);
/* Whether there is one with that id, whose member is not switched off, or whose key has not
 * expired: 1, 0 or -1. */
int pl_administrator_is_active(const struct pl_work *work, int64_t id);
/* How many members, or programs, are administrators; -1 on error. */
int64_t pl_administrator_count(struct pl_store *store, int programs, struct pl_error *err);
/* The names of the domains that it was given, sorted, until each returns non-zero. */
int pl_administrator_domains(struct pl_store *store, int64_t id,
			     int (*each)(const char *domain, void *context), void *context,
			     struct pl_error *err);

/* Makes a member an administrator, or gives it another role and other domains. domains is a list
 * of names that ends with NULL, all of which must be known; empty for a server administrator, and
 * not empty for others. Jobs of an administrator who gets other rights are stopped, and stay its
 * own. The member is told by mail. 0, or -1: PL_ERR_CONFLICT when there is no such domain. */
int pl_administrator_set(const struct pl_work *work, const struct pl_account *account,
			 enum pl_admin_role role, const char *const *domains);
/* 1 removed, 0 there is none, -1. */
int pl_administrator_remove(const struct pl_work *work, int64_t id);

#endif
