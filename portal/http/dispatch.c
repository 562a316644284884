/* dispatch.c - everything that is checked before a handler runs.
 *
 * The order is: path, method, origin, content type, size; then, with the body,
 * fields, session or client, CSRF token, recent proof. A request that fails
 * answers with the first thing that is wrong, and the cheapest come first.
 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "portal/account/account_answer.h"
#include "portal/signin/next_step.h"
#include "portal/http/form.h"
#include "portal/oauth/oauth.h"
#include "portal/http/problem.h"
#include "portal/http/route.h"
#include "policy/credential/totp.h"
#include "portal/http/csrf.h"
#include "portal/http/portal.h"
#include "daemon/log.h"

#define RETRY_SECONDS 5
#define FRESH_SECONDS (20 * 60) /* NIST SP 800-63B 6.1.2 */

/* The RFCs have their own words for what a page calls `code`. */
static int refuse(const struct request *request, struct response *response, int status,
		  const char *code)
{
	if (route_is_visited(request->route) && (status == 400 || status >= 500))
		return respond_problem(request, response, status, "it is not well formed");
	if (route_is_oauth(request->route))
		code = status == 503   ? "temporarily_unavailable"
		       : status == 500 ? "server_error"
				       : "invalid_request";
	if (status == 503)
		return respond_wait(response, status, code, RETRY_SECONDS);
	return respond_error(response, status, code);
}

