/* oauth_revoke.c - token revocation (RFC 7009). */
#include <string.h>

#include "portal/oauth/handlers.h"
#include "portal/oauth/oauth.h"

static int revoke(struct request *request, const struct pl_secret *token, struct pl_error *err)
{
	return request_begin_write(request, err) < 0 ||
			       pl_token_revoke(&request->work, token, request->client->id) < 0
		       ? -1
		       : pl_store_commit(request->work.store, err);
}

int post_revoke(struct request *request, struct response *response, struct pl_error *err)
{
	const char *text = oauth_parameter(request, "token");
	struct pl_secret token;
	int ret = client_admit(request, response, 1, err);

	if (ret <= 0)
		return ret;
	if (text == NULL)
		return oauth_error(response, 400, "invalid_request", "token is required");
	/* What kind it is we see ourselves: the hint is not needed. */
	if (pl_secret_set(&token, text, strlen(text)) == 0) {
		ret = revoke(request, &token, err);
		pl_secret_wipe(&token);
	}
	if (ret < 0)
		return -1;
	/* The client cannot do anything about one that is unknown (2.2). */
	response->status = 200;
	return 0;
}
