/* response.c - answers, and the headers that none of them may lack; see response.h. */
#include "portal/http/response.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "portal/http/page_style.h"
#include "portal/http/request.h"
#include "portal/http/route.h"
#include "portal/http/site.h"
#include "portal/http/stream.h"

/* The pages load their own files and nothing else; the sign-in page has one style in it. */
#define PAGES_MAY                                                                             \
	"default-src 'none'; script-src 'self'; style-src 'self'%s%s; img-src 'self' data:; " \
	"font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "      \
	"base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
/* A picture that is opened as a document of its own, such as an operator's SVG, runs nothing. */
#define IMAGES_MAY "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
/* What others have sent is kept as a file; a browser that opens it all the same runs nothing of it,
 * and in an origin of its own. */
#define FILES_MAY "default-src 'none'; sandbox; frame-ancestors 'none'"

/* OWASP ASVS 3.4. A script or a style sheet of the pages needs few of them, as it is no document,
 * and on a slow line the headers of fifty files are felt. */
static const struct {
	const char *name, *value;
	int everywhere;
} always[] = {
	{ "X-Content-Type-Options", "nosniff", 1 },
	{ "Cross-Origin-Resource-Policy", "same-origin", 1 },
	{ "X-Frame-Options", "DENY", 0 },
	{ "Referrer-Policy", "no-referrer", 0 },
	{ "Cross-Origin-Opener-Policy", "same-origin", 0 },
	{ "Permissions-Policy", "camera=(), geolocation=(), microphone=()", 0 },
};
#define HSTS "max-age=31536000"

int respond_json(struct response *response, int status, json_t *json)
{
	json_decref(response->json);
	response->status = status;
	response->json = json;
	return 0;
}

int respond_error(struct response *response, int status, const char *code)
{
	return respond_json(response, status, json_pack("{s:s}", "error", code));
}

int respond_bad_field(struct response *response, const char *field)
{
	return respond_json(response, 400,
			    json_pack("{s:s, s:s*}", "error", "bad-request", "field", field));
}

int respond_wait(struct response *response, int status, const char *code, int64_t seconds)
{
	response->retry_after = seconds < 1 ? 1 : (int)seconds;
	return respond_json(response, status,
			    json_pack("{s:s, s:i}", "error", code, "wait", response->retry_after));
}

int respond_redirect(struct response *response, const char *location)
{
	/* A part of a location leads somewhere else. */
	if (strlen(location) >= sizeof(response->location))
		return respond_error(response, 400, "bad-request");
	response->status = 303;
	snprintf(response->location, sizeof(response->location), "%s", location);
	return 0;
}

void respond_cookie(struct response *response, const char *name, const struct pl_secret *value,
		    int max_age)
{
	const int room = sizeof(response->cookies) / sizeof(response->cookies[0]);
	char *cookie = response->cookies[response->cookie_count];
	char age[32] = "";

	if (response->cookie_count == room)
		return;
	response->cookie_count++;
	if (max_age != 0)
		snprintf(age, sizeof(age), "; Max-Age=%d", max_age < 0 ? 0 : max_age);
	snprintf(cookie, sizeof(response->cookies[0]),
		 "__Host-%s=%s; Path=/; Secure; HttpOnly; SameSite=Lax%s", name,
		 max_age < 0 ? "" : (const char *)value->data, age);
}

int respond_file(struct response *response, const char *type, const char *file, size_t len)
{
	response->status = 200;
	response->type = type;
	response->file = file;
	response->file_len = len;
	return 0;
}

int respond_stream(struct response *response, const char *type,
		   const struct response_stream *stream)
{
	response->status = 200;
	response->type = type;
	response->stream = *stream;
	return 0;
}

int respond_file_stream(struct response *response, const struct response_stream *stream,
			char *disposition)
{
	respond_stream(response, "application/octet-stream", stream);
	response->disposition = disposition;
	return disposition == NULL ? -1 : 0;
}

static void free_open_file(struct response_open_file **open_file)
{
	if (*open_file == NULL)
		return;
	if ((*open_file)->fd >= 0)
		close((*open_file)->fd);
	free((*open_file)->context);
	free(*open_file);
	*open_file = NULL;
}

int respond_open_file(struct response *response, const struct response_open_file *open_file,
		      char *disposition)
{
	struct response_open_file copy = *open_file, *kept = malloc(sizeof(*kept));

	response->disposition = disposition;
	if (kept == NULL || disposition == NULL) {
		free(kept);
		close(copy.fd);
		free(copy.context);
		return -1;
	}
	*kept = copy;
	response->status = 200;
	response->type = "application/octet-stream";
	response->open_file = kept;
	return 0;
}

/* Whether it is a file that others have sent. */
static int is_download(const struct response *response)
{
	return response->open_file != NULL || response->stream.file_id != 0;
}

static int is_image(const struct response *response)
{
	return response->file != NULL && strncmp(response->type, "image/", 6) == 0;
}

