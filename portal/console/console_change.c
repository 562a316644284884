/* console_change.c - see console_change.h. */
#include "portal/console/console_change.h"

#include "policy/base/utf8.h"
#include "portal/console/conflict.h"
#include "portal/console/console_lockout.h"

/* Ends the transaction as the change wants it. */
static int finish(struct request *request, int ret)
{
	if (ret == 1)
		return pl_store_commit(request->work.store, request->work.err);
	pl_store_rollback(request->work.store);
	return ret;
}

/* In the transaction: 1; 0 and the answer; -1. */
static int make(struct request *request, struct response *response, console_change *change,
		void *context)
{
	struct console_lockout before;
	int ret = console_lockout_begin(request, &before);

	if (ret == 0)
		ret = change(request, response, context);
	return ret == 1 ? console_lockout_end(request, response, &before) : ret;
}

int console_write(struct request *request, struct response *response, console_change *change,
		  void *context)
{
	if (request_begin_write(request, request->work.err) < 0)
		return -1;
	return finish(request, make(request, response, change, context));
}

/* In the transaction: 1; 0 and the answer, when the member is gone; -1. */
static int read_target(struct request *request, struct response *response)
{
	const struct pl_address address = request->target.member.address;
	const int64_t id = request->target.member.id;

	if (pl_account_get(request->work.store, &address, &request->target, request->work.err) < 0)
		return -1;
	return request->target.member.id == id ? 1 : respond_error(response, 404, "not-found");
}

int console_write_member(struct request *request, struct response *response, console_change *change,
			 void *context)
{
	int ret;

	if (request_begin_write(request, request->work.err) < 0)
		return -1;
	ret = read_target(request, response);
	return finish(request, ret == 1 ? make(request, response, change, context) : ret);
}

int console_take_reason(struct request *request, struct response *response)
{
	request->work.actor.reason = request_text(request, "reason");
	return request->policy->admin_reason && request->work.actor.reason == NULL
		       ? respond_bad_field(response, "reason")
		       : 1;
}

int console_write_with_reason(struct request *request, struct response *response,
			      console_change *change, void *context)
{
	return console_take_reason(request, response)
		       ? console_write_member(request, response, change, context)
		       : 0;
}

int console_is_allowed(const struct request *request, struct response *response, const char *domain,
		       const struct pl_change *change)
{
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		if ((change->settings & 1u << i) != 0 && change->value.value[i] == PL_ON &&
		    pl_policy_forbids(request->policy, domain, (enum pl_setting)i))
			return respond_conflict_with(response, CONFLICT_FORBIDDEN,
						     json_pack("{s:s}", "field",
							       pl_setting_info((enum pl_setting)i)
								       ->name));
	}
	return 1;
}

int console_is_self(const struct request *request, int64_t member_id)
{
	return member_id != 0 && request->administrator.member_id == member_id;
}

struct pl_notice_origin console_notice(const struct request *request, const char *device)
{
	struct pl_notice_origin origin = { .ip = "" };

	pl_utf8_copy(device, origin.device, sizeof(origin.device));
	if (request->work.actor.reason != NULL)
		pl_utf8_copy(request->work.actor.reason, origin.reason, sizeof(origin.reason));
	return origin;
}
