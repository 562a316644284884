/* domain.h - for which domain a program asks how it is set up. */
#ifndef POSTLATCH_PORTAL_SETUP_DOMAIN_H
#define POSTLATCH_PORTAL_SETUP_DOMAIN_H

#include "policy/account/domain_mail.h"
#include "portal/http/request.h"

struct setup {
	char domain[PL_DOMAIN_MAX + 1]; /* as it was asked for, in A-labels */
	struct pl_mail_settings settings;
};

/* What holds in the domain of an address, or, when address is NULL, in that of the host that was
 * asked: example.com for example.com itself and for the names in front of it that programs try
 * (autoconfig, ua-auto-config, autodiscover). Values as pl_domain_mail_settings; 0 as well when it
 * is none. */
int setup_find(const struct request *request, const char *address, struct setup *setup_r,
	       struct pl_error *err);

#endif
