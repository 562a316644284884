/* console_lockout.c - see console_lockout.h. */
#include "portal/console/console_lockout.h"

#include "policy/login/login.h"
#include "portal/console/conflict.h"
#include "portal/console/console_change.h"

int console_is_locked_out(const struct request *request, const struct pl_account *account)
{
	/* Where other administrators are is not known. */
	const int is_other = !console_is_self(request, account->member.id);
	const struct pl_login login = { .service = PL_SETTING_WEBMAIL,
					.offer = PL_OFFER_PROVEN,
					.ip = request->ip,
					.from_any_network = is_other,
					.now = request->work.now };

	return pl_login_decide(request->policy, &login, account).outcome == PL_DENY;
}

struct counting {
	const struct request *request;
	struct console_lockout *found;
	int failed;
};

static int count_one(const struct pl_administrator *administrator, void *context)
{
	struct counting *counting = context;
	const struct request *request = counting->request;
	struct pl_account account;

	if (administrator->member_id == 0)
		return 0;
	if (pl_account_get(request->work.store, &administrator->address, &account,
			   request->work.err) < 0)
		return counting->failed = 1;
	if (console_is_locked_out(request, &account))
		return 0;
	counting->found->servers += administrator->role == PL_ADMIN_SERVER;
	counting->found->others += administrator->member_id != request->administrator.member_id;
	return 0;
}

int console_lockout_begin(const struct request *request, struct console_lockout *before_r)
{
	struct counting counting = { request, before_r, 0 };

	*before_r = (struct console_lockout){ 0, 0 };
	return pl_administrator_list(request->work.store, count_one, &counting, request->work.err) <
				       0 ||
			       counting.failed
		       ? -1
		       : 0;
}

/* In the place of what the change has answered. */
static int refuse(struct response *response, enum console_conflict why)
{
	response->etag[0] = '\0';
	return respond_conflict(response, why);
}

int console_lockout_end(const struct request *request, struct response *response,
			const struct console_lockout *before)
{
	struct console_lockout after;

	if (console_lockout_begin(request, &after) < 0)
		return -1;
	if (request->administrator.role != PL_ADMIN_SERVER && after.others < before->others)
		return refuse(response, CONFLICT_LOCKS_OUT_ADMINISTRATORS);
	return before->servers > 0 && after.servers == 0
		       ? refuse(response, CONFLICT_LAST_SERVER_ADMINISTRATOR)
		       : 1;
}
