/* console_member_credentials.c - app passwords and connected applications of a member. */
#include "portal/account/account_answer.h"
#include "portal/console/console_change.h"
#include "portal/console/console_member_answer.h"
#include "portal/console/handlers.h"
#include "portal/signin/end_sessions.h"

static int add_app_password(const struct pl_app_password *app_password, void *context)
{
	return json_array_append_new(context, account_app_password_json(app_password));
}

int get_console_app_passwords(struct request *request, struct response *response,
			      struct pl_error *err)
{
	json_t *rows = json_array();

	return console_answer_list(response, rows,
				   pl_app_password_list(request->work.store,
							request->target.member.id, add_app_password,
							rows, err));
}

/* The library tells the member. */
static int revoke_app_password(struct request *request, struct response *response, void *context)
{
	const int64_t id = console_id(request);
	struct pl_error *err = request->work.err;
	const struct pl_account *account = &request->target;
	const struct pl_notice_origin notice = console_notice(request, "");
	struct pl_app_password was;
	int64_t revoked =
		pl_app_password_get(request->work.store, account->member.id, id, &was, err);

	(void)context;
	if (revoked == 1 && disconnection_add_app_passwords(&request->disconnection, &request->work,
							    account, id) < 0)
		return -1;
	if (revoked == 1)
		revoked = pl_app_password_revoke(&request->work, &account->member.address, id,
						 &notice);
	if (revoked < 1)
		return revoked < 0 ? -1 : respond_error(response, 404, "not-found");
	disconnect_afterwards(request);
	return get_console_app_passwords(request, response, err) < 0 ? -1 : 1;
}

int delete_console_app_password(struct request *request, struct response *response,
				struct pl_error *err)
{
	(void)err;
	return console_write_with_reason(request, response, revoke_app_password, NULL);
}

static int add_application(const struct pl_application *application, void *context)
{
	return json_array_append_new(context, account_application_json(application));
}

int get_console_applications(struct request *request, struct response *response,
			     struct pl_error *err)
{
	json_t *rows = json_array();

	(void)err;
	return console_answer_list(response, rows,
				   pl_application_list(&request->work, request->target.member.id,
						       add_application, rows));
}

static int revoke_application(struct request *request, struct response *response, void *context)
{
	const int64_t member_id = request->target.member.id;
	struct pl_application application;
	struct pl_notice_origin notice;
	int ret = pl_application_get(&request->work, member_id, console_id(request), &application);

	(void)context;
	if (ret == 1)
		ret = pl_application_revoke(&request->work, &request->target, &application);
	if (ret != 1)
		return ret < 0 ? -1 : respond_error(response, 404, "not-found");
	disconnect_session(request, &application.session);
	notice = console_notice(request, application.session.device);
	if (pl_notice_add(&request->work, member_id, "application-disconnected", &notice) < 0)
		return -1;
	return get_console_applications(request, response, request->work.err) < 0 ? -1 : 1;
}

int delete_console_application(struct request *request, struct response *response,
			       struct pl_error *err)
{
	(void)err;
	return console_write_with_reason(request, response, revoke_application, NULL);
}
