/* redirect_uri.c - see redirect_uri.h. */
#include "policy/session/redirect_uri.h"

#include <stdio.h>
#include <string.h>

#define URI_MAX 511
#define PORT_DIGITS_MAX 5

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* The next URI of a list, which begins at *list; 0: there is none. */
static size_t next_uri(const char **list)
{
	*list += strspn(*list, " ");
	return strcspn(*list, " ");
}

static int skip(const char **text, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(*text, prefix, len) != 0)
		return 0;
	*text += len;
	return 1;
}

/* The characters of RFC 3986 but '#', so that there is no fragment either. */
static int has_uri_characters(const char *uri)
{
	static const char allowed[] = LOWER UPPER DIGITS "-._~:/?[]@!$&'()*+,;=%";

	return uri[strspn(uri, allowed)] == '\0';
}

/* "localhost", "127.0.0.1", "[::1]", each also with a port. */
static int is_loopback(const char *host, size_t len)
{
	static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t name = strlen(names[i]);

		if (len >= name && strncmp(host, names[i], name) == 0 &&
		    (len == name || host[name] == ':'))
			return 1;
	}
	return 0;
}

static int is_web_uri(const char *uri)
{
	int secure = skip(&uri, "https://");
	size_t host;

	if (!secure && !skip(&uri, "http://"))
		return 0;
	host = strcspn(uri, "/?");
	return host > 0 && memchr(uri, '@', host) == NULL && has_uri_characters(uri) &&
	       (secure || is_loopback(uri, host));
}

/* With a dot in it, a scheme is nobody's but that of the domain's owner: "javascript:" is none. */
static int is_private_uri(const char *uri)
{
	size_t scheme = strspn(uri, LOWER DIGITS "-.");

	return uri[scheme] == ':' && uri[scheme + 1] == '/' && strchr(LOWER, uri[0]) != NULL &&
	       memchr(uri, '.', scheme) != NULL && has_uri_characters(uri);
}

/* "" or ":PORT", and then a path, a query or nothing: so neither "127.0.0.1.evil.test" nor
 * "127.0.0.1@evil.test". */
static int is_native_loopback(const char *uri)
{
	size_t digits = 0;

	if (!skip(&uri, "http://127.0.0.1") && !skip(&uri, "http://[::1]"))
		return 0;
	if (*uri == ':') {
		digits = strspn(uri + 1, DIGITS);
		if (digits == 0 || digits > PORT_DIGITS_MAX)
			return 0;
		uri += digits + 1;
	}
	return (*uri == '\0' || *uri == '/' || *uri == '?') && has_uri_characters(uri);
}

/* A domain name turned round: labels with dots between them. */
static int is_native_scheme(const char *uri)
{
	const size_t scheme = strspn(uri, LOWER DIGITS "-.");
	int dots = 0;

	for (size_t i = 0; i < scheme; i++) {
		if (uri[i] != '.')
			continue;
		dots++;
		if (i + 1 == scheme || uri[i + 1] == '.')
			return 0;
	}
	return dots > 0 && is_private_uri(uri);
}

int pl_redirect_uri_is_native(const char *uri)
{
	return strlen(uri) <= URI_MAX && (is_native_loopback(uri) || is_native_scheme(uri));
}

static int check(const char *what, const char *list, int may_be_private, struct pl_error *err)
{
	size_t len;

	for (; (len = next_uri(&list)) > 0; list += len) {
		char uri[URI_MAX + 1];

		if (len > URI_MAX)
			return pl_error_set(err, PL_ERR_INVALID, "a %s URI is longer than %d bytes",
					    what, URI_MAX);
		snprintf(uri, sizeof(uri), "%.*s", (int)len, list);
		if (is_web_uri(uri) || (may_be_private && is_private_uri(uri)))
			continue;
		return pl_error_set(err, PL_ERR_INVALID,
				    "%s URI %.200s: it must begin with https://, or with http:// "
				    "and "
				    "localhost, 127.0.0.1 or [::1]%s, and have no fragment (#)",
				    what, uri,
				    may_be_private ? ", or with a scheme such as com.example.app:/"
						   : "");
	}
	return 0;
}

int pl_redirect_uris_check(const char *list, int is_public, struct pl_error *err)
{
	return check("redirect", list, is_public, err);
}

int pl_logout_uris_check(const char *list, struct pl_error *err)
{
	return check("log-out", list, 0, err);
}

int pl_uri_listed(const char *list, const char *uri)
{
	size_t len;

	for (; (len = next_uri(&list)) > 0; list += len) {
		if (len == strlen(uri) && strncmp(list, uri, len) == 0)
			return 1;
	}
	return 0;
}

/* Takes "http://127.0.0.1" or "http://[::1]" and the port from the front. 0: it is another. */
static size_t skip_loopback(const char **uri)
{
	static const char *const origins[] = { "http://127.0.0.1", "http://[::1]" };

	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
		if (!skip(uri, origins[i]))
			continue;
		if (**uri == ':') {
			size_t digits = strspn(*uri + 1, DIGITS);

			*uri += digits > 0 && digits <= PORT_DIGITS_MAX ? digits + 1 : 0;
		}
		return i + 1;
	}
	return 0;
}

/* What stands behind the port begins with "/" or "?", or there is nothing. */
static int differs_in_port_alone(const char *one, const char *other)
{
	size_t origin = skip_loopback(&one);

	return origin > 0 && skip_loopback(&other) == origin && strcmp(one, other) == 0 &&
	       strchr("/?", one[0]) != NULL;
}

int pl_redirect_uri_listed(const char *list, int is_public, const char *uri)
{
	size_t len;

	if (pl_uri_listed(list, uri))
		return 1;
	for (; is_public && (len = next_uri(&list)) > 0; list += len) {
		char one[URI_MAX + 1];

		snprintf(one, sizeof(one), "%.*s", (int)len, list);
		if (differs_in_port_alone(one, uri))
			return 1;
	}
	return 0;
}
