/* console_member_sessions.c - where a member is signed in, and which devices are trusted. */
#include <stdlib.h>

#include "portal/account/account_answer.h"
#include "portal/console/console_member_answer.h"
#include "portal/console/handlers.h"
#include "portal/signin/end_sessions.h"

struct listing {
	const struct request *request;
	json_t *rows;
};

static int add_session(const struct pl_session *session, void *context)
{
	struct listing *listing = context;

	/* Those of connected applications have a list of their own. */
	if (session->channel != PL_CHANNEL_WEBMAIL)
		return 0;
	return json_array_append_new(listing->rows,
				     account_session_json(listing->request, session));
}

int get_console_sessions(struct request *request, struct response *response, struct pl_error *err)
{
	struct listing listing = { request, json_array() };

	(void)err;
	return console_answer_list(response, listing.rows,
				   pl_session_list(&request->work, request->target.member.id,
						   add_session, &listing));
}

/* In the caller's write transaction: 1; 0 and the answer; -1. */
static int end_session_of(struct request *request, struct response *response, int64_t id,
			  struct pl_error *err)
{
	const int64_t member_id = request->target.member.id;
	struct pl_notice_origin notice;
	struct pl_session session;
	int ret = pl_session_get(request->work.store, id, &session, err);

	if (ret == 1 && (session.member_id != member_id || session.channel != PL_CHANNEL_WEBMAIL))
		ret = 0;
	if (ret == 1)
		ret = pl_session_sign_out(&request->work, &request->target, id);
	if (ret != 1)
		return ret < 0 ? -1 : respond_error(response, 404, "not-found");
	disconnect_session(request, &session);
	notice = console_notice(request, session.device);
	return pl_notice_add(&request->work, member_id, "session-ended", &notice) < 0 ? -1 : 1;
}

int post_console_session_end(struct request *request, struct response *response,
			     struct pl_error *err)
{
	const int64_t id = json_integer_value(json_object_get(request->json, "id"));
	int ret = console_reason(request, response);

	if (ret == 1)
		ret = console_begin_write(request, response, err);
	if (ret == 1)
		ret = end_session_of(request, response, id, err);
	if (ret != 1)
		return ret;
	return pl_store_commit(request->work.store, err) < 0
		       ? -1
		       : get_console_sessions(request, response, err);
}

/* Who ends the own sessions stays signed in here, as on the account page. 0, or -1. */
static int end_all(struct request *request, struct pl_error *err)
{
	const int64_t id = request->target.member.id;
	const struct pl_notice_origin notice = console_notice(request, "");

	if (console_is_self(request, &request->target.member))
		return end_other_sessions(request, err);
	if (disconnect_device(request, id, 0) < 0 ||
	    pl_session_revoke_all(&request->work, &request->target) < 0)
		return -1;
	return pl_notice_add(&request->work, id, "sessions-ended", &notice);
}

int post_console_session_end_all(struct request *request, struct response *response,
				 struct pl_error *err)
{
	int ret = console_reason(request, response);

	if (ret == 1)
		ret = console_begin_write(request, response, err);
	if (ret != 1)
		return ret;
	return end_all(request, err) < 0 || pl_store_commit(request->work.store, err) < 0
		       ? -1
		       : get_console_sessions(request, response, err);
}

static int add_device(const struct pl_trusted *device, void *context)
{
	struct listing *listing = context;

	return json_array_append_new(listing->rows, account_device_json(listing->request, device));
}

int get_console_devices(struct request *request, struct response *response, struct pl_error *err)
{
	struct listing listing = { request, json_array() };

	(void)err;
	return console_answer_list(response, listing.rows,
				   pl_trusted_list(&request->work, request->target.member.id,
						   add_device, &listing));
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

/* In the caller's write transaction: 1; 0 and the answer; -1. */
static int remove_device(struct request *request, struct response *response, int64_t id)
{
	const int64_t member_id = request->target.member.id;
	struct search search = { .id = id };
	struct pl_notice_origin notice;

	if (pl_trusted_list(&request->work, member_id, compare, &search) < 0)
		return -1;
	if (search.found.id == 0)
		return respond_error(response, 404, "not-found");
	notice = console_notice(request, search.found.name);
	return pl_trusted_remove(&request->work, &request->target, id) < 0 ||
			       pl_notice_add(&request->work, member_id, "device-untrusted",
					     &notice) < 0
		       ? -1
		       : 1;
}

int delete_console_device(struct request *request, struct response *response, struct pl_error *err)
{
	const int64_t id = strtoll(request_parameter(request, "id"), NULL, 10);
	int ret = console_reason(request, response);

	if (ret == 1)
		ret = console_begin_write(request, response, err);
	if (ret == 1)
		ret = remove_device(request, response, id);
	if (ret != 1)
		return ret;
	return pl_store_commit(request->work.store, err) < 0
		       ? -1
		       : get_console_devices(request, response, err);
}
