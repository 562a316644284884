/* next_step.c - see next_step.h. */
#include "portal/signin/next_step.h"

#include <string.h>

static enum next_step step_of(struct pl_verdict verdict)
{
	switch (verdict.outcome) {
	case PL_DENY:
	case PL_NEED_CREDENTIAL:
		return NEXT_DENIED;
	case PL_NEED_SECOND_FACTOR:
		return verdict.rule == PL_RULE_FACTOR_REGISTER ? NEXT_REGISTER : NEXT_CODE;
	case PL_ALLOW:
		return verdict.rule == PL_RULE_FACTOR_OFFERED ? NEXT_OFFER : NEXT_NOTHING;
	}
	return NEXT_DENIED;
}

static struct pl_verdict decide(const struct request *request, const struct pl_ip *browser,
				const struct pl_account *account, enum pl_offer offer,
				int second_factor)
{
	const struct pl_login login = {
		.service = PL_SETTING_WEBMAIL,
		.offer = offer,
		.device_trusted = second_factor,
		.ip = *browser,
		.now = request->work.now,
	};

	return pl_login_decide(request->policy, &login, account);
}

enum next_step next_step_of(const struct request *request, const struct pl_account *account,
			    int second_factor)
{
	return step_of(decide(request, &request->ip, account, PL_OFFER_PROVEN, second_factor));
}

enum next_step next_step_by_passkey(const struct request *request, const struct pl_account *account)
{
	return step_of(decide(request, &request->ip, account, PL_OFFER_PASSKEY, 0));
}

const char *next_step_rule(const struct request *request, const struct pl_account *account,
			   enum pl_offer offer)
{
	return pl_rule_name(decide(request, &request->ip, account, offer, 0).rule);
}

int next_step_is_outside(const struct request *request, const struct pl_account *account)
{
	return decide(request, &request->ip, account, PL_OFFER_PROVEN, 0).rule ==
	       PL_RULE_WEBMAIL_NETWORK;
}

const char *next_step_refusal(const struct request *request, const struct pl_account *account,
			      enum pl_offer offer)
{
	const enum pl_rule rule = decide(request, &request->ip, account, offer, 0).rule;

	if (rule == PL_RULE_PASSKEY_SIGN_IN_OFF)
		return "passkey-sign-in-off";
	return rule == PL_RULE_WEBMAIL_NETWORK ? "webmail-network" : "not-allowed";
}

struct pl_ip session_address(const struct pl_session *session)
{
	struct pl_ip ip;

	if (pl_ip_parse(session->ip, &ip, NULL) < 0)
		memset(&ip, 0, sizeof(ip));
	return ip;
}

int next_step_recheck(const struct request *request, const struct pl_ip *browser,
		      const struct pl_account *account, struct pl_session *session,
		      enum next_step *next_r, struct pl_error *err)
{
	struct pl_account read;

	if (account == NULL) {
		account = &read;
		if (pl_account_get(request->work.store, &session->address, &read, err) < 0)
			return -1;
	}
	*next_r = step_of(
		decide(request, browser, account, PL_OFFER_PROVEN, session->second_factor != 0));
	if (session->pending || (*next_r != NEXT_CODE && *next_r != NEXT_REGISTER))
		return 0;
	return pl_session_suspend(&request->work, session);
}

const char *next_step_name(enum next_step next)
{
	switch (next) {
	case NEXT_CODE:
		return "code";
	case NEXT_REGISTER:
		return "register";
	case NEXT_OFFER:
		return "offer";
	case NEXT_DENIED:
	case NEXT_NOTHING:
		return NULL;
	}
	return NULL;
}
