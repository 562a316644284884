/* guards.c - see guards.h. */
#include "portal/signin/guards.h"

#include <string.h>

#include "policy/credential/totp.h"
#include "portal/signin/next_step.h"

#define RECENT_SECONDS (20 * 60) /* NIST SP 800-63B 6.1.2 */

/* A step that has become due since the session was opened comes before anything else. */
static int recheck(struct request *request, struct pl_error *err)
{
	struct pl_account *account;
	enum next_step next;

	return request_account(request, &account, err) < 0
		       ? -1
		       : next_step_recheck(request, account, &request->session, &next, err);
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

int guard_pending(struct request *request, struct response *response, struct pl_error *err)
{
	if (guard_public(request, response, err) < 0)
		return -1;
	if (request->session.id == 0)
		return respond_error(response, 401, "sign-in-again");
	return request->session.pending ? 1 : respond_error(response, 403, "not-allowed");
}

int guard_authenticated(struct request *request, struct response *response, struct pl_error *err)
{
	if (guard_public(request, response, err) < 0)
		return -1;
	return request->session.id != 0 && !request->session.pending
		       ? 1
		       : respond_error(response, 401, "sign-in-again");
}

int is_reauthenticated(const struct request *request)
{
	return request->session.reauthenticated_at > 0 &&
	       request->work.now - request->session.reauthenticated_at < RECENT_SECONDS;
}

int ask_to_reauthenticate(const struct request *request, struct response *response)
{
	struct pl_totp_state state;

	if (pl_totp_state(&request->work, request->session.member_id, &state) < 0)
		return -1;
	return respond_json(response, 403,
			    json_pack("{s:s, s:s}", "error", "reauthentication-needed", "by",
				      state.registered ? "code" : "password"));
}

int guard_reauthenticated(struct request *request, struct response *response, struct pl_error *err)
{
	int ret = guard_authenticated(request, response, err);

	if (ret != 1 || is_reauthenticated(request))
		return ret;
	return ask_to_reauthenticate(request, response);
}
