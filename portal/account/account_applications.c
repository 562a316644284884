/* account_applications.c - connected applications of a member. */
#include "portal/account/account_answer.h"
#include "portal/account/handlers.h"
#include "portal/signin/end_sessions.h"

json_t *account_application_json(const struct pl_application *application)
{
	const struct pl_session *session = &application->session;

	return json_pack("{s:I, s:s, s:b, s:o, s:I, s:I, s:I, s:s, s:s}", "id",
			 (json_int_t)session->id, "name", session->device, "verified",
			 !application->registered_itself, "services",
			 account_services(application->services), "created_at",
			 (json_int_t)session->created_at, "seen_at", (json_int_t)session->seen_at,
			 "expires_at", (json_int_t)session->expires_at, "ip", session->ip,
			 "used_service", application->used_service);
}

static int add_application(const struct pl_application *application, void *context)
{
	return json_array_append_new(context, account_application_json(application));
}

int get_applications(struct request *request, struct response *response, struct pl_error *err)
{
	json_t *rows = json_array();

	(void)err;
	if (pl_application_list(&request->work, request->session.member_id, add_application, rows) <
	    0) {
		json_decref(rows);
		return -1;
	}
	return respond_json(response, 200, json_pack("{s:o}", "applications", rows));
}

int post_application_revoke(struct request *request, struct response *response,
			    struct pl_error *err)
{
	const int64_t id = json_integer_value(json_object_get(request->json, "id"));
	struct pl_application application;
	struct pl_account *account;
	int ret = -1;

	if (request_begin_write(request, err) == 0 && request_account(request, &account, err) == 0)
		ret = pl_application_get(&request->work, account->member.id, id, &application);
	if (ret == 1)
		ret = pl_application_revoke(&request->work, account, &application);
	if (ret < 0 || pl_store_commit(request->work.store, err) < 0)
		return -1;
	if (ret == 0)
		return respond_error(response, 404, "not-found");
	disconnect_session(request, &application.session);
	return get_applications(request, response, err);
}
