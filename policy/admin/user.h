/* user.h - members as identity providers see them (SCIM): by number, by the provider's own id, and
 * in pages by position.
 *
 * scope is that of pl_administrator_scope(): other members do not exist.
 */
#ifndef POSTLATCH_USER_H
#define POSTLATCH_USER_H

#include "policy/account/member.h"

#define PL_EXTERNAL_ID 255 /* bytes */

struct pl_user {
	struct pl_account account;
	char external_id[PL_EXTERNAL_ID + 1]; /* that the provider gave it; "": none */
};

/* Which users. All zero: all. */
struct pl_user_filter {
	const char *external_id; /* NULL: any. Two domains may have the same one */
	int has_active, active;  /* not looked at where external_id is named */
};

/* 1, 0 when there is none, -1. */
int pl_user_get(struct pl_store *store, int64_t scope, int64_t member_id, struct pl_user *user_r,
		struct pl_error *err);
/* How many; -1 on error. */
int64_t pl_user_count(struct pl_store *store, int64_t scope, const struct pl_user_filter *filter,
		      struct pl_error *err);
/* By number, without the first skip of them, until each returns non-zero. 0, or -1. */
int pl_user_list(struct pl_store *store, int64_t scope, const struct pl_user_filter *filter,
		 int64_t skip, int limit, int (*each)(const struct pl_user *user, void *context),
		 void *context, struct pl_error *err);
/* Takes part in the caller's write transaction. "": none any more. 1 changed, 0 it was so, -1. */
int pl_user_set_external_id(const struct pl_work *work, struct pl_user *user,
			    const char *external_id);

#endif
