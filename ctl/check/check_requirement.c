/* check_requirement.c - domains whose members must have a second factor: who has none yet, and
 * whether a day has passed since which nobody has registered one. */
#include <stdlib.h>
#include <string.h>

#include "ctl/check/check.h"
#include "policy/admin/member_query.h"

/* How many members of the domain must register a factor at the next sign-in (overdue), or have
 * one. -1. */
static int64_t count_members(const struct check *check, const char *domain, int overdue,
			     struct pl_error *err)
{
	struct pl_member_query query = { .active = PL_YES };
	struct pl_member_search *search;
	int64_t count;

	snprintf(query.domain, sizeof(query.domain), "%s", domain);
	query.overdue = overdue;
	query.registered = overdue ? PL_EITHER : PL_YES;
	if (pl_member_search_open(check->store, check->policy, 0, &query, check->ctl->work.now,
				  &search, err) < 0)
		return -1;
	count = pl_member_search_count(search, err);
	pl_member_search_close(&search);
	return count;
}

/* The day since which a layer of the domain has required the factor; 0: none does, or it has no
 * date. */
static int32_t required_since(const struct check *check, const struct pl_domain *domain)
{
	const enum pl_setting setting = PL_SETTING_TWO_FACTOR_REQUIREMENT;
	struct pl_account account;
	struct pl_layers layers;
	const struct pl_settings *in_order[3];

	memset(&account, 0, sizeof(account));
	account.domain = *domain;
	snprintf(account.member.address.domain, sizeof(account.member.address.domain), "%s",
		 domain->name);
	pl_account_layers(&account, check->policy, check->ctl->work.now, &layers);
	if (pl_resolve(&layers, setting).value != PL_REQUIRED)
		return 0;
	in_order[0] = layers.domain;
	in_order[1] = layers.policy_domain;
	in_order[2] = layers.policy_defaults;
	for (size_t i = 0; i < sizeof(in_order) / sizeof(in_order[0]); i++) {
		const struct pl_settings *layer = in_order[i];

		if (layer != NULL && layer->value[setting] != PL_UNSET &&
		    layer->from[setting] <= layers.today)
			return layer->from[setting];
	}
	return 0;
}

static void find_overdue(struct check *check, const struct pl_domain *domain, int64_t overdue,
			 int64_t registered)
{
	const int32_t since = required_since(check, domain);
	char day[PL_DAY_TEXT];

	if (since != 0 && registered == 0)
		check_find(check, CHECK_WARNING,
			   "members of the domain %s must have a second factor since %s, and none "
			   "of the %lld has registered one; make sure that they use the sign-in "
			   "page of the portal, or set a later date with `postlatch domain set %s "
			   "two_factor_requirement=required_from_DATE`",
			   domain->name, pl_day_format(since, day), (long long)overdue,
			   domain->name);
	else
		check_find(check, CHECK_OK,
			   "members of the domain %s who must still register a second factor at "
			   "their next sign-in to webmail: %lld; the console lists them",
			   domain->name, (long long)overdue);
}

static int look_at(struct check *check, const struct pl_domain *domain, struct pl_error *err)
{
	int64_t overdue, registered = 0;

	if (domain->members == 0 || !domain->active)
		return 0;
	overdue = count_members(check, domain->name, 1, err);
	if (overdue > 0)
		registered = count_members(check, domain->name, 0, err);
	if (overdue < 0 || registered < 0)
		return -1;
	if (overdue > 0)
		find_overdue(check, domain, overdue, registered);
	return 0;
}

struct domains {
	struct pl_domain *all;
	size_t count;
};

static int collect(const struct pl_domain *domain, void *context)
{
	struct domains *domains = context;
	struct pl_domain *all = realloc(domains->all, (domains->count + 1) * sizeof(*domains->all));

	if (all == NULL)
		return 1;
	domains->all = all;
	all[domains->count++] = *domain;
	return 0;
}

int check_requirement(struct check *check)
{
	struct pl_error err = { 0 };
	struct domains domains = { .all = NULL };
	int ret;

	ret = pl_domain_list(check->store, collect, &domains, &err);
	for (size_t i = 0; ret == 0 && i < domains.count; i++)
		ret = look_at(check, &domains.all[i], &err);
	free(domains.all);
	if (ret < 0)
		check_find(check, CHECK_FAULT, "%s", err.msg);
	return 1;
}
