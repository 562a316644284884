/* oauth_metadata.c - what a client can find out by itself: RFC 8414, OpenID Connect
 * Discovery, and the key of the id tokens (RFC 7517). */
#include "portal/oauth/handlers.h"
#include "portal/oauth/oauth.h"

static void add_endpoints(const struct request *request, json_t *json)
{
	static const char *const endpoints[][2] = {
		{ "authorization_endpoint", "/oauth2/authorize" },
		{ "token_endpoint", "/oauth2/token" },
		{ "introspection_endpoint", "/oauth2/introspect" },
		{ "revocation_endpoint", "/oauth2/revoke" },
		{ "userinfo_endpoint", "/oauth2/userinfo" },
		{ "jwks_uri", "/oauth2/jwks" },
		{ "end_session_endpoint", "/oauth2/end-session" },
	};

	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
		json_object_set_new(json, endpoints[i][0],
				    oauth_endpoint(request, endpoints[i][1]));
}

int get_openid_configuration(struct request *request, struct response *response,
			     struct pl_error *err)
{
	json_t *json =
		json_pack("{s:s, s:o, s:[s], s:[s], s:[s,s], s:[s], s:[s,s], s:[s], s:[s,s,s], "
			  "s:[s,s,s], s:[s,s], s:[s],"
			  " s:[s,s,s,s,s,s,s,s,s,s,s,s], s:[s,s], s:b, s:b, s:b, s:b}",
			  "issuer", request->policy->portal_url, "scopes_supported",
			  oauth_scope_list(), "response_types_supported", "code",
			  "response_modes_supported", "query", "grant_types_supported",
			  "authorization_code", "refresh_token", "subject_types_supported",
			  "public", "id_token_signing_alg_values_supported", "RS256", "ES256",
			  "code_challenge_methods_supported", "S256",
			  "token_endpoint_auth_methods_supported", "client_secret_basic",
			  "client_secret_post", "none",
			  "revocation_endpoint_auth_methods_supported", "client_secret_basic",
			  "client_secret_post", "none",
			  "introspection_endpoint_auth_methods_supported", "client_secret_basic",
			  "client_secret_post", "claim_types_supported", "normal",
			  "claims_supported", "iss", "sub", "aud", "exp", "iat", "auth_time",
			  "nonce", "at_hash", "sid", "email", "email_verified",
			  "preferred_username", "ui_locales_supported", "ko", "en",
			  "authorization_response_iss_parameter_supported", 1,
			  "claims_parameter_supported", 0, "request_parameter_supported", 0,
			  "request_uri_parameter_supported", 0);

	if (json == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	add_endpoints(request, json);
	if (request->policy->client_registration)
		json_object_set_new(json, "registration_endpoint",
				    oauth_endpoint(request, "/oauth2/register"));
	return respond_json(response, 200, json);
}

int get_jwks(struct request *request, struct response *response, struct pl_error *err)
{
	json_t *keys = id_token_key_set(request, err);

	return keys == NULL ? -1 : respond_json(response, 200, keys);
}
