/* oauth_authorize.c - the authorization endpoint (RFC 6749 4.1.1, RFC 7636, RFC 9207,
 * OpenID Connect Core 3.1.2, RFC 9700).
 *
 * Until client and redirect URI are known to be right, what is wrong is told to the
 * person, and the browser is sent nowhere; afterwards it is told to the client, unless that
 * has registered itself. Before a
 * mail program gets a code, the member is asked for consent (oauth_consent.c); the other
 * clients are the operator's own.
 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/session/redirect_uri.h"
#include "portal/signin/next_step.h"
#include "portal/oauth/handlers.h"
#include "portal/oauth/oauth.h"
#include "portal/oauth/oauth_answer.h"
#include "portal/oauth/oauth_consent.h"
#include "portal/http/problem.h"
#include "portal/http/url.h"

#define CHALLENGE_LEN 43 /* SHA-256 in base64url */

#define PROMPT_NONE 1u
#define PROMPT_LOGIN 2u
#define PROMPT_CONSENT 4u /* a mail program always asks for it, and others never */

/* Of our own: in the request that comes back from the sign-in, when a new one was asked for. */
#define SIGNED_IN_AFTER "signed_in_after"
#define CLOCKS_APART 30 /* seconds by which the clocks of two front ends may differ */

/* The request parameters, and what they ask for. */
struct authorization {
	struct pl_oauth_client client;
	const char *state; /* NULL: none */
	unsigned prompt;
	int64_t max_age;         /* seconds; -1: any */
	int64_t signed_in_after; /* 0: any time */
	int has_hint;            /* an id_token_hint, */
	int64_t hinted_member;   /* and whose it is; 0: it is not one of ours */
	struct pl_grant grant;
	const char *error, *text; /* what the client is told */
};

static int is_repeated(const struct request *request, const char *name)
{
	size_t count, found = 0;
	const struct request_field *fields = oauth_parameters(request, &count);

	for (size_t i = 0; i < count; i++)
		found += strcmp(fields[i].name, name) == 0;
	return found > 1;
}

/* 1 client and redirect URI are right; else the answer and 0, or -1. */
static int find_client(const struct request *request, struct authorization *asked,
		       struct response *response, struct pl_error *err)
{
	const char *id = oauth_parameter(request, "client_id");
	const char *uri = oauth_parameter(request, "redirect_uri");
	int ret;

	if (id == NULL || is_repeated(request, "client_id"))
		return respond_problem(request, response, 400, "client_id must be given once");
	ret = pl_oauth_client_get(request->work.store, id, &asked->client, err);
	if (ret < 0)
		return -1;
	if (ret == 0)
		return respond_problem(request, response, 400,
				       "client_id is not that of a registered client");
	if (uri == NULL || is_repeated(request, "redirect_uri"))
		return respond_problem(request, response, 400, "redirect_uri must be given once");
	if (!pl_redirect_uri_listed(asked->client.redirect_uris, !asked->client.confidential, uri))
		return respond_problem(request, response, 400,
				       "redirect_uri is not registered for this client");
	snprintf(asked->grant.client_id, sizeof(asked->grant.client_id), "%s", asked->client.id);
	snprintf(asked->grant.redirect_uri, sizeof(asked->grant.redirect_uri), "%s", uri);
	/* Of two states neither can be said to be the client's. */
	if (!is_repeated(request, "state"))
		asked->state = oauth_parameter(request, "state");
	return 1;
}

static int wrong(struct authorization *asked, const char *error, const char *text)
{
	asked->error = error;
	asked->text = text;
	return -1;
}

/* What OpenID Connect offers and we do not (Core 6.1, 6.2, 7.2.1). */
static int check_unsupported(const struct request *request, struct authorization *asked)
{
	static const char *const unsupported[][2] = {
		{ "request", "request_not_supported" },
		{ "request_uri", "request_uri_not_supported" },
		{ "registration", "registration_not_supported" },
	};

	for (size_t i = 0; i < sizeof(unsupported) / sizeof(unsupported[0]); i++) {
		if (oauth_parameter(request, unsupported[i][0]) != NULL)
			return wrong(asked, unsupported[i][1], "the parameter is not supported");
	}
	return 0;
}

