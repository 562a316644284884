/* console_member_factor.c - takes a member's second factor away, for who has lost it. */
#include "policy/credential/totp.h"
#include "portal/console/console_member_answer.h"
#include "portal/console/handlers.h"
#include "portal/signin/end_sessions.h"

/* In the caller's write transaction, as `postlatch totp reset` does: 0, or -1. */
static int reset(struct request *request, struct pl_error *err)
{
	struct pl_account *account = &request->target;
	const int64_t id = account->member.id;
	const struct pl_notice_origin notice = console_notice(request, "");
	const int removed = pl_totp_reset(&request->work, account);

	(void)err;
	if (removed < 0 || disconnect_device(request, id, 0) < 0 ||
	    pl_session_revoke_all(&request->work, account) < 0)
		return -1;
	return removed == 0 ? 0 : pl_notice_add(&request->work, id, "factor-reset", &notice);
}

int post_console_factor_remove(struct request *request, struct response *response,
			       struct pl_error *err)
{
	int ret = console_reason(request, response);

	/* The console wants a factor, and the account page takes it away for a code only. */
	if (ret == 1 && console_is_self(request, &request->target.member))
		return respond_error(response, 409, "own-account");
	if (ret == 1)
		ret = console_begin_write(request, response, err);
	if (ret != 1)
		return ret;
	if (reset(request, err) < 0 ||
	    console_member_answer(request, response, 200, &request->target, err) < 0)
		return -1;
	return pl_store_commit(request->work.store, err);
}