static int is_get(const struct request *request)
{
	return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

static void answer_page(const struct request *request, const struct page *page,
			struct response *response)
{
	if (!is_get(request)) {
		response->allow = "GET, HEAD";
		respond_error(response, 405, "method-not-allowed");
		return;
	}
	response->page = page;
	response->status =
		request->if_none_match != NULL && strcmp(request->if_none_match, page->etag) == 0
			? 304
			: 200;
}

/* 1 when the request is answered: a page, an unknown path, a wrong method. */
static int find_route(struct request *request, struct response *response)
{
	const char *allowed;
	const struct page *page;

	request->route = route_find(request->method, request->path, &allowed);
	if (request->route != NULL)
		return 0;
	page = allowed == NULL ? pages_find(portal_pages(request->portal), request->path) : NULL;
	if (page != NULL) {
		answer_page(request, page, response);
	} else if (allowed != NULL) {
		response->allow = allowed;
		respond_error(response, 405, "method-not-allowed");
	} else {
		respond_error(response, 404, "not-found");
	}
	return 1;
}

/* Whether our own page sent it. Programs that post forms send no origin and are
 * told apart by what they prove; see RFC 6454 and Fetch Metadata. */
static int is_own_origin(const struct request *request)
{
	if (strcmp(request->method, "POST") != 0 || route_is_oauth(request->route))
		return 1;
	if (request->origin != NULL)
		return strcmp(request->origin, request->policy->portal_url) == 0;
	return request->fetch_site != NULL && strcmp(request->fetch_site, "same-origin") == 0;
}

/* "application/json" and whatever parameters. */
static int is_type(const char *header, const char *type)
{
	size_t len = strlen(type);

	return header != NULL && strncasecmp(header, type, len) == 0 &&
	       (header[len] == '\0' || header[len] == ';' || header[len] == ' ');
}

static int is_right_type(const struct request *request)
{
	switch (request->route->body) {
	case BODY_NONE:
		return 1;
	case BODY_JSON:
		return is_type(request->content_type, "application/json");
	case BODY_FORM:
		return is_type(request->content_type, "application/x-www-form-urlencoded");
	}
	return 0;
}

int dispatch_head(struct request *request, struct response *response)
{
	size_t most;

	if (find_route(request, response))
		return 1;
	most = request->route->body == BODY_NONE ? 0 : REQUEST_BODY_MAX;
	if (!is_own_origin(request))
		refuse(request, response, 403, "foreign-origin");
	else if (!is_right_type(request))
		refuse(request, response, 415, "unsupported-media-type");
	else if (request->body_len > most)
		refuse(request, response, 413, "too-large");
	else
		return 0;
	return 1;
}

static int read_json(struct request *request)
{
	request->json = json_loadb(request->body == NULL ? "" : request->body, request->body_len,
				   JSON_REJECT_DUPLICATES, NULL);
	return json_is_object(request->json) ? fields_check(request->route->fields, &request->json)
					     : -1;
}

static int read_form(struct request *request)
{
	if (request->body == NULL)
		return 0;
	/* A NUL would hide what stands behind it. */
	if (strlen(request->body) != request->body_len)
		return -1;
	if (form_parse(request->body, request->form, &request->form_count, &request->repeated) < 0)
		return -1;
	/* RFC 6749 3.2: none may stand there twice. What is visited says so itself. */
	return request->repeated && !route_is_visited(request->route) ? -1 : 0;
}

static int read_fields(struct request *request)
{
	if (request->query_text != NULL &&
	    form_parse(request->query_text, request->query, &request->query_count,
		       &request->repeated) < 0)
		return -1;
	switch (request->route->body) {
	case BODY_NONE:
		return 0;
	case BODY_JSON:
		return read_json(request);
	case BODY_FORM:
		return read_form(request);
	}
	return -1;
}

/* The session of the cookie, if there is a good one. */
static int find_session(struct request *request, struct pl_error *err)
{
	int ret;

	if (!request_cookie(request, SESSION_COOKIE, &request->cookie))
		return 0;
	ret = pl_session_by_cookie(request->store, &request->cookie, request->now,
				   &request->session, err);
	if (ret <= 0) {
		memset(&request->session, 0, sizeof(request->session));
		return ret;
	}
	pl_address_format(&request->session.address, request->address);
	return 0;
}

/* Webmail that was switched off takes its tokens with it, as it does at Dovecot; the
 * portal's other settings come with a sign-in. 1, 0, -1. */
static int is_webmail_off(struct request *request, struct pl_error *err)
{
	struct pl_session session;
	enum next_step next;
	int ret = pl_session_get(request->store, request->token.session_id, &session, err);

	if (ret <= 0 || session.channel != PL_CHANNEL_WEBMAIL)
		return ret < 0 ? -1 : 0;
	return next_step_find(request, &session.address, 1, &next, err) < 0 ? -1
									    : next == NEXT_DENIED;
}

/* Whose access token comes along (RFC 6750 2.1): 1 go on, 0 response is filled, -1 error. */
static int check_bearer(struct request *request, struct response *response, struct pl_error *err)
{
	const char *header = request->authorization;
	const int is_bearer = header != NULL && strncasecmp(header, "Bearer ", 7) == 0;
	struct pl_secret token;
	int ret = 0;

	if (is_bearer && pl_secret_set(&token, header + 7, strlen(header + 7)) == 0) {
		ret = pl_token_info(request->store, &token, request->now, &request->token, err);
		pl_secret_wipe(&token);
	}
	if (ret == 1) {
		const int off = is_webmail_off(request, err);

		pl_address_format(&request->token.address, request->address);
		ret = off < 0 ? -1 : !off;
	}
	if (ret != 0)
		return ret;
	/* Who sent none is told what is wanted, and of no mistake (RFC 6750 3.1). */
	response->authenticate = is_bearer ? "Bearer realm=\"postlatch\", error=\"invalid_token\""
					   : "Bearer realm=\"postlatch\"";
	return respond_error(response, 401, "invalid_token");
}

int is_fresh(const struct request *request)
{
	return request->session.proven_at > 0 &&
	       request->now - request->session.proven_at < FRESH_SECONDS;
}

static int refuse_stale(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_totp_state state;

	if (pl_totp_state(request->store, request->session.member_id, &state, err) < 0)
		return -1;
	return respond_json(response, 403,
			    json_pack("{s:s, s:s}", "error", "proof-needed", "by",
				      state.registered ? "code" : "password"));
}

/* A foreign page can make a browser send the cookie, but not this header. */
static int is_csrf_right(const struct request *request, struct pl_error *err)
{
	char token[CSRF_TEXT];

	if (csrf_token(&request->cookie, token, err) < 0)
		return -1;
	return request->csrf != NULL && strlen(request->csrf) == CSRF_TEXT - 1 &&
	       CRYPTO_memcmp(request->csrf, token, CSRF_TEXT - 1) == 0;
}

/* Who it is: 1 go on, 0 response is filled, -1 error. */
static int check_access(struct request *request, struct response *response, struct pl_error *err)
{
	const enum route_access access = request->route->access;
	int is_whole;

	if (access == ACCESS_CLIENT)
		return client_admit(request, response, 0, err);
	if (access == ACCESS_BEARER)
		return check_bearer(request, response, err);
	if (find_session(request, err) < 0)
		return -1;
	is_whole = request->session.id != 0 && !request->session.half;
	switch (access) {
	case ACCESS_PUBLIC:
	case ACCESS_CLIENT:
	case ACCESS_BEARER:
		return 1;
	case ACCESS_HALF:
		if (is_whole)
			return respond_error(response, 403, "not-allowed");
		return request->session.id != 0 ? 1 : respond_error(response, 401, "sign-in-again");
	case ACCESS_MEMBER:
	case ACCESS_FRESH:
		return is_whole ? 1 : respond_error(response, 401, "sign-in-again");
	}
	return -1;
}

/* Everything of the session that the row demands. Values as check_access. */
static int check_session(struct request *request, struct response *response, struct pl_error *err)
{
	int ret = check_access(request, response, err);

	if (ret <= 0)
		return ret;
	/* Without a session there is nothing to abuse. */
	if (request->route->csrf && request->session.id != 0) {
		ret = is_csrf_right(request, err);
		if (ret < 0)
			return -1;
		if (ret == 0)
			return respond_error(response, 403, "csrf");
	}
	if (request->route->access == ACCESS_FRESH && !is_fresh(request))
		return refuse_stale(request, response, err);
	return 1;
}

/* Best effort: who cannot be noted may go on all the same. */
static void note_use(struct request *request)
{
	if (request->session.id != 0)
		pl_session_seen(request->store, &request->session, request->now, request->ip_text,
				NULL);
}

static int run(struct request *request, struct response *response, struct pl_error *err)
{
	int ret = check_session(request, response, err);

	if (ret <= 0)
		return ret;
	request->actor =
		(struct pl_actor){ request->address[0] != '\0' ? request->address : "portal",
				   request->ip_text };
	note_use(request);
	return request->route->handler(request, response, err);
}

/* What the caller can do about it decides the answer. */
static void answer_error(const struct request *request, struct response *response,
			 struct pl_error *err)
{
	const int internal = err->code == PL_ERR_INTERNAL || err->code == PL_ERR_DATA;

	pl_error_prefix(err, "%s %s", request->route->method, request->route->path);
	daemon_log_trouble(err);
	response_free(response);
	refuse(request, response, internal ? 500 : 503, internal ? "internal" : "try-again-later");
}

static void dispatch_with_store(struct request *request, struct response *response)
{
	struct pl_error err = { 0 };
	int ret = portal_take(request, &err);

	if (ret == 0) {
		ret = run(request, response, &err);
		pl_store_rollback(request->store);
		portal_give(request, ret < 0);
	}
	if (ret < 0)
		answer_error(request, response, &err);
}

void dispatch(struct request *request, struct response *response)
{
	if (read_fields(request) < 0)
		refuse(request, response, 400, "bad-request");
	else
		dispatch_with_store(request, response);
	pl_secret_wipe(&request->cookie);
}
