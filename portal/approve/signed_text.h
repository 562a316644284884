/* signed_text.h - what a phone signs of a request; see guards.h. Pure. */
#ifndef POSTLATCH_PORTAL_SIGNED_TEXT_H
#define POSTLATCH_PORTAL_SIGNED_TEXT_H

#include <jansson.h>
#include <stddef.h>

#include "portal/http/route.h"

#define SIGNED_TEXT_MAX 12288

/* The text of a body whose fields are as the row has them, without those whose names begin with
 * without ("": with all). Its length; 0: it is too long. */
size_t signed_text(const char *portal_url, const struct route *route, const json_t *body,
		   const char *without, char text_r[SIGNED_TEXT_MAX]);

#endif
