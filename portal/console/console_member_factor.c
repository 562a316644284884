/* console_member_factor.c - takes a member's second factor away, for who has lost it. */
#include "policy/credential/factor.h"
#include "portal/console/conflict.h"
#include "portal/console/console_change.h"
#include "portal/console/console_member_answer.h"
#include "portal/console/handlers.h"
#include "portal/signin/end_sessions.h"

/* As `postlatch totp reset` does. */
static int reset(struct request *request, struct response *response, void *context)
{
	struct pl_account *account = &request->target;
	const int64_t id = account->member.id;
	const struct pl_notice_origin notice = console_notice(request, "");
	int removed;

	(void)context;
	/* The console wants a factor, and the account page takes it away for a code only. */
	if (console_is_self(request, id))
		return respond_conflict(response, CONFLICT_OWN_ACCOUNT);
	removed = pl_factor_reset(&request->work, account);
	if (removed < 0 || disconnect_device(request, id, 0) < 0 ||
	    pl_session_revoke_all(&request->work, account) < 0)
		return -1;
	if (removed > 0 && pl_notice_add(&request->work, id, "factor-reset", &notice) < 0)
		return -1;
	return console_member_answer(request, response, 200, account, request->work.err) < 0 ? -1
											     : 1;
}

int post_console_factor_remove(struct request *request, struct response *response,
			       struct pl_error *err)
{
	(void)err;
	return console_write_with_reason(request, response, reset, NULL);
}
