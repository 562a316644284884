/* account_password.c - the page on which a member changes the account password.
 *
 * Without password_command there is no such page, and this route does not answer. The password is
 * the operator's: Dovecot says whether the old one is right, the operator's command changes it, and
 * Dovecot says whether the new one holds, before anything is told to be done.
 */
#include <string.h>

#include "daemon/log.h"
#include "policy/account/member_times.h"
#include "policy/credential/app_password.h"
#include "portal/account/handlers.h"
#include "portal/http/portal.h"
#include "portal/signin/end_sessions.h"
#include "portal/signin/guards.h"
#include "portal/signin/notify.h"
#include "portal/signin/password.h"
#include "portal/signin/password_change.h"
#include "portal/signin/password_quality.h"
#include "portal/signin/sign_in_log.h"

static void log_failure(const struct pl_error *err)
{
	daemon_log_failure(NULL, err);
}

/* 1 good; 0 and the answer; -1. */
static int check_quality(const struct request *request, struct response *response,
			 struct pl_error *err)
{
	struct password_reason reason;
	const int good =
		password_quality(request_text(request, "new"), request_text(request, "old"),
				 request->session.address.local, &reason, err);

	if (good == 0)
		respond_json(response, 422,
			     json_pack("{s:s, s:s, s:i}", "error", reason.code, "field", "new",
				       "number", reason.number));
	return good;
}

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

static int refuse(struct response *response, const char *reason)
{
	return respond_json(response, 422,
			    json_pack("{s:s, s:s, s:s}", "error",
				      reason[0] != '\0' ? "password-refused-because"
							: "password-refused",
				      "field", "new", "reason", reason));
}

static int respond_unknown(struct response *response, const struct pl_error *err)
{
	log_failure(err);
	return respond_error(response, 503, "password-unknown");
}

/* 1 changed; 0 and the answer. The request has no connection to the database meanwhile. */
static int change(struct request *request, struct response *response)
{
	const struct password_change_request asked = { .member = request->address,
						       .old = request_text(request, "old"),
						       .new = request_text(request, "new") };
	char reason[PASSWORD_CHANGE_REASON];
	struct pl_error err = { 0 };

	portal_give(request, 0);
	switch (password_change(request->policy, &asked, reason, &err)) {
	case PASSWORD_CHANGED:
		return 1;
	case PASSWORD_WRONG:
		return respond_json(response, 401,
				    json_pack("{s:s, s:s}", "error", "wrong-password", "field",
					      "old"));
	case PASSWORD_REFUSED:
		return refuse(response, reason);
	case PASSWORD_LATER:
		log_failure(&err);
		return respond_error(response, 503, "password-later");
	case PASSWORD_UNKNOWN:
		break;
	}
	return respond_unknown(response, &err);
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
	const int holds = password_holds(request, request_text(request, "new"), &err);

	if (holds == 0) {
		pl_error_set(&err, PL_ERR_RETRY,
			     "password_command says that it has changed the password of %s, but "
			     "Dovecot does not accept the new one",
			     request->address);
		return respond_unknown(response, &err);
	}
	/* Where Dovecot cannot tell now, the command is believed. */
	if (holds < 0)
		log_failure(&err);
	if ((request->work.store == NULL && portal_take(request, &err) < 0) ||
	    record(request, &err) < 0)
		return respond_unknown(response, &err);
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
	ret = check_quality(request, response, err);
	if (ret == 1)
		ret = check_old(request, response, err);
	if (ret == 1)
		ret = change(request, response);
	return ret == 1 ? finish(request, response) : ret;
}
