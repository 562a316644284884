/* guards.c - see guards.h. */
#include "portal/upload/guards.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "portal/oauth/guards.h"
#include "portal/oauth/oauth.h"

/* Whether the member's large files become links: 1; 0 response says that they do not; -1. */
static int has_service(struct request *request, struct response *response,
		       const struct pl_address *member, struct pl_error *err)
{
	pl_address_format(member, request->address);
	if (pl_account_get(request->work.store, member, &request->account, err) < 0)
		return -1;
	request->has_account = 1;
	if (request->policy->attachment_url[0] != '\0' &&
	    pl_link_is_on(&request->account, request->policy, request->work.now))
		return 1;
	return respond_error(response, 403, "large-attachments-off");
}

/* 1, 0, -1: whether the token is that of webmail for the mailbox. */
static int is_of_webmail(const struct request *request, struct pl_error *err)
{
	struct pl_session session;
	unsigned scopes;
	int ret;

	if (oauth_scope_read(request->token.scope, &scopes) < 0 || !(scopes & SCOPE_MAIL))
		return 0;
	ret = pl_session_get(request->work.store, request->token.session_id, &session, err);
	return ret == 1 ? session.channel == PL_CHANNEL_WEBMAIL : ret;
}

int guard_webmail(struct request *request, struct response *response, struct pl_error *err)
{
	int ret = guard_bearer(request, response, err);

	if (ret != 1)
		return ret;
	ret = is_of_webmail(request, err);
	if (ret < 0)
		return -1;
	if (ret == 0) {
		response->authenticate = "Bearer realm=\"postlatch\", "
					 "error=\"insufficient_scope\", scope=\"mail\"";
		return respond_error(response, 403, "insufficient_scope");
	}
	return has_service(request, response, &request->token.address, err);
}

/* 1, 0 there is none, -1. */
static int find_upload(struct request *request)
{
	const char *header = request->authorization;
	const char *id = request_parameter(request, "id");

	if (header == NULL || strncasecmp(header, "Bearer ", 7) != 0 ||
	    pl_secret_set(&request->upload_token, header + 7, strlen(header + 7)) < 0)
		return 0;
	return pl_upload_find(&request->work, strtoll(id, NULL, 10), &request->upload_token,
			      &request->upload);
}

int guard_upload(struct request *request, struct response *response, struct pl_error *err)
{
	int ret = find_upload(request);

	if (ret == 1) {
		const int stopped = session_is_stopped(request, request->upload.session_id, err);

		ret = stopped < 0 ? -1 : !stopped;
	}
	if (ret < 0)
		return -1;
	if (ret == 0)
		return respond_error(response, 404, "not-found");
	return has_service(request, response, &request->upload.owner, err);
}
