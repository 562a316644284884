/* sign_in.c - signing in with the account password, and signing out. */
#include "portal/http/portal.h"
#include "portal/signin/end_sessions.h"
#include "portal/signin/floor.h"
#include "portal/signin/guards.h"
#include "portal/signin/handlers.h"
#include "portal/signin/let_in.h"
#include "portal/signin/password.h"
#include "portal/signin/session_answer.h"
#include "portal/signin/sign_in_log.h"

int get_session(struct request *request, struct response *response, struct pl_error *err)
{
	enum next_step next = NEXT_NOTHING;
	struct pl_account *account = NULL;
	const char *why;

	if (request->session.id == 0)
		return why_signed_out(request, &why) < 0
			       ? -1
			       : answer_no_session(request, response, why);
	if (request->session.pending) {
		if (request_account(request, &account, err) < 0)
			return -1;
		next = next_step_of(request, account, 0);
		/* The rules have changed since: the password alone decides anew. */
		if (next == NEXT_DENIED || next == NEXT_NOTHING)
			return answer_no_session(request, response, "ended");
	}
	return answer_session(request, response, &request->session, &request->cookie, account, next,
			      err);
}

int post_sign_in(struct request *request, struct response *response, struct pl_error *err)
{
	char name[PL_ADDRESS_MAX + 1];
	struct timespec start;
	int ret;

	floor_begin(&start);
	ret = password_attempt(request, response, request_text(request, "user"),
			       request_text(request, "password"), name, err);
	if (ret == 1)
		ret = let_in(request, response, name, NULL, err);
	portal_give(request, ret < 0);
	floor_end(&start);
	return ret;
}

int post_sign_out(struct request *request, struct response *response, struct pl_error *err)
{
	if (request->session.id != 0) {
		if (request_begin_write(request, err) < 0 || end_own_session(request, err) < 0 ||
		    pl_store_commit(request->work.store, err) < 0)
			return -1;
		log_sign_in(request->ip_text, request->address, "signed-out");
	}
	respond_cookie(response, SESSION_COOKIE, &request->cookie, -1);
	return answer_no_session(request, response, NULL);
}
