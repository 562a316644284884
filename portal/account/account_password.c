/* account_password.c - the page on which a member changes the account password.
 *
 * Without password_command there is no such page, and this route does not answer. The password is
 * the operator's: Dovecot says whether the old one is right before it is changed (new_password.h).
 */
#include <string.h>

#include "policy/account/member_times.h"
#include "policy/credential/app_password.h"
#include "portal/account/handlers.h"
#include "portal/signin/end_sessions.h"
#include "portal/signin/guards.h"
#include "portal/signin/new_password.h"
#include "portal/signin/notify.h"
#include "portal/signin/password.h"
#include "portal/signin/sign_in_log.h"

/* The password is that of the account that is signed in, whatever Dovecot calls it. 1, 0 and the
 * answer, or -1. */
static int check_old(struct request *request, struct response *response, struct pl_error *err)
{
	char name[PL_ADDRESS_MAX + 1];
	struct pl_address address;
	const int right = password_attempt(request, response, request->address,
					   request_text(request, "old"), name, err);

	/* The page has a field of that name, and no address. */
	if (right == 0 && response->status == 401)
		json_object_update_new(response->json, json_pack("{s:s, s:s}", "error",
								 "wrong-password", "field", "old"));
	if (right != 1)
		return right;
	return pl_address_parse(name, strlen(name), request->policy->default_domain, &address,
				NULL) == 0 &&
			       strcmp(address.local, request->session.address.local) == 0 &&
			       strcmp(address.domain, request->session.address.domain) == 0
		       ? 1
		       : respond_error(response, 403, "not-allowed");
}

/* In a write transaction: what ends with the old password. 0, or -1. */
static int end_others(struct request *request, struct pl_error *err)
{
	const struct pl_notice_origin origin = notify_origin(request);
	struct pl_account *account;

	if (request_account(request, &account, err) < 0 ||
	    disconnection_add_app_passwords(&request->disconnection, &request->work, account, 0) <
		    0 ||
	    pl_app_password_revoke(&request->work, &request->session.address, 0, &origin) < 0 ||
	    end_other_sessions(request, err) < 0)
		return -1;
	disconnect_afterwards(request);
	return 0;
}

/* What Postlatch itself knows of the change. 0, or -1. */
static int record(struct request *request, struct pl_error *err)
{
	if (request_begin_write(request, err) < 0 ||
	    pl_member_note_password_change(&request->work, &request->session.address) < 0 ||
	    (request_flag(request, "end_others") && end_others(request, err) < 0) ||
	    notify_member(request, request->session.member_id, "password-changed") < 0)
		return -1;
	return pl_store_commit(request->work.store, err);
}

/* The password has changed; whatever fails from here on, that is not undone. */
static int finish(struct request *request, struct response *response)
{
	struct pl_error err = { 0 };

	if (record(request, &err) < 0)
		return new_password_unknown(response, &err);
	log_sign_in(request->ip_text, request->address, "password-changed");
	return respond_json(response, 200,
			    json_pack("{s:b, s:b}", "changed", 1, "ended",
				      request_flag(request, "end_others")));
}

int post_password(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_account *account;
	int ret;

	if (request->policy->password_command[0] == '\0')
		return respond_error(response, 404, "not-found");
	if (request_account(request, &account, err) < 0)
		return -1;
	if (account->member.factor_kinds != 0 && !is_reauthenticated(request))
		return ask_to_reauthenticate(request, response);
	ret = new_password_check(request, response, request_text(request, "old"), err);
	if (ret == 1)
		ret = check_old(request, response, err);
	if (ret == 1)
		ret = new_password_set(request, response, request_text(request, "old"));
	return ret == 1 ? finish(request, response) : ret;
}
