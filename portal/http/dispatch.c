/* dispatch.c - see dispatch.h.
 *
 * The order is: path, method, origin, content type, size; then, with the body, fields, access,
 * CSRF token. A request that fails answers with the first thing that is wrong, and the cheapest
 * come first.
 */
#include "portal/http/dispatch.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "daemon/log.h"
#include "portal/http/brand_page.h"
#include "portal/http/csrf.h"
#include "portal/http/fields.h"
#include "portal/http/form.h"
#include "portal/http/index_page.h"
#include "portal/http/portal.h"
#include "portal/http/problem.h"
#include "portal/http/scim_answer.h"
#include "portal/http/site.h"
#include "portal/http/stream.h"

#define RETRY_SECONDS 5
#define FIRST_STATE "/api/session" /* what the single page begins with */

/* Whether it is a page of ours, or comes like one: failures are told by codes, for which pages have
 * sentences, and what nobody knows is refused. */
static int is_told_codes(enum route_caller caller)
{
	return caller == CALLER_PAGE || caller == CALLER_CONSOLE;
}

/* Whether failures are told in the words of RFC 6749. */
static int is_of_oauth(enum route_caller caller)
{
	return caller == CALLER_PROGRAM || caller == CALLER_FRONT_CHANNEL;
}

/* code is for pages of ours; RFC 6749 has its own words for programs. */
static int refuse(const struct request *request, struct response *response, int status,
		  const char *code)
{
	const enum route_caller caller = request->route->caller;

	if (caller == CALLER_FRONT_CHANNEL && (status == 400 || status >= 500))
		return respond_problem(request, response, status, "it is not well formed");
	if (is_of_oauth(caller))
		code = status == 503   ? "temporarily_unavailable"
		       : status == 500 ? "server_error"
				       : "invalid_request";
	if (status == 503)
		return respond_wait(response, status, code, RETRY_SECONDS);
	return respond_error(response, status, code);
}

static int refuse_method(struct response *response, const char *allow)
{
	snprintf(response->allow, sizeof(response->allow), "%s", allow);
	return respond_error(response, 405, "method-not-allowed");
}

/* The single page is answered like the route whose answer it contains. */
static int find_index_route(struct request *request, struct response *response)
{
	char allow[ROUTE_ALLOW];

	request->is_index = 1;
	request->route = route_find(portal_routes(request->portal), SITE_PORTAL, request->method,
				    FIRST_STATE, &request->parameters, allow);
	if (request->route == NULL)
		refuse_method(response, allow);
	return request->route == NULL;
}

/* The file of the pages that a path names; those of the site of files need no scripts. */
static const struct page *find_page(const struct request *request)
{
	const struct page *page = pages_find(portal_pages(request->portal), request->path);

	return page == NULL || !request->is_files || strncmp(page->type, "text/css", 8) == 0 ||
			       strncmp(page->type, "image/", 6) == 0
		       ? page
		       : NULL;
}

/* 0: there is no file at the path. */
static int answer_file(const struct request *request, struct response *response)
{
	const struct page *page = find_page(request);
	const struct pl_brand_file *image = brand_find(request->brand, request->path);

	if (page == NULL && image == NULL)
		return 0;
	if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
		refuse_method(response, "GET, HEAD");
	else if (page != NULL)
		respond_file(response, page->type, page->body, page->len);
	else
		respond_file(response, image->type, image->bytes, image->len);
	return 1;
}

/* 1 when the request is answered: a file, an unknown path, a wrong method. */
static int find_route(struct request *request, struct response *response)
{
	char allow[ROUTE_ALLOW];

	request->is_files = site_is_at(request->policy->attachment_url, request->host);
	if (!request->is_files && pages_is_index(request->path))
		return find_index_route(request, response);
	request->route = route_find(portal_routes(request->portal),
				    request->is_files ? SITE_FILES : SITE_PORTAL, request->method,
				    request->path, &request->parameters, allow);
	if (request->route != NULL)
		return 0;
	if (allow[0] != '\0')
		refuse_method(response, allow);
	else if (!answer_file(request, response))
		respond_error(response, 404, "not-found");
	return 1;
}

