/* oauth_userinfo.c - whose token it is (OpenID Connect Core 5.3). */
#include "portal/oauth/handlers.h"
#include "portal/oauth/oauth.h"

int get_userinfo(struct request *request, struct response *response, struct pl_error *err)
{
	unsigned scopes;

	(void)err;
	if (oauth_scope_read(request->token.scope, &scopes) < 0 || !(scopes & SCOPE_OPENID)) {
		response->authenticate = "Bearer realm=\"postlatch\", "
					 "error=\"insufficient_scope\", scope=\"openid\"";
		return oauth_error(response, 403, "insufficient_scope",
				   "the token is not for openid");
	}
	return respond_json(response, 200,
			    oauth_claims(request->token.member_id, &request->token.address,
					 scopes));
}
