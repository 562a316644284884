/* account_factor.c - the account page sets the second factor up, anew or away. */
#include "portal/account/account_answer.h"
#include "portal/http/route.h"
#include "portal/signin/factor.h"
#include "portal/account/handlers.h"
#include "portal/signin/notify.h"
#include "portal/signin/end_sessions.h"
#include "portal/signin/next_step.h"

int post_account_registration(struct request *request, struct response *response,
			      struct pl_error *err)
{
	int ret = account_check_two_factor_on(request, response, err);

	return ret == 1 ? factor_begin(request, response, err) : ret;
}

/* The account object with recovery codes, which it takes over. */
static int answer_with_codes(struct request *request, struct response *response, json_t *codes,
			     struct pl_error *err)
{
	int ret = answer_account(request, response, err);

	if (ret == 0)
		json_object_set(response->json, "recovery_codes", codes);
	json_decref(codes);
	return ret;
}

/* In the write transaction of the factor, the ends of other sessions, the recovery codes and
 * the reauthentication. Values as factor_confirm; what cannot be answered is not committed. */
static int register_factor(struct request *request, struct response *response, struct pl_error *err)
{
	json_t *codes = NULL;
	int ret = factor_confirm(request, response, request_text(request, "code"), &codes, err);

	if (ret != 1)
		return ret;
	if (account_reauthenticated(request, request->route->registers) < 0) {
		json_decref(codes);
		return -1;
	}
	if (answer_with_codes(request, response, codes, err) < 0)
		return -1;
	return notify_member(request, request->session.member_id,
			     next_step_of(request, &request->account, 0) == NEXT_CODE
				     ? "factor-registered"
				     : "factor-registered-unused") < 0
		       ? -1
		       : 1;
}

int post_account_registration_confirm(struct request *request, struct response *response,
				      struct pl_error *err)
{
	int ret = request_begin_write(request, err);

	if (ret == 0)
		ret = account_check_two_factor_on(request, response, err);
	if (ret == 1)
		ret = register_factor(request, response, err);
	if (ret < 0 || pl_store_commit(request->work.store, err) < 0)
		return -1;
	return 0;
}

static int remove_factor(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_account *account;
	int removed = request_begin_write(request, err);

	request->has_account = 0;
	if (removed == 0)
		removed = request_account(request, &account, err);
	if (removed == 0)
		removed = pl_factor_remove(&request->work, account, PL_FACTOR_TOTP);
	if (removed > 0 && notify_member(request, request->session.member_id, "factor-removed") < 0)
		return -1;
	if (removed < 0 || end_other_sessions(request, err) < 0 ||
	    pl_store_commit(request->work.store, err) < 0)
		return -1;
	return answer_account(request, response, err);
}

/* However recent a reauthentication is: who finds a browser signed in must not get this far. */
int post_factor_remove(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_factor_state state;
	int ret = pl_factor_state(&request->work, request->session.member_id, &state);

	/* Another window has done it. */
	if (ret == 0 && (state.kinds & PL_FACTOR_BIT(PL_FACTOR_TOTP)) == 0)
		return answer_account(request, response, err);
	if (ret == 0)
		ret = factor_redeem(request, response, request_text(request, "code"), err);
	return ret == 1 ? remove_factor(request, response, err) : ret;
}

int post_recovery_codes_kept(struct request *request, struct response *response,
			     struct pl_error *err)
{
	return pl_recovery_kept(&request->work, request->session.member_id) < 0
		       ? -1
		       : answer_account(request, response, err);
}

int post_recovery_codes(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_factor_state state;
	json_t *codes;

	if (pl_factor_state(&request->work, request->session.member_id, &state) < 0)
		return -1;
	if (state.kinds == 0)
		return respond_error(response, 403, "not-allowed");
	if (request_begin_write(request, err) < 0 ||
	    factor_recovery_codes(request, &codes, err) < 0 ||
	    answer_with_codes(request, response, codes, err) < 0 ||
	    notify_member(request, request->session.member_id, "recovery-codes") < 0 ||
	    pl_store_commit(request->work.store, err) < 0)
		return -1;
	return 0;
}
