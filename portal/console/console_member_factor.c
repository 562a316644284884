/* console_member_factor.c - takes a member's second factor away, or one passkey or phone of it, for
 * who has lost it. */
#include "policy/approval/device.h"
#include "policy/credential/passkey.h"
#include "portal/account/account_answer.h"
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

/* ---- one of several ---- */

static int add_passkey(const struct pl_passkey *passkey, void *context)
{
	return json_array_append_new(context, account_passkey_json(passkey));
}

int get_console_passkeys(struct request *request, struct response *response, struct pl_error *err)
{
	json_t *rows = json_array();

	(void)err;
	return console_answer_list(response, rows,
				   pl_passkey_list(&request->work, request->target.member.id,
						   add_passkey, rows));
}

static int add_phone(const struct pl_approval_device *phone, void *context)
{
	return json_array_append_new(context, account_phone_json(phone));
}

int get_console_phones(struct request *request, struct response *response, struct pl_error *err)
{
	json_t *rows = json_array();

	(void)err;
	return console_answer_list(response, rows,
				   pl_approval_device_list(&request->work,
							   request->target.member.id, add_phone,
							   rows));
}

/* What members have several of. */
struct kind {
	int (*remove)(const struct pl_work *work, struct pl_account *account, int64_t id);
	const char *removed; /* notice */
	int (*answer)(struct request *request, struct response *response, struct pl_error *err);
};

/* What was signed in with it ends. */
static int remove_one(struct request *request, struct response *response, void *context)
{
	const struct kind *kind = context;
	const struct pl_notice_origin notice = console_notice(request, "");
	struct pl_account *account = &request->target;
	const int64_t id = account->member.id;
	int removed;

	/* As above. */
	if (console_is_self(request, id))
		return respond_conflict(response, CONFLICT_OWN_ACCOUNT);
	removed = kind->remove(&request->work, account, console_id(request));
	if (removed < 1)
		return removed < 0 ? -1 : respond_error(response, 404, "not-found");
	if (disconnect_device(request, id, 0) < 0 ||
	    pl_session_revoke_all(&request->work, account) < 0 ||
	    pl_notice_add(&request->work, id,
			  account->member.factor_kinds == 0 ? "factor-reset" : kind->removed,
			  &notice) < 0)
		return -1;
	return kind->answer(request, response, request->work.err) < 0 ? -1 : 1;
}

int delete_console_passkey(struct request *request, struct response *response, struct pl_error *err)
{
	struct kind kind = { pl_passkey_remove, "passkey-removed", get_console_passkeys };

	(void)err;
	return console_write_with_reason(request, response, remove_one, &kind);
}

int delete_console_phone(struct request *request, struct response *response, struct pl_error *err)
{
	struct kind kind = { pl_approval_device_remove, "approval-device-removed",
			     get_console_phones };

	(void)err;
	return console_write_with_reason(request, response, remove_one, &kind);
}
