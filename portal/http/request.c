/* request.c - what handlers ask of a request; see request.h. */
#include "portal/http/request.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "portal/http/form.h"

static const char *find(const struct request_field *fields, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(fields[i].name, name) == 0)
			return fields[i].value;
	}
	return NULL;
}

const char *request_parameter(const struct request *request, const char *name)
{
	return find(request->parameters.field, request->parameters.count, name);
}

const char *request_query(const struct request *request, const char *name)
{
	return find(request->query, request->query_count, name);
}

const char *request_form(const struct request *request, const char *name)
{
	return find(request->form, request->form_count, name);
}

const char *request_text(const struct request *request, const char *name)
{
	return json_string_value(json_object_get(request->json, name));
}

int request_flag(const struct request *request, const char *name)
{
	return json_is_true(json_object_get(request->json, name));
}

int request_cookie(const struct request *request, const char *name, struct pl_secret *value_r)
{
	char full[64];
	const char *value;
	size_t len;

	value_r->len = 0;
	snprintf(full, sizeof(full), "__Host-%s", name);
	if (request->cookies == NULL || !cookie_find(request->cookies, full, &value, &len) ||
	    len == 0)
		return 0;
	return pl_secret_set(value_r, value, len) == 0;
}

int request_account(struct request *request, struct pl_account **account_r, struct pl_error *err)
{
	*account_r = &request->account;
	if (!request->has_account && pl_account_get(request->work.store, &request->session.address,
						    &request->account, err) < 0)
		return -1;
	request->has_account = 1;
	return 0;
}

int request_begin_write(struct request *request, struct pl_error *err)
{
	request->has_account = 0;
	return pl_store_begin_write(request->work.store, err);
}

/* What a user agent says, and what people call it. The first match wins, so a
 * browser that also names the one it is made of stands before that one. */
struct product {
	const char *token, *name;
};

static const struct product systems[] = {
	{ "Windows NT 10", "Windows 10" },
	{ "Windows NT 6.3", "Windows 8.1" },
	{ "Windows NT 6.1", "Windows 7" },
	{ "Windows", "Windows" },
	{ "iPhone", "iPhone" },
	{ "iPad", "iPad" },
	{ "Android", "Android" },
	{ "Mac OS X", "macOS" },
	{ "CrOS", "ChromeOS" },
	{ "Linux", "Linux" },
};
static const struct product browsers[] = {
	{ "KAKAOTALK", "KakaoTalk" },
	{ "NAVER(inapp", "NAVER" },
	{ "Whale/", "Whale" },
	{ "SamsungBrowser/", "Samsung Internet" },
	{ "Edg", "Edge" },
	{ "OPR/", "Opera" },
	{ "Vivaldi/", "Vivaldi" },
	{ "FxiOS/", "Firefox" },
	{ "Firefox/", "Firefox" },
	{ "CriOS/", "Chrome" },
	{ "Chrome/", "Chrome" },
	{ "Safari/", "Safari" },
	{ "curl/", "curl" },
};

static const char *product_of(const char *agent, const struct product *products, size_t count)
{
	for (size_t i = 0; agent != NULL && i < count; i++) {
		if (strstr(agent, products[i].token) != NULL)
			return products[i].name;
	}
	return NULL;
}

char *request_device(const struct request *request, char *buf, size_t size)
{
	const char *system =
		product_of(request->user_agent, systems, sizeof(systems) / sizeof(systems[0]));
	const char *browser =
		product_of(request->user_agent, browsers, sizeof(browsers) / sizeof(browsers[0]));

	snprintf(buf, size, "%s%s%s", system != NULL ? system : "",
		 system != NULL && browser != NULL ? ", " : "", browser != NULL ? browser : "");
	return buf;
}

/* Whether a language range begins with this primary subtag, RFC 5646 section 2.1. */
static int is_language(const char *range, const char *subtag)
{
	return strncasecmp(range, subtag, 2) == 0 && strchr("-;, \t", range[2]) != NULL;
}

const char *const language_tags[LANGUAGES] = { [ENGLISH] = "en", [KOREAN] = "ko" };

static enum language default_language(const struct request *request)
{
	return strcmp(request->brand->default_language, language_tags[KOREAN]) == 0 ? KOREAN
										    : ENGLISH;
}

enum language request_language(const struct request *request)
{
	const char *names = request->accept_language == NULL ? "" : request->accept_language;

	for (; *names != '\0'; names += strcspn(names, ","), names += strspn(names, ", ")) {
		for (unsigned int i = 0; i < LANGUAGES; i++) {
			if (is_language(names, language_tags[i]))
				return (enum language)i;
		}
	}
	return default_language(request);
}
