/* check_domains.c - whether the domains are known whose members sign in. */
#include "ctl/check/check.h"
#include "ctl/postfix_domains.h"
#include "policy/account/member.h"

struct known {
	struct check *check;
	int count;
};

static int count_known(const struct pl_domain *domain, void *context)
{
	((struct known *)context)->count += domain->known;
	return 0;
}

/* Members of such a domain have signed in before the first domain was made known. */
static int warn_of_outsiders(const struct pl_domain *domain, void *context)
{
	struct known *known = context;

	if (domain->members > 0 && !pl_domain_is_known(domain, known->check->policy))
		check_find(known->check, CHECK_WARNING,
			   "the domain %s is not known, so its %lld members cannot sign in; add it "
			   "with `postlatch domain add %s`",
			   domain->name, (long long)domain->members, domain->name);
	return 0;
}

/* 1 outside, 0 or -1. */
static int is_outside(const struct check *check, const char *name, struct pl_error *err)
{
	struct pl_address address = { .local = "" };
	struct pl_account account;

	snprintf(address.domain, sizeof(address.domain), "%s", name);
	return pl_account_get(check->store, &address, &account, err) < 0
		       ? -1
		       : pl_account_is_outside(&account, check->policy);
}

/* default_domain completes names to those of a domain, and does not make it known. */
static int check_default(struct check *check, struct pl_error *err)
{
	const char *name = check->policy->default_domain;
	int ret = name[0] == '\0' ? 0 : is_outside(check, name, err);

	if (ret == 1)
		check_find(check, CHECK_FAULT,
			   "default_domain = %s is not known, so nobody can sign in with a name "
			   "without a domain; correct it in the policy file, or add it with "
			   "`postlatch domain add %s`",
			   name, name);
	return ret < 0 ? -1 : 0;
}

static int compare_with_postfix(struct check *check, struct pl_error *err)
{
	struct domain_names list = { 0 };
	struct pl_error unread = { 0 };
	int ret = 0;

	/* Where Postfix has its domains in a database, nothing is known about them. */
	if (postfix_domains(check->ctl->option[CTL_OPTION_POSTFIX_CONF], &list, &unread) < 0)
		list.count = 0;
	for (size_t i = 0; i < list.count && ret >= 0; i++) {
		ret = is_outside(check, list.names[i], err);
		if (ret == 1)
			check_find(check, CHECK_WARNING,
				   "Postfix has mailboxes in the domain %s, which is not known, so "
				   "nobody can sign in there; add it with `postlatch domain add "
				   "%s`",
				   list.names[i], list.names[i]);
	}
	domain_names_free(&list);
	return ret < 0 ? -1 : 0;
}

static int find_outsiders(struct check *check, struct known *known, struct pl_error *err)
{
	const size_t before = json_array_size(check->findings);

	if (pl_unknown_domains_allowed(check->policy)) {
		check_find(check, CHECK_OK,
			   "names in domains that are not known follow the "
			   "defaults, as unknown_domains says");
		return 0;
	}
	if (pl_domain_list(check->store, warn_of_outsiders, known, err) < 0 ||
	    check_default(check, err) < 0 || compare_with_postfix(check, err) < 0)
		return -1;
	if (json_array_size(check->findings) == before)
		check_find(check, CHECK_OK, "names in other domains than the %d known are denied",
			   known->count);
	return 0;
}

int check_domains(struct check *check)
{
	struct known known = { .check = check };
	struct pl_error err = { 0 };
	int ret;

	known.count = (int)check->policy->domain_count;
	ret = pl_domain_list(check->store, count_known, &known, &err);
	if (ret == 0 && known.count == 0)
		check_find(check, CHECK_WARNING,
			   "no domain is known, so every name follows the defaults; make your "
			   "domains known with `postlatch domain import --from-postfix` or "
			   "`postlatch domain add`");
	else if (ret == 0)
		ret = find_outsiders(check, &known, &err);
	if (ret < 0)
		check_find(check, CHECK_FAULT, "%s", err.msg);
	return 1;
}
