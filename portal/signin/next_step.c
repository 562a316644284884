/* next_step.c - see next_step.h. */
#include "portal/signin/next_step.h"

#include "policy/login/login.h"

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

enum next_step next_step_of(const struct request *request, const struct pl_account *account,
			    int device_trusted)
{
	const struct pl_login login = {
		.service = PL_SETTING_WEBMAIL,
		.offer = PL_OFFER_PROVEN,
		.device_trusted = device_trusted,
		.ip = request->ip,
		.now = request->work.now,
	};

	return step_of(pl_login_decide(request->policy, &login, account));
}

int next_step_find(const struct request *request, const struct pl_address *address,
		   int device_trusted, enum next_step *next_r, struct pl_error *err)
{
	struct pl_account account;

	if (pl_account_get(request->work.store, address, &account, err) < 0)
		return -1;
	*next_r = next_step_of(request, &account, device_trusted);
	return 0;
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
