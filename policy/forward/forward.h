/* forward.h - members' forwards: rows, and what may be set.
 *
 * This room owns the tables forward and forward_target. A forward has targets, keeps a copy in the
 * mailbox or not, and is on or off; a target counts once it is confirmed. Whether the member may
 * forward is the switch's to say, for each message (look_up.h): it changes nothing here, so that
 * the same forward is back when it is on again.
 *
 * Functions that write take part in the caller's write transaction, and write the audit record.
 */
#ifndef POSTLATCH_FORWARD_H
#define POSTLATCH_FORWARD_H

#include "policy/account/member.h"
#include "policy/forward/resolve.h"

/* Who has confirmed a target. */
#define PL_TARGET_BY_OPERATOR "operator" /* the command, or an import */
#define PL_TARGET_INSIDE "inside"        /* nobody: it is in one of the operator's domains */
#define PL_TARGET_BY_CODE "code"         /* whoever reads its mail */

struct pl_forward_target {
	int64_t id;
	char address[PL_ADDRESS_MAX + 1];
	int is_outside;   /* of the operator's domains */
	int is_elsewhere; /* outside of the owner's domain and its aliases */
	int64_t added_at;
	int64_t confirmed_at; /* 0: not yet */
	char confirmed_by[16];
};

struct pl_forward {
	int64_t member_id;
	struct pl_address owner;
	int is_enabled, keep_copy;
	int64_t changed_at;
	size_t count;
	struct pl_forward_target target[PL_FORWARD_TARGETS_MOST];
};

/* 1, -1; 0 none, with member_id and count 0. */
int pl_forward_get(struct pl_store *store, const struct pl_policy *policy, int64_t member_id,
		   struct pl_forward *forward_r, struct pl_error *err);
/* Calls each for the forwards of a domain (NULL: of all), by domain and member, until it returns
 * non-zero. */
int pl_forward_list(struct pl_store *store, const struct pl_policy *policy, const char *domain,
		    int (*each)(const struct pl_forward *forward, void *context), void *context,
		    struct pl_error *err);
/* "on keep-copy to=a@x.test,b@y.test", cut to what a record has room for. */
void pl_forward_describe(const struct pl_forward *forward, char text_r[PL_AUDIT_TEXT]);
/* How many targets are outside of the operator's domains. */
size_t pl_forward_outside(const struct pl_forward *forward);

/* Why a member's forward cannot have a target. */
enum pl_target_fault {
	PL_TARGET_FITS,
	PL_TARGET_NO_ADDRESS, /* or one that Postfix would not read as it is written */
	PL_TARGET_OWN,        /* the member's own address, with an extension or in an alias, too */
	PL_TARGET_TWICE,      /* it has it already */
	PL_TARGET_ONE_TOO_MANY, /* forward_targets */
	PL_TARGET_OF_NOBODY,    /* mail for the member's own address cannot be forwarded */
};

/* Reads all targets that a forward of the member is to have, and checks them. 0, or -1: with
 * PL_ERR_INVALID a target does not fit; fault_r (may be NULL) says why. */
int pl_forward_check(const struct pl_work *work, const struct pl_policy *policy,
		     const struct pl_account *account, const char *const *texts, size_t count,
		     struct pl_target targets_r[PL_FORWARD_TARGETS_MOST],
		     enum pl_target_fault *fault_r);
/* Sets the forward of a member, with these targets and no others, all confirmed by the operator.
 * PL_ERR_INVALID for a target that is the member's own address, is given twice, or is one too many
 * (forward_targets). */
int pl_forward_set(const struct pl_work *work, const struct pl_policy *policy,
		   const struct pl_account *account, const char *const *targets, size_t count,
		   int keep_copy);
/* Switches a forward on or off, which is the member's own choice: 1, 0 it was so, -1 for an error,
 * which is PL_ERR_CONFLICT when there is none. */
int pl_forward_enable(const struct pl_work *work, const struct pl_policy *policy,
		      const struct pl_account *account, int enabled);
/* 1 removed, 0 none, -1. */
int pl_forward_clear(const struct pl_work *work, const struct pl_policy *policy,
		     const struct pl_account *account);
/* Removes the forwards of a domain that have targets outside; all: the others, too. How many, or
 * -1. */
int64_t pl_forward_clear_domain(const struct pl_work *work, const struct pl_policy *policy,
				const char *domain, int all);

#endif
