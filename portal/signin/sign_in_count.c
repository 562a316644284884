/* sign_in_count.c - see sign_in_count.h. */
#include "portal/signin/sign_in_count.h"

#include <string.h>

#include "portal/http/portal.h"

static int64_t domain_of(const struct request *request, const char *name)
{
	struct pl_address address;
	int64_t id = 0;

	if (request->work.store == NULL ||
	    pl_address_parse(name, strlen(name), request->policy->default_domain, &address, NULL) <
		    0 ||
	    pl_login_count_domain(request->work.store, address.domain, &id, NULL) < 0)
		return 0;
	return id;
}

void count_sign_in(const struct request *request, const char *address,
		   enum pl_login_outcome outcome, const char *credential, const char *rule)
{
	const struct pl_login_count count = {
		.hour = pl_hour_of(request->work.now),
		.domain_id = domain_of(request, address),
		.service = pl_setting_info(PL_SETTING_WEBMAIL)->name,
		.channel = pl_channel_name(PL_CHANNEL_WEBMAIL),
		.credential = credential,
		.rule = rule,
		.outcome = outcome,
		.count = 1,
	};

	portal_count(request, &count);
}
