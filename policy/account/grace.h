/* grace.h - days of grace: how many a member that joins has until a second factor that is required
 * of it must be registered. A domain may have a number of its own; else the policy file says how
 * many (two_factor_grace_days).
 */
#ifndef POSTLATCH_GRACE_H
#define POSTLATCH_GRACE_H

#include "policy/settings/policy.h"
#include "policy/store/store.h"

#define PL_GRACE_NAME "two_factor_grace_days"
#define PL_GRACE_MOST 365
#define PL_GRACE_TEXT 16

/* Of a domain. */
struct pl_grace {
	int is_own; /* 0: the policy file's */
	int days;
};

/* Reads "14", or "inherit" for none of its own. 0, or -1 and PL_ERR_INVALID. */
int pl_grace_parse(const char *text, struct pl_grace *grace_r, struct pl_error *err);
/* Writes it in the same form. Returns text_r. */
char *pl_grace_format(const struct pl_grace *grace, char text_r[PL_GRACE_TEXT]);
int pl_grace_same(const struct pl_grace *a, const struct pl_grace *b);
/* The days that hold. */
int pl_grace_days(const struct pl_grace *grace, const struct pl_policy *policy);
/* Who has joined in that second or later has days left on that day. INT64_MAX: nobody has. */
int64_t pl_grace_joined_from(const struct pl_grace *grace, const struct pl_policy *policy,
			     int32_t day);

/* The column, which is NULL without days of its own. */
struct pl_grace pl_col_grace(struct pl_stmt *stmt, const char *column);
struct pl_param pl_grace_param(const char *name, const struct pl_grace *grace);

#endif