static int check_response(const struct request *request, struct authorization *asked)
{
	const char *type = oauth_parameter(request, "response_type");
	const char *mode = oauth_parameter(request, "response_mode");

	if (request->repeated)
		return wrong(asked, "invalid_request", "a parameter is repeated");
	if (type == NULL)
		return wrong(asked, "invalid_request", "response_type is missing");
	if (strcmp(type, "code") != 0)
		return wrong(asked, "unsupported_response_type", "response_type must be code");
	if (mode != NULL && strcmp(mode, "query") != 0)
		return wrong(asked, "invalid_request", "response_mode must be query");
	return 0;
}

static int check_scope(const struct request *request, struct authorization *asked)
{
	const char *text = oauth_parameter(request, "scope");
	unsigned scopes;

	if (oauth_scope_read(text == NULL ? "mail" : text, &scopes) < 0 || scopes == 0)
		return wrong(asked, "invalid_scope", "scope has no value that is known here");
	if (asked->client.mail_implied)
		scopes |= SCOPE_MAIL;
	oauth_scope_format(scopes, asked->grant.scope);
	return 0;
}

/* RFC 7636 4.3, and no "plain": RFC 9700 2.1.1. */
static int check_challenge(const struct request *request, struct authorization *asked)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *challenge = oauth_parameter(request, "code_challenge");
	const char *method = oauth_parameter(request, "code_challenge_method");

	if (challenge == NULL && method != NULL)
		return wrong(asked, "invalid_request", "code_challenge is missing");
	if (challenge == NULL && !asked->client.confidential)
		return wrong(asked, "invalid_request",
			     "a public client must send a code_challenge");
	if (challenge == NULL)
		return 0;
	if (method == NULL || strcmp(method, "S256") != 0)
		return wrong(asked, "invalid_request", "code_challenge_method must be S256");
	if (strlen(challenge) != CHALLENGE_LEN || challenge[strspn(challenge, allowed)] != '\0')
		return wrong(asked, "invalid_request",
			     "code_challenge is not a SHA-256 digest in base64url");
	snprintf(asked->grant.challenge, sizeof(asked->grant.challenge), "%s", challenge);
	return 0;
}

static unsigned prompt_of(const char *word, size_t len)
{
	static const struct {
		const char *word;
		unsigned prompt;
	} prompts[] = {
		{ "none", PROMPT_NONE },
		{ "login", PROMPT_LOGIN },
		{ "select_account", PROMPT_LOGIN },
		{ "consent", PROMPT_CONSENT },
	};

	for (size_t i = 0; i < sizeof(prompts) / sizeof(prompts[0]); i++) {
		if (strlen(prompts[i].word) == len && strncmp(prompts[i].word, word, len) == 0)
			return prompts[i].prompt;
	}
	return 0;
}

/* OpenID Connect Core 3.1.2.1. */
static int check_prompt(const struct request *request, struct authorization *asked)
{
	const char *prompt = oauth_parameter(request, "prompt");

	while (prompt != NULL && *(prompt += strspn(prompt, " ")) != '\0') {
		size_t len = strcspn(prompt, " ");
		unsigned one = prompt_of(prompt, len);

		if (one == 0)
			return wrong(asked, "invalid_request",
				     "prompt is none, login, select_account or consent");
		asked->prompt |= one;
		prompt += len;
	}
	if ((asked->prompt & PROMPT_NONE) && asked->prompt != PROMPT_NONE)
		return wrong(asked, "invalid_request",
			     "prompt none cannot be combined with another value");
	return 0;
}

/* A parameter that is a number of seconds; -1: there is none, or it is no such number. */
static int64_t seconds_of(const char *text)
{
	return text == NULL || text[0] == '\0' || strlen(text) > 10 ||
			       text[strspn(text, "0123456789")] != '\0'
		       ? -1
		       : strtoll(text, NULL, 10);
}

