/* account_phones.c - the member's phones that approve sign-ins: proof, registration, removal. */
#include "portal/account/account_answer.h"
#include "portal/account/handlers.h"
#include "portal/signin/approval.h"
#include "portal/signin/end_sessions.h"
#include "portal/signin/notify.h"
#include "portal/signin/passkey.h"

/* ---- proof ---- */

int post_reauthentication_approval(struct request *request, struct response *response,
				   struct pl_error *err)
{
	return approval_begin(request, response, err);
}

int get_reauthentication_approval(struct request *request, struct response *response,
				  struct pl_error *err)
{
	return approval_state(request, response, err);
}

int post_reauthentication_approval_finish(struct request *request, struct response *response,
					  struct pl_error *err)
{
	int ret = request_begin_write(request, err);

	if (ret == 0)
		ret = approval_redeem(request, response, err);
	if (ret != 1)
		return ret;
	request->session.reauthenticated_at = request->work.now;
	if (pl_session_reauthenticated(&request->work, request->session.id, 1) < 0 ||
	    answer_account(request, response, err) < 0)
		return -1;
	return pl_store_commit(request->work.store, err);
}

/* ---- the list ---- */

static int add_phone(const struct pl_approval_device *phone, void *context)
{
	return json_array_append_new(context,
				     json_pack("{s:I, s:s, s:I, s:s, s:I, s:s}", "id",
					       (json_int_t)phone->id, "name", phone->name,
					       "created_at", (json_int_t)phone->created_at,
					       "created_ip", phone->created_ip, "last_used_at",
					       (json_int_t)phone->last_used_at, "last_used_ip",
					       phone->last_used_ip));
}

static int answer_phones(struct request *request, struct response *response)
{
	json_t *rows = json_array();

	if (pl_approval_device_list(&request->work, request->session.member_id, add_phone, rows) <
	    0) {
		json_decref(rows);
		return -1;
	}
	return respond_json(response, 200,
			    json_pack("{s:o, s:b, s:i}", "phones", rows, "possible",
				      passkey_possible(request), "most", PL_APPROVAL_DEVICES));
}

int get_phones(struct request *request, struct response *response, struct pl_error *err)
{
	(void)err;
	return answer_phones(request, response);
}

/* ---- registration ---- */

int post_phone_registration(struct request *request, struct response *response,
			    struct pl_error *err)
{
	int ret = account_check_two_factor_on(request, response, err);

	return ret == 1 ? approval_begin_registration(request, response, err) : ret;
}

int get_phone_registration(struct request *request, struct response *response, struct pl_error *err)
{
	return approval_registration_state(request, response, err);
}

/* In the write transaction of the phone; it reauthenticates, too. Values as approval_register. */
static int add(struct request *request, struct response *response, struct pl_error *err)
{
	json_t *codes = NULL;
	int ret = approval_register(request, response, &codes, err);

	if (ret != 1)
		return ret;
	request->session.reauthenticated_at = request->work.now;
	if (pl_session_reauthenticated(&request->work, request->session.id, 1) < 0 ||
	    answer_phones(request, response) < 0 ||
	    notify_member(request, request->session.member_id, "approval-device-registered") < 0)
		ret = -1;
	if (ret == 1 && codes != NULL)
		json_object_set(response->json, "recovery_codes", codes);
	json_decref(codes);
	return ret;
}

int post_phone(struct request *request, struct response *response, struct pl_error *err)
{
	int ret = request_begin_write(request, err);

	if (ret == 0)
		ret = account_check_two_factor_on(request, response, err);
	if (ret == 1)
		ret = add(request, response, err);
	return ret < 0 || pl_store_commit(request->work.store, err) < 0 ? -1 : 0;
}

/* Sessions that were opened with a phone that is in other hands end with it. */
int post_phone_remove(struct request *request, struct response *response, struct pl_error *err)
{
	const int64_t id = json_integer_value(json_object_get(request->json, "id"));
	struct pl_account *account;
	int removed = -1;

	if (request_begin_write(request, err) == 0 && request_account(request, &account, err) == 0)
		removed = pl_approval_device_remove(&request->work, account, id);
	if (removed == 1 &&
	    (notify_member(request, account->member.id,
			   account->member.factor_kinds == 0 ? "factor-removed"
							     : "approval-device-removed") < 0 ||
	     end_other_sessions(request, err) < 0))
		removed = -1;
	if (removed < 0 || pl_store_commit(request->work.store, err) < 0)
		return -1;
	return removed == 0 ? respond_error(response, 404, "not-found")
			    : answer_phones(request, response);
}
