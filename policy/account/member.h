/* member.h - members that the database knows, and what holds for them.
 *
 * Functions that write take part in the caller's write transaction.
 */
#ifndef POSTLATCH_MEMBER_H
#define POSTLATCH_MEMBER_H

#include "policy/account/domain.h"

/* That a member has changed is noted for as long, in seconds; see policy/admin/member_index.h. */
#define PL_MEMBER_CHANGE_KEPT 3600

struct pl_member {
	int64_t id; /* 0: the database does not have it */
	struct pl_address address;
	int active;
	char class_name[PL_CLASS_MAX + 1];
	struct pl_settings settings;
	int64_t generation; /* raised by "log out everywhere"; see session.h */
	int64_t created_at;
	unsigned int factor_kinds; /* of second factors that are registered, a set */
	int opted_out;             /* the member's own choice to leave the second factor out */
};

/* A member together with its domain; either may be unknown (id 0, active). */
struct pl_account {
	struct pl_member member;
	struct pl_domain domain;
	int domains_known; /* the database knows some domain */
};

/* Fills account_r also for unknown names. The account of a name in an alias of a domain is that of
 * the domain, and so is its address. 0, or -1 for an error. */
int pl_account_get(struct pl_store *store, const struct pl_address *address,
		   struct pl_account *account_r, struct pl_error *err);
/* The same in two steps, for statements that read more beside the account
 * (PL_SQL_ACCOUNT_COLUMNS): what holds without a row, and what a row says of it. */
void pl_account_unknown(const struct pl_address *address, struct pl_account *account_r);
int pl_account_read(struct pl_stmt *stmt, struct pl_account *account_r, struct pl_error *err);
/* The kinds of second factors that the member may register, and use at sign-in: a set. */
unsigned int pl_account_second_factors(const struct pl_account *account,
				       const struct pl_policy *policy);
/* Whether the member may sign in with a passkey alone, as far as the policy file decides: the
 * setting, and the kinds. */
int pl_account_passkey_sign_in(const struct pl_account *account, const struct pl_policy *policy);
/* Of those that are registered, the ones that are used at sign-in: those that are allowed, or all
 * where none of them is. */
unsigned int pl_account_usable_factors(const struct pl_account *account,
				       const struct pl_policy *policy);
/* The layers that hold for the account at that time; they point into account and policy. */
void pl_account_layers(const struct pl_account *account, const struct pl_policy *policy,
		       int64_t now, struct pl_layers *layers_r);

/* Whether domains are known, and the account's is not among them, or its name is not an address.
 * 0 as well where unknown_domains allows that. */
int pl_account_is_outside(const struct pl_account *account, const struct pl_policy *policy);

struct pl_member_filter {
	const char *domain;     /* NULL for all */
	const char *class_name; /* NULL for all */
};

/* Calls each for the members that the filter names, by domain and local part, until it returns
 * non-zero. 0, or -1. */
int pl_member_list(struct pl_store *store, const struct pl_member_filter *filter,
		   int (*each)(const struct pl_member *member, void *context), void *context,
		   struct pl_error *err);
/* PL_ERR_CONFLICT when it already exists. */
int pl_member_add(const struct pl_work *work, const struct pl_address *address,
		  const struct pl_change *change);
/* Changes the member with the account's address. Reads the account again, so that no change of
 * another is lost, and leaves it as it is after the change. Returns 1 when something changed, 0
 * when nothing had to change, -1 for an error, which is PL_ERR_CONFLICT when there is no such
 * member. before_r and after_r (of PL_AUDIT_TEXT, may be NULL) tell what changed, "pop3=on",
 * "pop3=off". */
int pl_member_set(const struct pl_work *work, const struct pl_policy *policy,
		  struct pl_account *account, const struct pl_change *change, char *before_r,
		  char *after_r);
/* The same, but adds a member that does not exist, and returns 2 then. */
int pl_member_set_or_add(const struct pl_work *work, const struct pl_policy *policy,
			 struct pl_account *account, const struct pl_change *change, char *before_r,
			 char *after_r);
/* Records the member's own choice to leave the second factor out, or takes it back. It is no
 * setting, and counts only while the factor is optional. 1 changed, 0 was so already, -1. */
int pl_member_opt_out(const struct pl_work *work, struct pl_member *member, int opted_out);
/* 1 removed, with its credentials; 0 none; -1 error. */
int pl_member_remove(const struct pl_work *work, const struct pl_address *address);

#endif
