/* login.c - gathers the facts about one login; see login.h. */
#include "policy/login/login.h"

#include <string.h>

/* The gates come first in rules.def: what they shut, no credential opens. */
static int shut_anyway(const struct pl_facts *facts)
{
	return pl_decide(facts).rule <= PL_RULE_SERVICE_OFF;
}

static int gather_app_password(struct pl_store *store, const struct pl_keys *keys,
			       const struct pl_login *login, struct pl_subject *subject,
			       struct pl_facts *facts, struct pl_error *err)
{
	struct pl_secret folded;
	int ret;

	if (!pl_app_password_fold(login->secret, &folded))
		return 0;
	if (keys == NULL) {
		pl_secret_wipe(&folded);
		return shut_anyway(facts) ? 0
					  : pl_error_set(err, PL_ERR_RETRY,
							 "app passwords cannot be checked without "
							 "the verify key");
	}
	ret = pl_app_password_find(store, keys, subject->account.member.id, &folded,
				   &subject->app_password, err);
	pl_secret_wipe(&folded);
	if (ret == 1) {
		facts->credential = PL_CREDENTIAL_APP_PASSWORD;
		facts->app_password = pl_app_password_limit(&subject->app_password, login->service,
							    &login->ip, login->now);
	}
	return ret < 0 ? -1 : 0;
}

/* The token decides the channel, and must be the very member's. */
static int gather_token(struct pl_store *store, const struct pl_login *login,
			struct pl_subject *subject, struct pl_facts *facts, struct pl_error *err)
{
	int ret = pl_session_by_token(store, login->secret, login->now, &subject->session, err);

	if (ret < 0)
		return -1;
	facts->credential = PL_CREDENTIAL_BAD_TOKEN;
	if (ret == 1 && subject->session.member_id == subject->account.member.id) {
		facts->credential = PL_CREDENTIAL_TOKEN;
		facts->channel = subject->session.channel;
	}
	return 0;
}

static int gather_credential(struct pl_store *store, const struct pl_keys *keys,
			     const struct pl_login *login, struct pl_subject *subject,
			     struct pl_facts *facts, struct pl_error *err)
{
	switch (login->offer) {
	case PL_OFFER_NOTHING:
		return 0;
	case PL_OFFER_PASSWORD:
		return gather_app_password(store, keys, login, subject, facts, err);
	case PL_OFFER_BEARER:
		return gather_token(store, login, subject, facts, err);
	case PL_OFFER_PROVEN:
		facts->credential = PL_CREDENTIAL_ACCOUNT_PASSWORD;
		return 0;
	}
	return 0;
}

/* The sign-in page, or a webmail without OAuth known by its network. */
static enum pl_channel channel_of(const struct pl_policy *policy, const struct pl_login *login)
{
	return login->service == PL_SETTING_WEBMAIL ||
			       pl_network_list_has(&policy->webmail_networks, &login->ip)
		       ? PL_CHANNEL_WEBMAIL
		       : PL_CHANNEL_CLIENT;
}

int pl_login_gather(struct pl_store *store, const struct pl_policy *policy,
		    const struct pl_keys *keys, const struct pl_login *login,
		    struct pl_subject *subject_r, struct pl_facts *facts_r, struct pl_error *err)
{
	memset(subject_r, 0, sizeof(*subject_r));
	memset(facts_r, 0, sizeof(*facts_r));
	/* A name that is no address belongs to no member: the defaults hold. Its
	 * lookup finds nothing, and costs what any other does. */
	if (pl_address_parse(login->user, login->user_len, policy->default_domain,
			     &subject_r->address, NULL) < 0)
		memset(&subject_r->address, 0, sizeof(subject_r->address));
	if (pl_account_get(store, &subject_r->address, &subject_r->account, err) < 0)
		return -1;

	pl_account_layers(&subject_r->account, policy, &facts_r->layers);
	facts_r->domain_inactive = !subject_r->account.domain.active;
	facts_r->member_inactive = !subject_r->account.member.active;
	facts_r->factor_registered = subject_r->account.member.factor_registered;
	facts_r->service = login->service;
	facts_r->channel = channel_of(policy, login);
	facts_r->credential = PL_CREDENTIAL_UNPROVEN;
	return gather_credential(store, keys, login, subject_r, facts_r, err);
}
