/* console_member_sessions.c - where a member is signed in, and which devices are trusted. */
#include "portal/account/account_answer.h"
#include "portal/console/console_change.h"
#include "portal/console/console_member_answer.h"
#include "portal/console/handlers.h"
#include "portal/signin/end_sessions.h"

int get_console_sessions(struct request *request, struct response *response, struct pl_error *err)
{
	json_t *rows = json_array();

	(void)err;
	return console_answer_list(response, rows,
				   account_add_sessions(request, request->target.member.id, rows));
}

static int answer_sessions(struct request *request, struct response *response)
{
	return get_console_sessions(request, response, request->work.err) < 0 ? -1 : 1;
}

static int end_one(struct request *request, struct response *response, void *context)
{
	const int64_t id = json_integer_value(json_object_get(request->json, "id")),
		      member_id = request->target.member.id;
	struct pl_notice_origin notice;
	struct pl_session session;
	int ret = pl_session_get(request->work.store, id, &session, request->work.err);

	(void)context;
	if (ret == 1 && (session.member_id != member_id || session.channel != PL_CHANNEL_WEBMAIL))
		ret = 0;
	if (ret == 1)
		ret = pl_session_sign_out(&request->work, &request->target, id);
	if (ret != 1)
		return ret < 0 ? -1 : respond_error(response, 404, "not-found");
	disconnect_session(request, &session);
	notice = console_notice(request, session.device);
	return pl_notice_add(&request->work, member_id, "session-ended", &notice) < 0
		       ? -1
		       : answer_sessions(request, response);
}

int post_console_session_end(struct request *request, struct response *response,
			     struct pl_error *err)
{
	(void)err;
	return console_write_with_reason(request, response, end_one, NULL);
}

/* Who ends the own sessions stays signed in here, as on the account page. */
static int end_all(struct request *request, struct response *response, void *context)
{
	const int64_t id = request->target.member.id;
	const struct pl_notice_origin notice = console_notice(request, "");

	(void)context;
	if (console_is_self(request, request->target.member.id))
		return end_other_sessions(request, request->work.err) < 0
			       ? -1
			       : answer_sessions(request, response);
	if (disconnect_device(request, id, 0) < 0 ||
	    pl_session_revoke_all(&request->work, &request->target) < 0 ||
	    pl_notice_add(&request->work, id, "sessions-ended", &notice) < 0)
		return -1;
	return answer_sessions(request, response);
}

int post_console_session_end_all(struct request *request, struct response *response,
				 struct pl_error *err)
{
	(void)err;
	return console_write_with_reason(request, response, end_all, NULL);
}

int get_console_devices(struct request *request, struct response *response, struct pl_error *err)
{
	json_t *rows = json_array();

	(void)err;
	return console_answer_list(response, rows,
				   account_add_devices(request, request->target.member.id, rows));
}

struct search {
	int64_t id;
	struct pl_trusted found; /* id 0: none */
};

static int compare(const struct pl_trusted *device, void *context)
{
	struct search *search = context;

	if (device->id != search->id)
		return 0;
	search->found = *device;
	return 1;
}

static int remove_device(struct request *request, struct response *response, void *context)
{
	const int64_t member_id = request->target.member.id;
	struct search search = { .id = console_id(request) };
	struct pl_notice_origin notice;

	(void)context;
	if (pl_trusted_list(&request->work, member_id, compare, &search) < 0)
		return -1;
	if (search.found.id == 0)
		return respond_error(response, 404, "not-found");
	notice = console_notice(request, search.found.name);
	if (pl_trusted_remove(&request->work, &request->target, search.id) < 0 ||
	    pl_notice_add(&request->work, member_id, "device-untrusted", &notice) < 0)
		return -1;
	return get_console_devices(request, response, request->work.err) < 0 ? -1 : 1;
}

int delete_console_device(struct request *request, struct response *response, struct pl_error *err)
{
	(void)err;
	return console_write_with_reason(request, response, remove_device, NULL);
}
