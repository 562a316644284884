/* guards.c - see guards.h. */
#include "portal/oauth/guards.h"

#include <string.h>
#include <strings.h>

#include "portal/oauth/oauth.h"
#include "portal/signin/next_step.h"

int guard_client(struct request *request, struct response *response, struct pl_error *err)
{
	return client_admit(request, response, 0, err);
}

/* As at Dovecot. */
int session_is_stopped(const struct request *request, int64_t session_id, struct pl_error *err)
{
	struct pl_session session;
	struct pl_ip browser;
	enum next_step next;
	int ret = pl_session_get(request->work.store, session_id, &session, err);

	if (ret <= 0 || session.channel != PL_CHANNEL_WEBMAIL)
		return ret < 0 ? -1 : 0;
	browser = session_address(&session);
	return next_step_recheck(request, &browser, NULL, &session, &next, err) < 0
		       ? -1
		       : session.pending || next == NEXT_DENIED;
}

/* The token in the header (RFC 6750 2.1) or else in the form (2.2); NULL: there is none. */
static const char *offered_token(const struct request *request)
{
	const char *header = request->authorization;

	if (header == NULL)
		return request_form(request, "access_token");
	return strncasecmp(header, "Bearer ", 7) == 0 ? header + 7 : NULL;
}

int guard_bearer(struct request *request, struct response *response, struct pl_error *err)
{
	const char *text = offered_token(request);
	struct pl_secret token;
	int ret = 0;

	if (request->authorization != NULL && request_form(request, "access_token") != NULL)
		return oauth_error(response, 400, "invalid_request",
				   "the token must be sent in one way only");
	if (text != NULL && pl_secret_set(&token, text, strlen(text)) == 0) {
		ret = pl_token_info(&request->work, &token, &request->token);
		pl_secret_wipe(&token);
	}
	if (ret == 1) {
		const int stopped = session_is_stopped(request, request->token.session_id, err);

		pl_address_format(&request->token.address, request->address);
		ret = stopped < 0 ? -1 : !stopped;
	}
	if (ret != 0)
		return ret;
	/* Who sent none is told what is wanted, and of no mistake (RFC 6750 3.1). */
	response->authenticate = text != NULL
					 ? "Bearer realm=\"postlatch\", error=\"invalid_token\""
					 : "Bearer realm=\"postlatch\"";
	return respond_error(response, 401, "invalid_token");
}
