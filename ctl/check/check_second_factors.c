/* check_second_factors.c - whether what the policy file allows can be registered at the portal. */
#include <string.h>

#include "ctl/check/check.h"
#include "policy/base/network.h"

/* Browsers make keys only for a site that has a name, and is safe (W3C Web Authentication
 * 5.1.3). */
static int has_name(const struct pl_policy *policy)
{
	char host[PL_DOMAIN_MAX + 1];
	struct pl_ip ip;

	pl_policy_portal_host(policy, host);
	return host[0] != '[' && pl_ip_parse(host, &ip, NULL) < 0 &&
	       (strncmp(policy->portal_url, "https://", 8) == 0 || strcmp(host, "localhost") == 0);
}

static void check_kinds(struct check *check, const char *place, const char *name, const char *list)
{
	unsigned int kinds;

	if (list != NULL && pl_factor_kinds_read(list, &kinds) &&
	    (kinds & PL_FACTOR_BIT(PL_FACTOR_TOTP)) == 0)
		check_find(check, CHECK_FAULT,
			   "second_factors = %s%s%s: nobody can register one of these at "
			   "portal_url = %s, since browsers want https and a name for them; "
			   "change portal_url, or allow totp",
			   list, place, name, check->policy->portal_url);
}

void check_second_factors(struct check *check)
{
	const struct pl_policy *policy = check->policy;

	if (has_name(policy))
		return;
	check_kinds(check, "", "", policy->second_factors);
	for (size_t i = 0; i < policy->domain_count; i++)
		check_kinds(check, " of domain ", policy->domains[i].name,
			    policy->domains[i].options.second_factors);
	for (size_t i = 0; i < policy->class_count; i++)
		check_kinds(check, " of class ", policy->classes[i].name,
			    policy->classes[i].options.second_factors);
}
