/* console_member_password.c - begins the recovery of a member's account, for who has forgotten the
 * password. */
#include "policy/recovery/reset.h"
#include "portal/console/conflict.h"
#include "portal/console/console_change.h"
#include "portal/console/console_member_answer.h"
#include "portal/console/handlers.h"

static int begin(struct request *request, struct response *response, void *context)
{
	const struct pl_account *account = &request->target;
	enum pl_reset_help help;

	(void)context;
	if (pl_reset_help(&request->work, request->policy, account, &help) < 0)
		return -1;
	if (help != PL_RESET_POSSIBLE)
		return respond_conflict(response, help == PL_RESET_OFF
							  ? CONFLICT_PASSWORD_RECOVERY_OFF
							  : CONFLICT_NO_RECOVERY_CONTACT);
	if (pl_reset_begin(&request->work, request->policy, account) < 0)
		return -1;
	return console_member_answer(request, response, 200, account, request->work.err) < 0 ? -1
											     : 1;
}

int post_console_password_recovery(struct request *request, struct response *response,
				   struct pl_error *err)
{
	(void)err;
	return console_write_with_reason(request, response, begin, NULL);
}
