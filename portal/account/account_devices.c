/* account_devices.c - trusted devices and signed-in devices of a member. */
#include "portal/account/account_answer.h"
#include "portal/account/handlers.h"
#include "policy/credential/trusted.h"
#include "portal/signin/notify.h"
#include "portal/signin/end_sessions.h"

static int64_t id_of(const struct request *request)
{
	return json_integer_value(json_object_get(request->json, "id"));
}

int post_device_remove(struct request *request, struct response *response, struct pl_error *err)
{
	const int64_t id = id_of(request);
	struct pl_account *account;
	int64_t removed = -1;

	if (request_begin_write(request, err) == 0 && request_account(request, &account, err) == 0)
		removed = pl_trusted_remove(&request->work, account, id);
	if (removed < 0 || pl_store_commit(request->work.store, err) < 0)
		return -1;
	if (removed == 0)
		return respond_error(response, 404, "not-found");
	if (id == request->session.trusted_id) {
		respond_cookie(response, DEVICE_COOKIE, &request->cookie, -1);
		request->session.trusted_id = 0;
	}
	return answer_account(request, response, err);
}

int post_session_end(struct request *request, struct response *response, struct pl_error *err)
{
	const int64_t id = id_of(request);
	struct pl_session session;
	struct pl_account *account;
	int ended = -1;

	if (request_begin_write(request, err) == 0 &&
	    request_account(request, &account, err) == 0 &&
	    pl_session_get(request->work.store, id, &session, err) >= 0)
		ended = pl_session_sign_out(&request->work, account, id);
	if (ended < 0 || pl_store_commit(request->work.store, err) < 0)
		return -1;
	if (ended == 0)
		return respond_error(response, 404, "not-found");
	disconnect_session(request, &session);
	if (id == request->session.id) {
		respond_cookie(response, SESSION_COOKIE, &request->cookie, -1);
		respond_cookie(response, DEVICE_COOKIE, &request->cookie, -1);
	}
	return answer_account(request, response, err);
}

int post_session_end_all(struct request *request, struct response *response, struct pl_error *err)
{
	if (request_begin_write(request, err) < 0 || end_other_sessions(request, err) < 0 ||
	    notify_member(request, request->session.member_id, "signed-out-everywhere") < 0 ||
	    pl_store_commit(request->work.store, err) < 0)
		return -1;
	return answer_account(request, response, err);
}
