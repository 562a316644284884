/* check_console.c - whether every administrator can use the console. */
#include "ctl/check/check.h"

struct seen {
	int members, without; /* a second factor */
	char first[PL_ADDRESS_MAX + 1];
};

static int look(const struct pl_administrator *administrator, void *context)
{
	struct seen *seen = context;

	if (administrator->member_id == 0)
		return 0;
	seen->members++;
	if (!administrator->factor_registered && seen->without++ == 0)
		pl_address_format(&administrator->address, seen->first);
	return 0;
}

int check_console(struct check *check)
{
	struct seen seen = { .members = 0 };
	struct pl_error err = { 0 };
	char others[48] = "";

	if (pl_administrator_list(check->store, look, &seen, &err) < 0) {
		check_find(check, CHECK_FAULT, "%s", err.msg);
		return 1;
	}
	if (seen.without > 1)
		snprintf(others, sizeof(others), " and %d more administrators", seen.without - 1);
	if (seen.without > 0)
		check_find(check, CHECK_WARNING,
			   "%s%s cannot use the console without a second factor; register it at "
			   "the portal, or take the role away by `postlatch admin remove`",
			   seen.first, others);
	return seen.members > 0;
}
