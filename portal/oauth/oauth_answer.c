/* oauth_answer.c - see oauth_answer.h. */
#include "portal/oauth/oauth_answer.h"

/* What belongs to every answer (RFC 9207). */
static void end_url(const struct request *request, const char *state, struct url *url)
{
	url_add(url, "state", state);
	url_add(url, "iss", request->policy->portal_url);
}

int oauth_code_url(const struct request *request, const struct pl_grant *grant, const char *state,
		   struct url *url_r, struct pl_error *err)
{
	struct pl_secret code;

	if (pl_code_issue(request->work.store, grant, &code, err) < 0)
		return -1;
	url_begin(url_r, grant->redirect_uri);
	url_add(url_r, "code", (const char *)code.data);
	pl_secret_wipe(&code);
	end_url(request, state, url_r);
	return 0;
}

void oauth_error_url(const struct request *request, const struct pl_grant *grant, const char *state,
		     const char *error, const char *text, struct url *url_r)
{
	url_begin(url_r, grant->redirect_uri);
	url_add(url_r, "error", error);
	url_add(url_r, "error_description", text);
	end_url(request, state, url_r);
}
