/* oauth_introspect.c - token introspection (RFC 7662), for resource servers such as Dovecot 2.4.
 *
 * A client that was added for introspection learns of every access token, any other one of its own.
 * Refresh tokens are for the token endpoint alone and not active here.
 */
#include <string.h>

#include "portal/oauth/handlers.h"
#include "portal/oauth/oauth.h"

static json_t *describe(const struct request *request, const struct pl_token_info *info)
{
	char address[PL_ADDRESS_MAX + 1];
	json_t *json = oauth_claims(info->member_id, &info->address, SCOPE_EMAIL);

	json_object_set_new(json, "active", json_true());
	json_object_set_new(json, "username",
			    json_string(pl_address_format(&info->address, address)));
	json_object_set_new(json, "token_type", json_string("Bearer"));
	json_object_set_new(json, "iss", json_string(request->policy->portal_url));
	json_object_set_new(json, "iat", json_integer(info->issued_at));
	json_object_set_new(json, "exp", json_integer(info->expires_at));
	if (info->client_id[0] != '\0') {
		json_object_set_new(json, "client_id", json_string(info->client_id));
		json_object_set_new(json, "scope", json_string(info->scope));
	}
	return json;
}

/* RFC 7662 4: who asks about tokens of others could find out by it which of them exist. */
static int may_learn(const struct pl_oauth_client *client, const struct pl_token_info *info)
{
	return pl_oauth_client_only_introspects(client) || strcmp(client->id, info->client_id) == 0;
}

int post_introspect(struct request *request, struct response *response, struct pl_error *err)
{
	const char *text = oauth_parameter(request, "token");
	struct pl_token_info info;
	struct pl_secret token;
	int ret = 0;

	(void)err;
	if (text == NULL)
		return oauth_error(response, 400, "invalid_request", "token is required");
	if (pl_secret_set(&token, text, strlen(text)) == 0) {
		ret = pl_token_info(&request->work, &token, &info);
		pl_secret_wipe(&token);
	}
	if (ret < 0)
		return -1;
	/* Why a token is not active is nobody's business (RFC 7662 2.2). */
	return respond_json(response, 200,
			    ret == 1 && may_learn(request->client, &info)
				    ? describe(request, &info)
				    : json_pack("{s:b}", "active", 0));
}
