/* domain.c - see domain.h. */
#include "portal/setup/domain.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The name in a Host field, without its port and without what programs put in front of it. */
static int domain_of_host(const char *host, char domain_r[PL_DOMAIN_MAX + 1])
{
	static const char *const labels[] = { "autoconfig.", "ua-auto-config.", "autodiscover." };
	char name[PL_DOMAIN_MAX + 1];

	if (host == NULL || strcspn(host, ":") >= sizeof(name))
		return -1;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(host, ":"), host);
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		const size_t len = strlen(labels[i]);

		if (strncasecmp(name, labels[i], len) == 0)
			return pl_domain_parse(name + len, domain_r, NULL);
	}
	return pl_domain_parse(name, domain_r, NULL);
}

static int domain_of_address(const char *text, char domain_r[PL_DOMAIN_MAX + 1])
{
	struct pl_address address;

	if (pl_address_parse(text, strlen(text), NULL, &address, NULL) < 0)
		return -1;
	memcpy(domain_r, address.domain, sizeof(address.domain));
	return 0;
}

int setup_find(const struct request *request, const char *address, struct setup *setup_r,
	       struct pl_error *err)
{
	if ((address != NULL ? domain_of_address(address, setup_r->domain)
			     : domain_of_host(request->host, setup_r->domain)) < 0)
		return 0;
	return pl_domain_mail_settings(request->work.store, request->policy, setup_r->domain,
				       &setup_r->settings, err);
}
