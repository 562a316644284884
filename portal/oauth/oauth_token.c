/* oauth_token.c - the token endpoint (RFC 6749 3.2, 4.1.3, 6; RFC 7636 4.6; RFC 9700). */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/base/utf8.h"
#include "policy/outbox/notice.h"
#include "policy/session/application.h"
#include "portal/signin/next_step.h"
#include "portal/oauth/handlers.h"
#include "portal/oauth/oauth.h"
#include "portal/oauth/oauth_consent.h"
#include "portal/signin/end_sessions.h"
#include "portal/signin/sign_in_log.h"

#define VERIFIER_LEAST 43 /* RFC 7636 4.1 */
#define VERIFIER_MOST 128

static int refuse_grant(struct response *response, const char *text)
{
	return oauth_error(response, 400, "invalid_grant", text);
}

/* Whether verifier is what challenge was made of; neither may be there alone (RFC 9700 4.8.2). */
static int is_verified(const char *challenge, const char *verifier)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	unsigned char digest[32];
	char text[PL_BASE64URL_TEXT(sizeof(digest))];
	size_t len;

	if (verifier == NULL)
		return challenge[0] == '\0';
	len = strlen(verifier);
	if (len < VERIFIER_LEAST || len > VERIFIER_MOST ||
	    verifier[strspn(verifier, allowed)] != '\0' ||
	    EVP_Q_digest(NULL, "SHA256", NULL, verifier, len, digest, NULL) != 1)
		return 0;
	pl_base64url(digest, sizeof(digest), text);
	return strlen(challenge) == strlen(text) &&
	       CRYPTO_memcmp(challenge, text, strlen(text)) == 0;
}

/* The answer of RFC 6749 5.1. id_token may be NULL. */
static int answer(const struct request *request, struct response *response,
		  const struct pl_grant *grant, const struct pl_tokens *tokens,
		  const char *id_token)
{
	json_t *json =
		json_pack("{s:s, s:s, s:I, s:s, s:s}", "access_token",
			  (const char *)tokens->access.data, "token_type", "Bearer", "expires_in",
			  (json_int_t)(tokens->access_expires_at - request->work.now),
			  "refresh_token", (const char *)tokens->refresh.data, "scope",
			  grant->scope);

	if (id_token != NULL)
		json_object_set_new(json, "id_token", json_string(id_token));
	return respond_json(response, 200, json);
}

/* A mail program's session begins with its code: when the member signed in is known with its first
 * tokens only. */
static int64_t auth_time_of(const struct pl_grant *grant, const struct pl_session *session)
{
	return session->channel == PL_CHANNEL_WEBMAIL ? session->created_at : grant->signed_in_at;
}

/* With an id token for those who asked for "openid". */
static int answer_signed(const struct request *request, struct response *response,
			 const struct pl_grant *grant, const struct pl_tokens *tokens,
			 const char *nonce, struct pl_error *err)
{
	struct id_token about = { .client_id = grant->client_id, .nonce = nonce };
	struct pl_signing_key key;
	char *id_token = NULL;
	int ret;

	if (oauth_scope_read(grant->scope, &about.scopes) < 0 || !(about.scopes & SCOPE_OPENID))
		return answer(request, response, grant, tokens, NULL);
	ret = pl_session_get(request->work.store, grant->session_id, &about.session, err);
	if (ret == 0)
		return refuse_grant(response, "the session has ended");
	if (ret < 0 || id_token_key(request, request->client->id_token_alg, &key, err) < 0)
		return -1;
	about.auth_time = auth_time_of(grant, &about.session);
	id_token = id_token_make(request, &key, &about, &tokens->access, err);
	pl_secret_wipe(&key.secret);
	if (id_token == NULL)
		return -1;
	answer(request, response, grant, tokens, id_token);
	free(id_token);
	return 0;
}

static void wipe_tokens(struct pl_tokens *tokens)
{
	pl_secret_wipe(&tokens->access);
	pl_secret_wipe(&tokens->refresh);
}

