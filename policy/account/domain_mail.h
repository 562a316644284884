/* domain_mail.h - what mail programs are told of a domain.
 *
 * They ask before anybody has signed in, so it depends on the domain alone: it is the same for
 * every address of it, and tells nobody which of them exist.
 */
#ifndef POSTLATCH_DOMAIN_MAIL_H
#define POSTLATCH_DOMAIN_MAIL_H

#include "policy/account/domain.h"
#include "policy/settings/mail_settings.h"

/* Fills settings_r with what holds in the domain, for members without settings of their own. 1; 0
 * when nothing can be told: the domain is not known or not active, the policy file names no server,
 * no service is on, or nothing that programs have is accepted; -1. */
int pl_domain_mail_settings(struct pl_store *store, const struct pl_policy *policy,
			    const char *domain, struct pl_mail_settings *settings_r,
			    struct pl_error *err);

#endif
