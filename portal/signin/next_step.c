/* next_step.c - see next_step.h. */
#include "portal/signin/next_step.h"

#include <string.h>

#include "policy/login/login.h"

static enum next_step next_step_of(const struct pl_verdict *verdict)
{
	switch (verdict->outcome) {
	case PL_DENY:
	case PL_NEED_CREDENTIAL:
		return NEXT_DENIED;
	case PL_NEED_SECOND_FACTOR:
		return verdict->rule == PL_RULE_FACTOR_REGISTER ? NEXT_REGISTER : NEXT_CODE;
	case PL_ALLOW:
		return verdict->rule == PL_RULE_FACTOR_OFFERED ? NEXT_OFFER : NEXT_NOTHING;
	}
	return NEXT_DENIED;
}

int next_step_find(const struct request *request, const struct pl_address *address,
		   int device_trusted, enum next_step *next_r, struct pl_error *err)
{
	char user[PL_ADDRESS_MAX + 1];
	const struct pl_login login = {
		.user = pl_address_format(address, user),
		.user_len = strlen(user),
		.service = PL_SETTING_WEBMAIL,
		.offer = PL_OFFER_PROVEN,
		.device_trusted = device_trusted,
		.ip = request->ip,
		.now = request->work.now,
	};
	struct pl_login_result result;

	if (pl_login_evaluate(request->work.store, request->policy, request->verify, &login,
			      &result, err) < 0)
		return -1;
	*next_r = next_step_of(&result.verdict);
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
