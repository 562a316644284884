/* response.c - answers, and the headers that none of them may lack; see response.h. */
#include "portal/http/response.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portal/http/pages.h"
#include "policy/settings/policy.h"

/* OWASP ASVS 3.4. The pages load their own files and nothing else. */
static const struct {
	const char *name, *value;
} always[] = {
	{ "Content-Security-Policy",
	  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
	  "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
	  "base-uri 'none'; object-src 'none'; frame-ancestors 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Permissions-Policy", "camera=(), geolocation=(), microphone=()" },
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

static void page_headers(const struct response *response,
			 void (*each)(const char *name, const char *value, void *context),
			 void *context)
{
	each("Content-Type", response->page->type, context);
	each("ETag", response->page->etag, context);
	/* Asked for anew each time, and answered with 304 while it is the same. */
	each("Cache-Control", "no-cache", context);
}

void response_headers(const struct response *response, const struct pl_policy *policy,
		      void (*each)(const char *name, const char *value, void *context),
		      void *context)
{
	char seconds[16];

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		each(always[i].name, always[i].value, context);
	if (policy != NULL && strncmp(policy->portal_url, "https:", 6) == 0)
		each("Strict-Transport-Security",
		     policy->hsts_subdomains ? HSTS "; includeSubDomains" : HSTS, context);
	if (response->page != NULL) {
		page_headers(response, each, context);
	} else {
		each("Cache-Control", "no-store", context);
		if (response->json != NULL)
			each("Content-Type", "application/json", context);
		else if (response->body != NULL)
			each("Content-Type", response->type, context);
	}
	if (response->location[0] != '\0')
		each("Location", response->location, context);
	for (int i = 0; i < response->cookie_count; i++)
		each("Set-Cookie", response->cookies[i], context);
	if (response->authenticate != NULL)
		each("WWW-Authenticate", response->authenticate, context);
	if (response->allow[0] != '\0')
		each("Allow", response->allow, context);
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
	OPENSSL_cleanse(response, sizeof(*response));
}
