/* domain_mail.c - see domain_mail.h. */
#include "policy/account/domain_mail.h"

#include <stdio.h>

#include "policy/account/member.h"

int pl_domain_mail_settings(struct pl_store *store, const struct pl_policy *policy,
			    const char *domain, struct pl_mail_settings *settings_r,
			    struct pl_error *err)
{
	struct pl_address nobody = { .local = "" };
	struct pl_account account;
	struct pl_layers layers;

	snprintf(nobody.domain, sizeof(nobody.domain), "%s", domain);
	if (pl_account_get(store, &nobody, &account, err) < 0)
		return -1;
	if (pl_account_is_outside(&account, policy) || !account.domain.active)
		return 0;
	pl_account_layers(&account, policy, pl_store_now(store), &layers);
	pl_mail_settings(policy, &layers, settings_r);
	return settings_r->count > 0 && (settings_r->oauth || pl_mail_takes_passwords(settings_r));
}