/* The grant that a code stands for: 1; 0 response is filled; -1. */
static int redeem(struct request *request, struct response *response, struct pl_grant *grant_r)
{
	const char *text = oauth_parameter(request, "code"),
		   *uri = oauth_parameter(request, "redirect_uri");
	struct pl_secret code;
	int ret;

	if (text == NULL || uri == NULL)
		return oauth_error(response, 400, "invalid_request",
				   "code and redirect_uri are required");
	if (pl_secret_set(&code, text, strlen(text)) < 0)
		return refuse_grant(response, "invalid or expired authorization code");
	ret = pl_code_redeem_commit(&request->work, &code, request->client->id, grant_r);
	pl_secret_wipe(&code);
	if (ret < 0)
		return -1;
	if (ret == 0)
		return refuse_grant(response, "invalid or expired authorization code");
	if (strcmp(grant_r->redirect_uri, uri) != 0)
		return refuse_grant(response,
				    "redirect_uri is not that of the authorization request");
	if (!is_verified(grant_r->challenge, oauth_parameter(request, "code_verifier")))
		return refuse_grant(response, "code_verifier does not match the code_challenge");
	return 1;
}

static int64_t application_expires_at(const struct request *request)
{
	return request->work.now + request->policy->connected_application_days * PL_DAY_SECONDS;
}

/* A mail program becomes a connected application, of which the member is told. */
static int connect_application(const struct request *request, struct pl_grant *grant,
			       const struct pl_session *browsers)
{
	struct pl_notice_origin origin = { .language = "" };

	if (request->client->channel != PL_CHANNEL_CLIENT)
		return 0;
	snprintf(origin.ip, sizeof(origin.ip), "%s", request->ip_text);
	pl_utf8_copy(request->client->name, origin.device, sizeof(origin.device));
	if (pl_application_connect(&request->work, grant, request->client, request->ip_text,
				   application_expires_at(request)) < 0)
		return -1;
	return pl_notice_add(&request->work, browsers->member_id, "application-connected", &origin);
}

static int issue(struct request *request, struct pl_grant *grant, struct pl_tokens *tokens_r,
		 struct pl_error *err)
{
	struct pl_session browsers;

	if (request_begin_write(request, err) == 0 &&
	    pl_session_get(request->work.store, grant->session_id, &browsers, err) >= 0 &&
	    connect_application(request, grant, &browsers) == 0 &&
	    pl_tokens_issue(&request->work, grant, tokens_r) == 0 &&
	    pl_store_commit(request->work.store, err) == 0)
		return 0;
	wipe_tokens(tokens_r);
	return -1;
}

static int redeem_code(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_grant grant;
	struct pl_tokens tokens = { .access_expires_at = 0 };
	int ret = redeem(request, response, &grant);

	if (ret <= 0)
		return ret;
	if (issue(request, &grant, &tokens, err) < 0)
		return err->code == PL_ERR_CONFLICT
			       ? refuse_grant(response, "the code was used twice")
			       : -1;
	ret = answer_signed(request, response, &grant, &tokens, grant.nonce, err);
	wipe_tokens(&tokens);
	return ret;
}

/* A connected application does not depend on webmail. */
static int check_application(struct request *request, struct response *response,
			     const struct pl_session *session, struct pl_error *err)
{
	int allowed;

	if (session->pending)
		return refuse_grant(response,
				    "the member must connect it again, with the second step");
	allowed = application_is_allowed(request, &session->address, err);
	if (allowed < 0)
		return -1;
	return allowed ? 1 : refuse_grant(response, "connected applications are switched off");
}

/* Whether the grant goes on to have tokens: 1; 0 response is filled; -1. */
static int check_refresh(struct request *request, struct response *response,
			 const struct pl_grant *grant, struct pl_session *session_r,
			 struct pl_error *err)
{
	unsigned wanted, granted;
	struct pl_ip browser;
	enum next_step next;
	int ret;

