/* grace.c - see grace.h. */
#include "policy/account/grace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/base/day.h"

#define INHERIT "inherit"

int pl_grace_parse(const char *text, struct pl_grace *grace_r, struct pl_error *err)
{
	const int is_own = strcmp(text, INHERIT) != 0;
	const size_t digits = strspn(text, "0123456789");
	const long days = digits > 3 ? PL_GRACE_MOST + 1 : strtol(text, NULL, 10);

	if (is_own && (digits == 0 || text[digits] != '\0' || days > PL_GRACE_MOST))
		return pl_error_set(err, PL_ERR_INVALID,
				    PL_GRACE_NAME "=%.32s: it must be a number of days, up to %d, "
						  "or inherit",
				    text, PL_GRACE_MOST);
	grace_r->is_own = is_own;
	grace_r->days = is_own ? (int)days : 0;
	return 0;
}

char *pl_grace_format(const struct pl_grace *grace, char text_r[PL_GRACE_TEXT])
{
	if (grace->is_own)
		snprintf(text_r, PL_GRACE_TEXT, "%d", grace->days);
	else
		snprintf(text_r, PL_GRACE_TEXT, INHERIT);
	return text_r;
}

int pl_grace_same(const struct pl_grace *a, const struct pl_grace *b)
{
	return a->is_own == b->is_own && a->days == b->days;
}

int pl_grace_days(const struct pl_grace *grace, const struct pl_policy *policy)
{
	return grace->is_own ? grace->days : (int)policy->two_factor_grace_days;
}

int64_t pl_grace_joined_from(const struct pl_grace *grace, const struct pl_policy *policy,
			     int32_t day)
{
	const int days = pl_grace_days(grace, policy);

	return days == 0 ? INT64_MAX : ((int64_t)day - days + 1) * PL_DAY_SECONDS;
}

struct pl_grace pl_col_grace(struct pl_stmt *stmt, const char *column)
{
	struct pl_grace grace = { .is_own = !pl_col_is_null(stmt, column) };

	if (grace.is_own)
		grace.days = (int)pl_col_int(stmt, column);
	return grace;
}

struct pl_param pl_grace_param(const char *name, const struct pl_grace *grace)
{
	return grace->is_own ? (struct pl_param)PL_INT(name, grace->days)
			     : (struct pl_param)PL_NULL(name);
}
