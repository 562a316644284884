/* scope.h - a change of a domain's settings, and whom of its members it reaches.
 *
 * A member without a setting of its own inherits the domain's. The scope of a change
 * says what becomes of the members: those who inherit follow it, or keep what they had
 * (it holds for new members only), or all follow it. In the caller's write transaction.
 */
#ifndef POSTLATCH_SCOPE_H
#define POSTLATCH_SCOPE_H

#include "policy/account/member.h"

/* Whom a change of a domain's setting reaches. */
enum pl_scope { PL_SCOPE_INHERITING, PL_SCOPE_NEW, PL_SCOPE_ALL };

struct pl_scope_result {
	int64_t members;  /* in the domain */
	int64_t pinned;   /* members who were given what held for them, as a setting of their own */
	int64_t cleared;  /* members whose own setting was taken away */
	int64_t affected; /* members for whom something else holds now */
};

/* "inheriting", "new", "all". Returns 1, or 0 for another word. */
int pl_scope_by_name(const char *name, enum pl_scope *scope_r);

/* What a change would do, as pl_domain_set() tells. Reads all members, and writes nothing. */
int pl_scope_count(const struct pl_work *work, const struct pl_policy *policy, const char *name,
		   const struct pl_change *change, enum pl_scope scope,
		   struct pl_scope_result *result_r);
/* PL_ERR_CONFLICT when there is no such domain, or when the policy file forbids what the
 * change switches on. result_r tells what became of the members. */
int pl_domain_set(const struct pl_work *work, const struct pl_policy *policy, const char *name,
		  const struct pl_change *change, enum pl_scope scope,
		  struct pl_scope_result *result_r);
/* The same for the domain alone, whose members are not looked at: those who inherit follow it, and
 * nobody who wants to write has to wait until many are counted. counted is from before. */
int pl_domain_set_counted(const struct pl_work *work, const struct pl_policy *policy,
			  const char *name, const struct pl_change *change, enum pl_scope scope,
			  const struct pl_scope_result *counted);

#endif
