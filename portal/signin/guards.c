/* guards.c - see guards.h. */
#include "portal/signin/guards.h"

#include <string.h>

#include "portal/http/route.h"
#include "portal/signin/next_step.h"
#include "portal/signin/passkey.h"

#define RECENT_SECONDS (20 * 60) /* NIST SP 800-63B 6.1.2 */

/* A step that has become due since the session was opened comes before anything else. */
static int recheck(struct request *request, struct pl_error *err)
{
	struct pl_account *account;
	enum next_step next;

	return request_account(request, &account, err) < 0
		       ? -1
		       : next_step_recheck(request, &request->ip, account, &request->session, &next,
					   err);
}

int guard_public(struct request *request, struct response *response, struct pl_error *err)
{
	int ret;

	(void)response;
	if (!request_cookie(request, SESSION_COOKIE, &request->cookie))
		return 1;
	ret = pl_session_by_cookie(&request->work, &request->cookie, &request->session);
	if (ret != 1) {
		memset(&request->session, 0, sizeof(request->session));
		return ret < 0 ? -1 : 1;
	}
	pl_address_format(&request->session.address, request->address);
	return recheck(request, err) < 0 ? -1 : 1;
}

int why_signed_out(const struct request *request, const char **why_r)
{
	int ended = request->cookie.len > 0 ? pl_session_was_ended(&request->work, &request->cookie)
					    : 0;

	*why_r = ended > 0 ? "ended" : request->cookie.len > 0 ? "expired" : NULL;
	return ended < 0 ? -1 : 0;
}

int ask_to_sign_in(const struct request *request, struct response *response)
{
	const char *why;

	if (why_signed_out(request, &why) < 0)
		return -1;
	/* Signing out, in whichever window, takes the cookie away. */
	return respond_json(response, 401,
			    json_pack("{s:s, s:s}", "error", "sign-in-again", "why",
				      why != NULL ? why : "signed-out"));
}

/* Whether the member may use the kind of second factor of the route: 1, 0 answered, -1. */
static int check_kind(struct request *request, struct response *response, struct pl_error *err)
{
	const struct route *route = request->route;
	const struct pl_policy *policy = request->policy;
	struct pl_account *account;

	if (route->registers == 0 && route->redeems == 0)
		return 1;
	if (request_account(request, &account, err) < 0)
		return -1;
	if ((route->registers & ~pl_account_second_factors(account, policy)) == 0 &&
	    (route->redeems & account->member.factor_kinds &
	     ~pl_account_usable_factors(account, policy)) == 0)
		return 1;
	return respond_error(response, 403, "second-factor-kind");
}

int guard_pending(struct request *request, struct response *response, struct pl_error *err)
{
	if (guard_public(request, response, err) < 0)
		return -1;
	if (request->session.id == 0)
		return ask_to_sign_in(request, response);
	/* Another window has done the step. */
	return request->session.pending ? check_kind(request, response, err)
					: respond_error(response, 409, "already-signed-in");
}

int guard_recovering(struct request *request, struct response *response, struct pl_error *err)
{
	int ret;

	(void)err;
	if (!pl_reset_is_on(request->policy))
		return respond_error(response, 404, "not-found");
	ret = pl_reset_find(&request->work, request_text(request, "proof"), &request->reset);
	if (ret != 1)
		return ret < 0 ? -1 : respond_error(response, 403, "recovery-over");
	request->session.member_id = request->reset.member_id;
	request->session.address = request->reset.address;
	pl_address_format(&request->reset.address, request->address);
	return 1;
}

int guard_authenticated(struct request *request, struct response *response, struct pl_error *err)
{
	if (guard_public(request, response, err) < 0)
		return -1;
	return request->session.id != 0 && !request->session.pending
		       ? check_kind(request, response, err)
		       : ask_to_sign_in(request, response);
}

int is_reauthenticated(const struct request *request)
{
	return request->session.reauthenticated_at > 0 &&
	       request->work.now - request->session.reauthenticated_at < RECENT_SECONDS;
}

/* The strongest; the page knows the other ways. */
static const char *way_to_prove(const struct request *request, unsigned int kinds)
{
	if ((kinds & PL_FACTOR_BIT(PL_FACTOR_PASSKEY)) != 0 && passkey_possible(request))
		return "passkey";
	if ((kinds & PL_FACTOR_BIT(PL_FACTOR_APPROVAL)) != 0)
		return "approval";
	return kinds != 0 ? "code" : "password";
}

int ask_to_prove(const struct request *request, struct response *response, unsigned int kinds)
{
	return respond_json(response, 403,
			    json_pack("{s:s, s:s}", "error", "reauthentication-needed", "by",
				      way_to_prove(request, kinds)));
}

int ask_to_reauthenticate(struct request *request, struct response *response)
{
	struct pl_account *account;

	if (request_account(request, &account, request->work.err) < 0)
		return -1;
	return ask_to_prove(request, response, pl_account_usable_factors(account, request->policy));
}

int guard_reauthenticated(struct request *request, struct response *response, struct pl_error *err)
{
	int ret = guard_authenticated(request, response, err);

	if (ret != 1 || is_reauthenticated(request))
		return ret;
	return ask_to_reauthenticate(request, response);
}