/* Whether our own page sent what changes something. Programs send no origin and are told
 * apart by what they prove; see RFC 6454 and Fetch Metadata. */
static int is_own_origin(const struct request *request)
{
	if (request->route->is_for_webmail && request->origin != NULL)
		return site_is_origin_of(request->policy->webmail_url, request->origin);
	if (!is_told_codes(request->route->caller) || route_is_safe(request->method))
		return 1;
	/* A key comes from no browser, and a cookie beside it does not count. */
	if (request->route->caller == CALLER_CONSOLE && request->authorization != NULL)
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
	case BODY_JSON_IF_ANY:
		if (request->body_len == 0)
			return 1;
		return is_type(request->content_type, "application/json");
	case BODY_JSON:
		return is_type(request->content_type, "application/json") ||
		       (request->route->caller == CALLER_SCIM &&
			is_type(request->content_type, SCIM_TYPE));
	case BODY_FORM_IF_ANY:
		if (request->body_len == 0)
			return 1;
		return is_type(request->content_type, "application/x-www-form-urlencoded");
	case BODY_FORM:
		return is_type(request->content_type, "application/x-www-form-urlencoded");
	case BODY_XML:
		return is_type(request->content_type, "text/xml") ||
		       is_type(request->content_type, "application/xml");
	case BODY_CSV:
		return is_type(request->content_type, "text/csv");
	case BODY_BYTES:
		return is_type(request->content_type, "application/offset+octet-stream");
	}
	return 0;
}

static int read_json(struct request *request)
{
	const int is_empty = request->body_len == 0 && request->route->body == BODY_JSON_IF_ANY;

	request->json = is_empty ? json_object()
				 : json_loadb(request->body == NULL ? "" : request->body,
					      request->body_len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(request->json))
		return -1;
	/* The handler reads what a program says, of which it ignores what it does not know. */
	return !is_told_codes(request->route->caller) && request->route->fields == NULL
		       ? 0
		       : fields_check(request->route->fields, &request->json,
				      request->route->caller == CALLER_CONSOLE,
				      &request->wrong_field);
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
	/* RFC 6749 3.2: none may stand there twice. At the front channel the handler says so. */
	return request->repeated && request->route->caller != CALLER_FRONT_CHANNEL ? -1 : 0;
}

static int read_query(struct request *request)
{
	if (request->query_text != NULL &&
	    form_parse(request->query_text, request->query, &request->query_count,
		       &request->repeated) < 0)
		return -1;
	return fields_check_query(request->route->query, request->query, request->query_count,
				  is_told_codes(request->route->caller));
}

static int read_fields(struct request *request)
{
	if (read_query(request) < 0)
		return -1;
	switch (request->route->body) {
	case BODY_NONE:
	case BODY_XML:
	case BODY_CSV:
	case BODY_BYTES:
		return 0;
	case BODY_JSON:
	case BODY_JSON_IF_ANY:
		return read_json(request);
	case BODY_FORM:
	case BODY_FORM_IF_ANY:
		return read_form(request);
	}
	return -1;
}

/* A foreign page can make a browser send the cookie, but not this header. Values as of a guard. */
static int check_csrf(const struct request *request, struct response *response,
		      struct pl_error *err)
{
	char token[CSRF_TEXT];

	/* Without a session there is nothing to abuse. */
	if (request->route->csrf == CSRF_NONE || request->session.id == 0)
		return 1;
	if (csrf_token(&request->cookie, token, err) < 0)
		return -1;
	return request->csrf != NULL && strlen(request->csrf) == CSRF_TEXT - 1 &&
			       CRYPTO_memcmp(request->csrf, token, CSRF_TEXT - 1) == 0
		       ? 1
		       : respond_error(response, 403, "csrf");
}

