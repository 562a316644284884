/* recovery_consent.c - see recovery_consent.h. */
#include "portal/signin/recovery_consent.h"

#include "daemon/log.h"
#include "policy/recovery/decision.h"

int recovery_consent_asks(const struct request *request, int64_t member_id, int *asks_r)
{
	struct pl_decision decision;
	struct pl_error err = { 0 };
	int64_t number;
	int ret;

	*asks_r = 0;
	if (!request->policy->recovery_contacts)
		return 0;
	if (pl_consent_text_number(request->policy->consent_dir, &number, &err) < 0) {
		daemon_log_failure("recovery contacts", &err);
		return 0;
	}
	ret = pl_decision_get(&request->work, member_id, &decision);
	*asks_r = ret == 0 || (ret == 1 && decision.text_number < number);
	return ret < 0 ? -1 : 0;
}
