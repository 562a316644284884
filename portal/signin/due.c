/* due.c - see due.h. */
#include "portal/signin/due.h"

#include <string.h>

static enum due due_of(const struct pl_verdict *verdict)
{
	switch (verdict->outcome) {
	case PL_DENY:
	case PL_NEED_CREDENTIAL:
		return DUE_DENIED;
	case PL_NEED_SECOND_FACTOR:
		return verdict->rule == PL_RULE_FACTOR_REGISTER ? DUE_REGISTER : DUE_CODE;
	case PL_ALLOW:
		return verdict->rule == PL_RULE_FACTOR_OFFERED ? DUE_OFFER : DUE_NOTHING;
	}
	return DUE_DENIED;
}

int due_find(const struct request *request, const struct pl_address *address, int device_trusted,
	     enum due *due_r, struct pl_error *err)
{
	char user[PL_ADDRESS_MAX + 1];
	const struct pl_login login = {
		.user = pl_address_format(address, user),
		.user_len = strlen(user),
		.service = PL_SETTING_WEBMAIL,
		.offer = PL_OFFER_PROVEN,
		.device_trusted = device_trusted,
		.ip = request->ip,
		.now = request->now,
	};
	struct pl_login_result result;

	if (pl_login_evaluate(request->store, request->policy, request->verify, &login, &result,
			      err) < 0)
		return -1;
	*due_r = due_of(&result.verdict);
	return 0;
}

const char *due_name(enum due due)
{
	switch (due) {
	case DUE_CODE:
		return "code";
	case DUE_REGISTER:
		return "register";
	case DUE_OFFER:
		return "offer";
	case DUE_DENIED:
	case DUE_NOTHING:
		return NULL;
	}
	return NULL;
}
