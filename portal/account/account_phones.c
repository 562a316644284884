/* account_phones.c - the member's phones that approve sign-ins: proof, registration, removal. */
#include "portal/account/account_answer.h"
#include "portal/account/handlers.h"
#include "portal/account/kept_factor.h"
#include "portal/http/route.h"
#include "portal/signin/approval.h"
#include "portal/signin/factor.h"

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
	if (account_reauthenticated(request, request->route->redeems) < 0 ||
	    answer_account(request, response, err) < 0)
		return -1;
	return pl_store_commit(request->work.store, err);
}

/* ---- the list ---- */

json_t *account_phone_json(const struct pl_approval_device *phone)
{
	return json_pack("{s:I, s:s, s:I, s:s, s:I, s:s}", "id", (json_int_t)phone->id, "name",
			 phone->name, "created_at", (json_int_t)phone->created_at, "created_ip",
			 phone->created_ip, "last_used_at", (json_int_t)phone->last_used_at,
			 "last_used_ip", phone->last_used_ip);
}

static int add_phone(const struct pl_approval_device *phone, void *context)
{
	return json_array_append_new(context, account_phone_json(phone));
}

int get_phones(struct request *request, struct response *response, struct pl_error *err)
{
	json_t *rows = json_array();
	struct pl_account *account;

	if (request_account(request, &account, err) < 0 ||
	    pl_approval_device_list(&request->work, request->session.member_id, add_phone, rows) <
		    0) {
		json_decref(rows);
		return -1;
	}
	return respond_json(response, 200,
			    json_pack("{s:o, s:b, s:i}", "phones", rows, "possible",
				      (factor_kinds_open(request, account) &
				       PL_FACTOR_BIT(PL_FACTOR_APPROVAL)) != 0,
				      "most", PL_APPROVAL_DEVICES));
}

static const struct kept_factor kind = {
	.add = approval_register,
	.remove = pl_approval_device_remove,
	.answer = get_phones,
	.added = "approval-device-registered",
	.removed = "approval-device-removed",
};

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

int post_phone(struct request *request, struct response *response, struct pl_error *err)
{
	return kept_factor_post(&kind, request, response, err);
}

/* ---- removal ---- */

int post_phone_remove(struct request *request, struct response *response, struct pl_error *err)
{
	return kept_factor_post_remove(&kind, request, response, err);
}
