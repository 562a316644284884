/* oauth_register.c - the client registration endpoint (RFC 7591 3). */
#include <string.h>

#include "portal/oauth/handlers.h"
#include "portal/oauth/oauth.h"
#include "portal/oauth/registration.h"

#define RETRY_SECONDS 3600

static json_t *uris_json(const char *list)
{
	json_t *json = json_array();

	for (size_t len; (len = strcspn(list, " ")) > 0; list += len + (list[len] == ' '))
		json_array_append_new(json, json_stringn(list, len));
	return json;
}

/* What it is now, which may be less than it asked for (3.2.1). */
static json_t *describe(const struct pl_oauth_client *client)
{
	json_t *json =
		json_pack("{s:s, s:I, s:o, s:s, s:[s,s], s:[s], s:s}", "client_id", client->id,
			  "client_id_issued_at", (json_int_t)client->created_at, "redirect_uris",
			  uris_json(client->redirect_uris), "token_endpoint_auth_method", "none",
			  "grant_types", "authorization_code", "refresh_token", "response_types",
			  "code", "application_type", "native");

	if (client->name[0] != '\0')
		json_object_set_new(json, "client_name", json_string(client->name));
	return json;
}

/* The first client makes the keys that sign ID tokens. */
static int add(struct request *request, struct pl_oauth_client *client, struct pl_error *err)
{
	int ret;

	if (request_begin_write(request, err) < 0 ||
	    (request->seal != NULL && pl_signing_keys_make(&request->work, request->seal) < 0))
		return -1;
	ret = pl_oauth_client_register(&request->work, client, &request->ip);
	return ret == 1 && pl_store_commit(request->work.store, err) < 0 ? -1 : ret;
}

int post_register(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_oauth_client client;
	const char *code, *text;
	int ret;

	if (!request->policy->client_registration)
		return oauth_error(response, 403, "access_denied",
				   "programs do not register themselves here");
	code = registration_read(request->json, &client, &text);
	if (code != NULL)
		return oauth_error(response, 400, code, text);
	ret = add(request, &client, err);
	if (ret == 0)
		return respond_wait(response, 429, "temporarily_unavailable", RETRY_SECONDS);
	return ret < 0 ? -1 : respond_json(response, 201, describe(&client));
}