/* Best effort: whose last use cannot be recorded may go on all the same. */
static void record_seen(const struct request *request)
{
	struct pl_work work = request->work;

	work.err = NULL;
	pl_session_seen(&work, &request->session, request->ip_text);
}

/* 1 may go on, 0 with the answer, or -1. */
static int admit(struct request *request, struct response *response, struct pl_error *err)
{
	int ret = request->route->guard->admit(request, response, err);

	return ret == 1 ? check_csrf(request, response, err) : ret;
}

/* The same, and who sends the request is known then as its actor. */
static int begin_work(struct request *request, struct response *response, struct pl_error *err)
{
	int ret = admit(request, response, err);

	if (ret <= 0)
		return ret;
	request->work.actor =
		(struct pl_actor){ .who = request->address[0] != '\0' ? request->address : "portal",
				   .from = request->ip_text };
	if (request->session.id != 0)
		record_seen(request);
	return 1;
}

/* 0 with the answer, or -1. */
static int run(struct request *request, struct response *response, struct pl_error *err)
{
	int ret = begin_work(request, response, err);

	if (ret <= 0)
		return ret;
	ret = request->route->handler(request, response, err);
	if (ret == 0 && response->stream.fill != NULL && strcmp(request->method, "HEAD") != 0)
		ret = stream_next(request, &response->stream, err);
	return ret;
}

/* What the caller can do about it decides the answer. */
static void answer_error(const struct request *request, struct response *response,
			 struct pl_error *err)
{
	const int internal = err->code == PL_ERR_INTERNAL || err->code == PL_ERR_DATA;

	pl_error_prefix(err, "%s %s", request->route->method, request->route->path);
	daemon_log_failure(NULL, err);
	response_free(response);
	refuse(request, response, internal ? 500 : 503, internal ? "internal" : "try-again-later");
}

/* 0 with the answer, 1 to go on, or -1. */
typedef int with_store(struct request *request, struct response *response, struct pl_error *err);

/* Takes the step with a connection to the database, which it gives back. */
static int take_step(struct request *request, struct response *response, with_store *step,
		     struct pl_error *err)
{
	int ret;

	request->work.err = err;
	request->budget.left_ms = PL_BUDGET_MS;
	ret = portal_take(request, err);
	if (ret == 0) {
		if (request->work.store != NULL)
			request->work.now = pl_store_now(request->work.store);
		ret = step(request, response, err);
		portal_give(request, ret < 0);
	}
	return ret;
}

/* Whatever goes wrong becomes the answer. */
static int run_with_store(struct request *request, struct response *response, with_store *step)
{
	struct pl_error err = { 0 };
	int ret = take_step(request, response, step, &err);

	if (request->afterwards != NULL)
		request->afterwards(request);
	if (ret < 0)
		answer_error(request, response, &err);
	request->work.err = NULL;
	return ret < 0 ? 0 : ret;
}

static void dispatch_with_store(struct request *request, struct response *response)
{
	run_with_store(request, response, run);
}

/* A page says at its field what is wrong. */
static void refuse_fields(const struct request *request, struct response *response)
{
	if (is_told_codes(request->route->caller))
		respond_bad_field(response, request->wrong_field);
	else
		refuse(request, response, 400, "bad-request");
}

/* 1 the body may come, 0 with the answer, or -1. */
static int receive(struct request *request, struct response *response, struct pl_error *err)
{
	int ret = begin_work(request, response, err);

	return ret <= 0 || request->route->receive == NULL
		       ? ret
		       : request->route->receive(request, response, err);
}

/* Whether a file is taken from who sends the request: with the rest of its head, before the body is
 * read. Who sends it is looked at once more when the file has come. */