static int check_openid(const struct request *request, struct authorization *asked)
{
	const char *nonce = oauth_parameter(request, "nonce"),
		   *age = oauth_parameter(request, "max_age");

	asked->max_age = seconds_of(age);
	if (age != NULL && asked->max_age < 0)
		return wrong(asked, "invalid_request", "max_age must be a number of seconds");
	asked->signed_in_after = seconds_of(oauth_parameter(request, SIGNED_IN_AFTER));
	if (nonce != NULL && strlen(nonce) >= sizeof(asked->grant.nonce))
		return wrong(asked, "invalid_request", "nonce is too long");
	snprintf(asked->grant.nonce, sizeof(asked->grant.nonce), "%s", nonce == NULL ? "" : nonce);
	return check_prompt(request, asked);
}

static int check_request(const struct request *request, struct authorization *asked)
{
	return check_response(request, asked) < 0 || check_unsupported(request, asked) < 0 ||
			       check_scope(request, asked) < 0 ||
			       check_challenge(request, asked) < 0 ||
			       check_openid(request, asked) < 0
		       ? -1
		       : 0;
}

static int lead_to(const struct request *request, struct response *response, const struct url *url)
{
	if (!url_fits(url))
		return respond_problem(request, response, 400, "it is too long");
	return respond_redirect(response, url->text);
}

static int tell_client(const struct request *request, struct response *response,
		       const struct authorization *asked)
{
	struct url url;

	/* Anybody can register any address. Until the member has answered its request, the browser
	 * is sent nowhere, or a link to this server would lead there (RFC 9700 4.11.2). */
	if (asked->client.registered_from[0] != '\0')
		return respond_problem(request, response, 400, asked->text);
	oauth_error_url(request, &asked->grant, asked->state, asked->error, asked->text, &url);
	return lead_to(request, response, &url);
}

/* The same request once more. What asks for a new sign-in would ask for ever: it becomes the
 * time after which there must have been one. */
static void repeat_request(const struct request *request, int again, struct url *here)
{
	static const char *const fulfilled[] = { "prompt", "max_age", SIGNED_IN_AFTER };
	size_t count;
	const struct request_field *fields = oauth_parameters(request, &count);
	char now[24];

	url_begin(here, request->path);
	for (size_t i = 0; i < count; i++) {
		int keep = 1;

		for (size_t j = 0; j < sizeof(fulfilled) / sizeof(fulfilled[0]); j++)
			keep = keep && strcmp(fields[i].name, fulfilled[j]) != 0;
		if (keep)
			url_add(here, fields[i].name, fields[i].value);
	}
	snprintf(now, sizeof(now), "%lld", (long long)request->work.now);
	url_add(here, SIGNED_IN_AFTER, again ? now : NULL);
}

/* After the sign-in the browser comes back with the same request. again: there is a session,
 * and the page asks nevertheless. */
static int ask_to_sign_in(const struct request *request, struct response *response, int again)
{
	struct url here, there;

	repeat_request(request, again, &here);
	if (!url_fits(&here))
		return lead_to(request, response, &here);
	url_begin(&there, "/sign-in");
	url_add(&there, "continue", here.text);
	url_add(&there, "again", again ? "1" : NULL);
	return lead_to(request, response, &there);
}

/* 1 go on, 0 no session now, -1 error; where the member may not use webmail any more, the error
 * of asked is set. */
static int decide(struct request *request, struct authorization *asked, struct pl_error *err)
{
	struct pl_account *account;

	if (request->session.id == 0 || request->session.pending)
		return 0;
	if (request_account(request, &account, err) < 0)
		return -1;
	if (next_step_of(request, account, request->session.second_factor != 0) == NEXT_DENIED)
		wrong(asked, "access_denied",
		      next_step_is_outside(request, account)
			      ? "webmail is not open to this member from this network"
			      : "webmail is switched off for this member");
	return 1;
}

static int give_code(struct request *request, struct response *response,
		     struct authorization *asked, struct pl_error *err)
{
	struct url url;
	int ret;

