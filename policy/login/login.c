/* login.c - finds out everything about one login, and has it decided; see login.h. */
#include "policy/login/login.h"

#include <string.h>
#include <strings.h>

int pl_mechanism_is_bearer(const char *mechanism)
{
	return mechanism != NULL &&
	       (strcasecmp(mechanism, "XOAUTH2") == 0 || strcasecmp(mechanism, "OAUTHBEARER") == 0);
}

/* 1 when the password could be an app password but cannot be checked. */
static int find_app_password(struct pl_store *store, const struct pl_keys *keys,
			     const struct pl_login *login, struct pl_login_result *result,
			     struct pl_error *err)
{
	struct pl_secret folded;
	int ret;

	if (!pl_app_password_fold(login->secret, &folded))
		return 0;
	if (keys == NULL) {
		pl_secret_wipe(&folded);
		return 1;
	}
	ret = pl_app_password_find(store, keys, result->account.member.id, &folded,
				   &result->app_password, err);
	pl_secret_wipe(&folded);
	if (ret == 1) {
		result->facts.credential = PL_CREDENTIAL_APP_PASSWORD;
		result->facts.app_password =
			pl_app_password_limit(&result->app_password, login->service, &login->ip,
					      login->now);
	}
	return ret < 0 ? -1 : 0;
}

struct any_app_password {
	const struct pl_login *login;
	struct pl_facts *facts;
};

/* One that covers the login, or else the last, whose limit is the one to tell about. */
static int try_app_password(const struct pl_app_password *app_password, void *context)
{
	const struct any_app_password *any = context;

	any->facts->app_password = pl_app_password_limit(app_password, any->login->service,
							 &any->login->ip, any->login->now);
	return any->facts->app_password == PL_APP_PASSWORD_COVERS;
}

static int find_any_app_password(struct pl_store *store, const struct pl_login *login,
				 struct pl_login_result *result, struct pl_error *err)
{
	struct any_app_password any = { .login = login, .facts = &result->facts };

	result->facts.credential = PL_CREDENTIAL_APP_PASSWORD;
	result->facts.app_password = PL_APP_PASSWORD_NONE;
	return pl_app_password_list(store, result->account.member.id, try_app_password, &any, err);
}

/* The token decides the channel, and must be the very member's. */
static int find_token(struct pl_store *store, const struct pl_login *login,
		      struct pl_login_result *result, struct pl_error *err)
{
	int ret = pl_session_by_token(store, login->secret, login->now, &result->session, err);

	if (ret < 0)
		return -1;
	result->facts.credential = PL_CREDENTIAL_BAD_TOKEN;
	if (ret == 1 && result->session.member_id == result->account.member.id) {
		result->facts.credential = PL_CREDENTIAL_TOKEN;
		result->facts.channel = result->session.channel;
	}
	return 0;
}

/* Returns 0, 1 when the password cannot be checked, or -1. */
static int gather_credential(struct pl_store *store, const struct pl_keys *keys,
			     const struct pl_login *login, struct pl_login_result *result,
			     struct pl_error *err)
{
	struct pl_facts *facts = &result->facts;

	switch (login->offer) {
	case PL_OFFER_NOTHING:
		return 0;
	case PL_OFFER_PASSWORD:
		return find_app_password(store, keys, login, result, err);
	case PL_OFFER_BEARER:
		return find_token(store, login, result, err);
	case PL_OFFER_PROVEN:
		facts->credential = PL_CREDENTIAL_ACCOUNT_PASSWORD;
		return 0;
	case PL_OFFER_EARLIER:
		facts->credential = PL_CREDENTIAL_EARLIER;
		/* Whose session the token was of is not known any more; most are webmail's. */
		if (pl_mechanism_is_bearer(login->mechanism))
			facts->channel = PL_CHANNEL_WEBMAIL;
		return 0;
	case PL_OFFER_ANY_APP_PASSWORD:
		return find_any_app_password(store, login, result, err);
	case PL_OFFER_ANY_TOKEN:
		facts->credential = PL_CREDENTIAL_TOKEN;
		facts->channel = PL_CHANNEL_WEBMAIL;
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

/* Returns 0, 1 when the password cannot be checked, or -1. */
static int gather(struct pl_store *store, const struct pl_policy *policy,
		  const struct pl_keys *keys, const struct pl_login *login,
		  struct pl_login_result *result, struct pl_error *err)
{
	struct pl_facts *facts = &result->facts;
	int ret;

	/* A name that is not an address belongs to no member: the defaults hold. Its
	 * lookup finds nothing, and costs what any other does. */
	if (pl_address_parse(login->user, login->user_len, policy->default_domain, &result->address,
			     NULL) < 0)
		memset(&result->address, 0, sizeof(result->address));
	if (pl_account_get(store, &result->address, &result->account, err) < 0)
		return -1;
	pl_account_layers(&result->account, policy, &facts->layers);
	facts->domain_inactive = !result->account.domain.active;
	facts->member_inactive = !result->account.member.active;
	facts->factor_registered = result->account.member.factor_registered;
	facts->device_trusted = login->device_trusted;
	facts->service = login->service;
	facts->channel = channel_of(policy, login);
	facts->credential = PL_CREDENTIAL_UNPROVEN;
	ret = gather_credential(store, keys, login, result, err);
	if (login->channel != NULL)
		facts->channel = *login->channel;
	return ret;
}

int pl_login_evaluate(struct pl_store *store, const struct pl_policy *policy,
		      const struct pl_keys *keys, const struct pl_login *login,
		      struct pl_login_result *result_r, struct pl_error *err)
{
	int ret;

	memset(result_r, 0, sizeof(*result_r));
	ret = gather(store, policy, keys, login, result_r, err);
	if (ret < 0)
		return -1;
	result_r->verdict = pl_decide(&result_r->facts);
	/* The gates come first in rules.def: what they shut, no credential opens. */
	if (ret == 1 && result_r->verdict.rule > PL_RULE_SERVICE_OFF)
		return pl_error_set(err, PL_ERR_RETRY,
				    "app passwords cannot be checked without the HMAC key");
	return 0;
}