static int admits_file(struct request *request, struct response *response)
{
	if (read_fields(request) < 0) {
		refuse_fields(request, response);
		return 0;
	}
	return run_with_store(request, response, receive) == 1;
}

static size_t body_max(const struct route *route)
{
	switch (route->body) {
	case BODY_NONE:
		return 0;
	case BODY_CSV:
	case BODY_BYTES:
		return route->body_max;
	case BODY_JSON:
	case BODY_JSON_IF_ANY:
	case BODY_FORM:
	case BODY_FORM_IF_ANY:
	case BODY_XML:
		break;
	}
	return REQUEST_BODY_MAX;
}

/* Whether who sends it is looked at before its body comes. */
static int is_looked_at_before(const struct route *route)
{
	return route->body == BODY_CSV || route->body == BODY_BYTES;
}

int dispatch_head(struct request *request, struct response *response)
{
	size_t most;

	if (find_route(request, response))
		return 1;
	most = body_max(request->route);
	if (!is_own_origin(request))
		refuse(request, response, 403, "foreign-origin");
	else if (!is_right_type(request))
		refuse(request, response, 415, "unsupported-media-type");
	else if (request->body_len > most)
		refuse(request, response, 413, "too-large");
	else
		return is_looked_at_before(request->route) && !admits_file(request, response);
	return 1;
}

/* What went wrong is logged; the page comes all the same, and its script asks again. */
static void dispatch_index(struct request *request, struct response *response)
{
	struct response state = { 0 };

	dispatch_with_store(request, &state);
	respond_index(request, response, state.status == 200 ? state.json : NULL);
	response_free(&state);
}

void dispatch(struct request *request, struct response *response)
{
	/* The query of a page is for its script. */
	if (request->is_index)
		dispatch_index(request, response);
	else if (!is_looked_at_before(request->route) && read_fields(request) < 0)
		refuse_fields(request, response);
	else
		dispatch_with_store(request, response);
	pl_secret_wipe(&request->cookie);
	pl_secret_wipe(&request->upload_token);
}

/* response is the one that is being sent: what a guard answers goes nowhere. */
static int read_more(struct request *request, struct response *response, struct pl_error *err)
{
	struct response refusal = { 0 };
	int ret;

	request->has_account = 0;
	ret = begin_work(request, &refusal, err);
	response_free(&refusal);
	if (ret == 0)
		return pl_error_set(err, PL_ERR_INVALID,
				    "the answer was cut off: %s may not have it any more",
				    request->address);
	return ret < 0 ? -1 : stream_next(request, &response->stream, err);
}

int dispatch_more(struct request *request, struct response *response)
{
	struct pl_error err = { 0 };
	int ret;

	/* It may last for long: it follows the policy file, as later requests do. */
	portal_release(request);
	ret = portal_hold(request->portal, request, &err);
	if (ret == 0)
		ret = take_step(request, response, read_more, &err);
	request->work.err = NULL;
	pl_secret_wipe(&request->cookie);
	if (ret == 0)
		return 0;
	pl_error_prefix(&err, "%s %s", request->route->method, request->route->path);
	daemon_log_failure(NULL, &err);
	return -1;
}

static int report_sent(struct request *request, struct response *response, struct pl_error *err)
{
	const struct response_open_file *file = response->open_file;

	if (file != NULL)
		return file->sent(request, file->context, err);
	return response->stream.sent(request, response->stream.context, err);
}

static int reports_sent(const struct response *response)
{
	return response->open_file != NULL ? response->open_file->sent != NULL
					   : response->stream.sent != NULL;
}

void dispatch_sent(struct request *request, struct response *response)
{
	struct pl_error err = { 0 };

	if (!reports_sent(response) || strcmp(request->method, "GET") != 0)
		return;
	if (take_step(request, response, report_sent, &err) < 0) {
		pl_error_prefix(&err, "%s %s", request->route->method, request->route->path);
		daemon_log_failure(NULL, &err);
	}
	request->work.err = NULL;
}
