/* url.c - see url.h. */
#include "portal/http/url.h"

#include <string.h>

/* Counts on when there is no room, so that url_fits knows. */
static void put(struct url *url, char c)
{
	if (url->len < URL_BYTES - 1) {
		url->text[url->len] = c;
		url->text[url->len + 1] = '\0';
	}
	url->len++;
}

/* All but the unreserved characters of RFC 3986 2.3. */
static void put_encoded(struct url *url, const char *text)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	static const char digits[] = "0123456789ABCDEF";

	for (; *text != '\0'; text++) {
		const unsigned char byte = (unsigned char)*text;

		if (strchr(plain, *text) != NULL) {
			put(url, *text);
			continue;
		}
		put(url, '%');
		put(url, digits[byte >> 4]);
		put(url, digits[byte & 15]);
	}
}

void url_begin(struct url *url, const char *base)
{
	url->len = 0;
	url->text[0] = '\0';
	while (*base != '\0')
		put(url, *base++);
}

void url_add(struct url *url, const char *name, const char *value)
{
	if (value == NULL)
		return;
	put(url, strchr(url->text, '?') == NULL ? '?' : '&');
	put_encoded(url, name);
	put(url, '=');
	put_encoded(url, value);
}

int url_fits(const struct url *url)
{
	return url->len < URL_BYTES;
}