	oauth_scope_read(grant->scope, &granted);
	if (oauth_scope_read(oauth_parameter(request, "scope"), &wanted) < 0 ||
	    (wanted & ~granted) != 0)
		return oauth_error(response, 400, "invalid_scope",
				   "scope is more than was granted");
	ret = pl_session_get(request->work.store, grant->session_id, session_r, err);
	if (ret == 1) {
		browser = session_address(session_r);
		if (next_step_recheck(request, &browser, NULL, session_r, &next, err) < 0)
			ret = -1;
	}
	if (ret < 0)
		return -1;
	if (ret == 1 && session_r->channel == PL_CHANNEL_CLIENT)
		return check_application(request, response, session_r, err);
	if (ret == 1 && session_r->pending)
		return refuse_grant(response,
				    "the member must sign in again, with the second step");
	if (ret == 0 || next == NEXT_DENIED)
		return refuse_grant(response, "the member is no longer allowed to use webmail");
	return 1;
}

static int refuse_refresh(struct response *response)
{
	return refuse_grant(response, "invalid or expired refresh token");
}

static int rotate(struct request *request, struct response *response,
		  const struct pl_secret *refresh, const struct pl_session *session,
		  struct pl_error *err)
{
	char address[PL_ADDRESS_MAX + 1];
	struct pl_grant grant;
	struct pl_tokens tokens = { .access_expires_at = 0 };
	int ret = request_begin_write(request, err);

	if (ret == 0)
		ret = pl_tokens_refresh(&request->work, refresh, request->client->id, &grant,
					&tokens);
	if (ret == 1 && session->channel == PL_CHANNEL_CLIENT &&
	    pl_application_renew(&request->work, session->id, application_expires_at(request)) < 0)
		ret = -1;
	if (ret >= 0 && pl_store_commit(request->work.store, err) < 0)
		ret = -1;
	if (ret == 1)
		ret = answer_signed(request, response, &grant, &tokens, "", err);
	else if (ret == 0) {
		/* It was good a moment ago: an old one came back, and has ended the session. */
		log_sign_in(request->ip_text, pl_address_format(&session->address, address),
			    "refresh-token-stolen");
		disconnect_session(request, session);
		refuse_refresh(response);
	}
	wipe_tokens(&tokens);
	return ret;
}

static int refresh(struct request *request, struct response *response, struct pl_error *err)
{
	const char *text = oauth_parameter(request, "refresh_token");
	struct pl_secret token;
	struct pl_session session;
	struct pl_grant grant;
	int ret;

	if (text == NULL)
		return oauth_error(response, 400, "invalid_request", "refresh_token is required");
	if (pl_secret_set(&token, text, strlen(text)) < 0)
		return refuse_refresh(response);
	ret = pl_refresh_peek(&request->work, &token, request->client->id, &grant);
	if (ret == 0)
		refuse_refresh(response);
	if (ret == 1)
		ret = check_refresh(request, response, &grant, &session, err);
	if (ret == 1)
		ret = rotate(request, response, &token, &session, err);
	pl_secret_wipe(&token);
	return ret;
}

static const struct {
	const char *type;
	int (*give)(struct request *request, struct response *response, struct pl_error *err);
} grants[] = {
	{ "authorization_code", redeem_code },
	{ "refresh_token", refresh },
};

int post_token(struct request *request, struct response *response, struct pl_error *err)
{
	const char *type = oauth_parameter(request, "grant_type");
	int ret = client_admit(request, response, 1, err);

	if (ret <= 0)
		return ret;
	if (type == NULL)
		return oauth_error(response, 400, "invalid_request", "grant_type is required");
	for (size_t i = 0; i < sizeof(grants) / sizeof(grants[0]); i++) {
		if (strcmp(grants[i].type, type) == 0)
			return grants[i].give(request, response, err);
	}
	return oauth_error(response, 400, "unsupported_grant_type",
			   "grant_type is authorization_code or refresh_token");
}