static const char *content_type(const struct response *response)
{
	if (response->json != NULL)
		return response->type != NULL ? response->type : "application/json";
	return response->file != NULL || response->body != NULL || response->stream.fill != NULL ||
			       response->open_file != NULL
		       ? response->type
		       : NULL;
}

static const char *content_policy(const struct response *response, char *pages_may, size_t size)
{
	const char *style = response->style_source != NULL ? response->style_source : "";

	if (is_download(response))
		return FILES_MAY;
	if (is_image(response))
		return IMAGES_MAY;
	snprintf(pages_may, size, PAGES_MAY, style[0] != '\0' ? " " : "", style);
	return pages_may;
}

static void security_headers(const struct response *response,
			     void (*each)(const char *name, const char *value, void *context),
			     void *context)
{
	const int is_document = response->file == NULL || is_image(response);
	char pages_may[sizeof(PAGES_MAY) + PAGE_STYLE_SOURCE];

	if (is_document)
		each("Content-Security-Policy",
		     content_policy(response, pages_may, sizeof(pages_may)), context);
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
		if (is_document || always[i].everywhere)
			each(always[i].name, always[i].value, context);
	}
}

/* What a script of webmail may do and see at another origin than its own (Fetch Standard 3.3), and
 * the words of tus 1.0.0. */
static void upload_headers(const struct response *response, const struct request *request,
			   void (*each)(const char *name, const char *value, void *context),
			   void *context)
{
	if (request->route == NULL || !request->route->is_for_webmail)
		return;
	each("Tus-Resumable", "1.0.0", context);
	each("Vary", "Origin", context);
	if (response->upload_offset[0] != '\0')
		each("Upload-Offset", response->upload_offset, context);
	if (response->upload_length[0] != '\0')
		each("Upload-Length", response->upload_length, context);
	if (request->origin == NULL ||
	    !site_is_origin_of(request->policy->webmail_url, request->origin))
		return;
	each("Access-Control-Allow-Origin", request->origin, context);
	each("Access-Control-Expose-Headers",
	     "Upload-Offset, Upload-Length, Tus-Resumable, Retry-After", context);
	if (strcmp(request->method, "OPTIONS") == 0) {
		each("Access-Control-Allow-Methods", "HEAD, PATCH, POST, DELETE", context);
		each("Access-Control-Allow-Headers",
		     "Authorization, Content-Type, Tus-Resumable, Upload-Offset", context);
		each("Access-Control-Max-Age", "7200", context);
	}
}

static int is_over_tls(const struct request *request)
{
	const struct pl_policy *policy = request->policy;

	return policy != NULL &&
	       strncmp(request->is_files ? policy->attachment_url : policy->portal_url,
		       "https:", 6) == 0;
}

static const char *cache_control(const struct response *response)
{
	if (response->file != NULL)
		return "public, max-age=31536000, immutable";
	return is_download(response) ? "private, no-store" : "no-store";
}

static void file_headers(const struct response *response,
			 void (*each)(const char *name, const char *value, void *context),
			 void *context)
{
	if (response->disposition != NULL)
		each("Content-Disposition", response->disposition, context);
	if (response->open_file != NULL)
		each("Accept-Ranges", "bytes", context);
	if (response->content_range[0] != '\0')
		each("Content-Range", response->content_range, context);
}

void response_headers(const struct response *response, const struct request *request,
		      void (*each)(const char *name, const char *value, void *context),
		      void *context)
{
	char seconds[16];

	security_headers(response, each, context);
	if (is_over_tls(request))
		each("Strict-Transport-Security",
		     request->policy->hsts_subdomains && !request->is_files ? HSTS
			     "; includeSubDomains"
									    : HSTS,
		     context);
	if (request->is_files)
		each("X-Robots-Tag", "noindex, nofollow", context);
	each("Cache-Control", cache_control(response), context);
	file_headers(response, each, context);
	upload_headers(response, request, each, context);
	if (content_type(response) != NULL)
		each("Content-Type", content_type(response), context);
	if (response->location[0] != '\0')
		each("Location", response->location, context);
	for (int i = 0; i < response->cookie_count; i++)
		each("Set-Cookie", response->cookies[i], context);
	if (response->authenticate != NULL)
		each("WWW-Authenticate", response->authenticate, context);
	if (response->allow[0] != '\0')
		each("Allow", response->allow, context);
	if (response->etag[0] != '\0')
		each("ETag", response->etag, context);
	if (response->retry_after > 0) {
		snprintf(seconds, sizeof(seconds), "%d", response->retry_after);
		each("Retry-After", seconds, context);
	}
}

void response_free(struct response *response)
{
	json_decref(response->json);
	if (response->body != NULL)
		OPENSSL_cleanse(response->body, response->body_len);
	free(response->body);
	stream_free(&response->stream);
	free_open_file(&response->open_file);
	free(response->disposition);
	OPENSSL_cleanse(response, sizeof(*response));
}
