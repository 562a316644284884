/* site.c - see site.h. */
#include "portal/http/site.h"

#include <string.h>
#include <strings.h>

/* How long name is without that port at its end. */
static size_t length_without(const char *name, const char *port)
{
	const size_t len = strlen(name), port_len = strlen(port);

	return len > port_len && strcmp(name + len - port_len, port) == 0 ? len - port_len : len;
}

int site_is_at(const char *url, const char *host)
{
	const char *port = strncmp(url, "https:", 6) == 0 ? ":443" : ":80";
	const char *name = strstr(url, "://");
	size_t len;

	if (name == NULL || host == NULL)
		return 0;
	name += 3;
	len = length_without(name, port);
	return len > 0 && length_without(host, port) == len && strncasecmp(host, name, len) == 0;
}

int site_is_origin_of(const char *url, const char *origin)
{
	const size_t len = strlen(origin);

	return strstr(origin, "://") != NULL && strncasecmp(url, origin, len) == 0 &&
	       (url[len] == '\0' || url[len] == '/');
}
