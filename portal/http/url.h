/* url.h - writes addresses that a browser is sent to. */
#ifndef POSTLATCH_PORTAL_URL_H
#define POSTLATCH_PORTAL_URL_H

#include <stddef.h>

#define URL_BYTES 4096 /* of a Location that we send */

struct url {
	char text[URL_BYTES];
	size_t len; /* URL_BYTES and more: it did not fit, and text means nothing */
};

/* base may have a query already. */
void url_begin(struct url *url, const char *base);
/* Adds "?name=value" or "&name=value", percent-encoded; nothing when value is NULL. */
void url_add(struct url *url, const char *name, const char *value);
int url_fits(const struct url *url);

#endif
