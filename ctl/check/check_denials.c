/* check_denials.c - whether programs ask Dovecot about members without being named. */
#include <time.h>

#include "ctl/check/check.h"
#include "policy/account/denied_service.h"
#include "policy/settings/other_services.h"

#define DAYS 7

static void find_service(const char *service, int64_t at, void *context)
{
	struct check *check = context;
	const char *named = check->policy->other_services;
	char entry[PL_OTHER_SERVICE_MAX + 8], when[64];
	enum pl_setting setting;

	if (pl_other_service(named, service, &setting))
		return;
	snprintf(entry, sizeof(entry), "%s=imap", service);
	if (pl_other_services_valid(entry))
		check_find(check, CHECK_WARNING,
			   "the service %s has asked Dovecot about members and is denied, last %s; "
			   "if it is a program of yours, set other_services = \"%s%s%s\" in the "
			   "policy file, with the switch that is to hold for it",
			   service, ctl_time(at, when, sizeof(when)), named,
			   named[0] != '\0' ? ", " : "", entry);
	else
		check_find(check, CHECK_WARNING,
			   "a service that calls itself \"%s\" has asked Dovecot about members and "
			   "is denied, last %s; if it is a program of yours, give it a name that "
			   "other_services in the policy file may have",
			   service, ctl_time(at, when, sizeof(when)));
}

int check_denials(struct check *check)
{
	struct pl_error err;

	if (pl_denied_service_list(check->store, time(NULL) - DAYS * PL_DAY_SECONDS, find_service,
				   check, &err) < 0)
		check_find(check, CHECK_FAULT, "%s", err.msg);
	return 1;
}
