/* registration.h - reads what a program says of itself when it registers (RFC 7591 2). */
#ifndef POSTLATCH_PORTAL_REGISTRATION_H
#define POSTLATCH_PORTAL_REGISTRATION_H

#include <jansson.h>

#include "policy/session/oauth_client.h"

/* Fills name and redirect_uris. NULL, or why not: an error code of RFC 7591 3.2.2, and text_r, both
 * static. Metadata that nobody knows is ignored. */
const char *registration_read(const json_t *metadata, struct pl_oauth_client *client,
			      const char **text_r);

#endif