	asked->grant.session_id = request->session.id;
	asked->grant.expires_at = request->work.now + PL_CODE_SECONDS;
	if (request_begin_write(request, err) < 0 ||
	    oauth_code_url(request, &asked->grant, asked->state, &url, err) < 0 ||
	    pl_store_commit(request->work.store, err) < 0)
		return -1;
	ret = lead_to(request, response, &url);
	OPENSSL_cleanse(&url, sizeof(url));
	return ret;
}

/* The member is asked on a page, which a client that wants no page cannot have. */
static int ask_for_consent(struct request *request, struct response *response,
			   struct authorization *asked, struct pl_error *err)
{
	int allowed = application_is_allowed(request, &request->session.address, err);

	if (allowed < 0)
		return -1;
	if (!allowed)
		wrong(asked, "access_denied", "connected applications are switched off");
	else if (asked->prompt & PROMPT_NONE)
		wrong(asked, "consent_required", "the member must be asked");
	else
		return consent_ask(request, response, &asked->grant, asked->state, err);
	return tell_client(request, response, asked);
}

/* OpenID Connect Core 3.1.2.1: prompt and max_age. */
static int is_sign_in_old(const struct request *request, const struct authorization *asked)
{
	const int64_t signed_in = request->session.created_at;

	return (asked->prompt & PROMPT_LOGIN) ||
	       (asked->max_age >= 0 && request->work.now - signed_in > asked->max_age) ||
	       (asked->signed_in_after > 0 && signed_in + CLOCKS_APART < asked->signed_in_after);
}

static int read_hint(const struct request *request, struct authorization *asked,
		     struct pl_error *err)
{
	const char *hint = oauth_parameter(request, "id_token_hint");
	char client_id[PL_CLIENT_ID_MAX + 1];
	int64_t session_id;

	asked->has_hint = hint != NULL;
	return hint == NULL ? 0
			    : id_token_read(request, hint, &session_id, &asked->hinted_member,
					    client_id, err);
}

/* OpenID Connect Core 3.1.2.1: the client wants the member of its ID token and no other one. A
 * token that cannot be read, perhaps of a key that was replaced, names nobody: then no member can
 * be said to be meant without being asked. */
static int is_someone_else(const struct request *request, const struct authorization *asked)
{
	if (!asked->has_hint)
		return 0;
	return asked->hinted_member == 0 ? (asked->prompt & PROMPT_NONE) != 0
					 : asked->hinted_member != request->session.member_id;
}

/* What must happen in the browser before there can be a code. */
enum answer { ANSWER_CODE, ANSWER_SIGN_IN, ANSWER_REFUSAL };

static enum answer choose_answer(const struct request *request, const struct authorization *asked,
				 int has_session)
{
	const int is_old = has_session && is_sign_in_old(request, asked);

	if (has_session && !is_old && !is_someone_else(request, asked))
		return ANSWER_CODE;
	/* Who was asked to sign in, and is still another member, would be asked for ever. */
	if (asked->prompt & PROMPT_NONE || (has_session && !is_old && asked->signed_in_after > 0))
		return ANSWER_REFUSAL;
	return ANSWER_SIGN_IN;
}

int get_authorize(struct request *request, struct response *response, struct pl_error *err)
{
	struct authorization asked = { .error = NULL };
	int ret = find_client(request, &asked, response, err);

	if (ret <= 0)
		return ret;
	if (check_request(request, &asked) < 0)
		return tell_client(request, response, &asked);
	ret = read_hint(request, &asked, err) < 0 ? -1 : decide(request, &asked, err);
	if (ret < 0)
		return -1;
	if (asked.error != NULL)
		return tell_client(request, response, &asked);
	switch (choose_answer(request, &asked, ret)) {
	case ANSWER_CODE:
		return pl_oauth_client_needs_consent(&asked.client)
			       ? ask_for_consent(request, response, &asked, err)
			       : give_code(request, response, &asked, err);
	case ANSWER_SIGN_IN:
		return ask_to_sign_in(request, response, ret);
	case ANSWER_REFUSAL:
		break;
	}
	wrong(&asked, "login_required", "the member must sign in");
	return tell_client(request, response, &asked);
}
