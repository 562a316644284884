/* account.c - the account page, reauthentication for its sensitive changes, use or skip. */
#include <string.h>

#include "portal/account/account_answer.h"
#include "portal/signin/factor.h"
#include "portal/account/handlers.h"
#include "portal/signin/notify.h"
#include "portal/signin/password.h"
#include "portal/signin/guards.h"

int get_account(struct request *request, struct response *response, struct pl_error *err)
{
	return answer_account(request, response, err);
}

/* Values as factor_redeem_code. */
static int check_again(struct request *request, struct response *response, struct pl_error *err)
{
	const char *code = request_text(request, "code"),
		   *password = request_text(request, "password");
	char name[PL_ADDRESS_MAX + 1];
	struct pl_factor_state state;

	if (pl_factor_state(&request->work, request->session.member_id, &state) < 0)
		return -1;
	if (state.kinds != 0 && code != NULL)
		return factor_redeem(request, response, code, err);
	if (state.kinds == 0 && password != NULL)
		return password_attempt(request, response, request->address, password, name, err);
	return ask_to_reauthenticate(request, response);
}

int post_reauthentication(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_account *account;
	int ret = check_again(request, response, err);

	if (ret != 1)
		return ret;
	if (request_account(request, &account, err) < 0 ||
	    account_reauthenticated(request,
				    account->member.factor_kinds != 0
					    ? factor_proof_of(request_text(request, "code"))
					    : 0) < 0)
		return -1;
	return answer_account(request, response, err);
}

static int set_opted_out(struct request *request, int opted_out, struct pl_error *err)
{
	struct pl_account *account;
	int changed;

	if (request_begin_write(request, err) < 0 || request_account(request, &account, err) < 0)
		return -1;
	changed = pl_member_opt_out(&request->work, &account->member, opted_out);
	if (changed > 0 &&
	    notify_member(request, account->member.id,
			  opted_out                           ? "second-factor-skipped"
			  : account->member.factor_kinds != 0 ? "second-factor-used"
							      : "second-factor-offered") < 0)
		return -1;
	return changed < 0 || pl_store_commit(request->work.store, err) < 0 ? -1 : 0;
}

/* Whether the member may choose: 1, 0 or -1. */
static int may_opt_out(struct request *request, struct pl_error *err)
{
	struct pl_resolved two_factor, requirement, mode;

	if (account_resolve(request, PL_SETTING_TWO_FACTOR, &two_factor, err) < 0 ||
	    account_resolve(request, PL_SETTING_TWO_FACTOR_REQUIREMENT, &requirement, err) < 0 ||
	    account_resolve(request, PL_SETTING_TWO_FACTOR_MODE, &mode, err) < 0)
		return -1;
	return two_factor.value == PL_ON && requirement.value == PL_OPTIONAL &&
	       mode.value == PL_USE;
}

int post_two_factor_mode(struct request *request, struct response *response, struct pl_error *err)
{
	const char *word = request_text(request, "two_factor_mode");
	const int skip = strcmp(word, "skip") == 0;
	int allowed;

	if (!skip && strcmp(word, "use") != 0)
		return respond_error(response, 400, "bad-request");
	allowed = may_opt_out(request, err);
	if (allowed < 1)
		return allowed < 0 ? -1 : respond_error(response, 403, "not-allowed");
	return set_opted_out(request, skip, err) < 0 ? -1 : answer_account(request, response, err);
}
