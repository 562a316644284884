/* http.h - asks a web server for one document, as HTTP/1.0.
 *
 * Not with libcurl: the connections, TLS and deadlines are those of connection.h, as for all other
 * protocols that are checked.
 */
#ifndef POSTLATCH_CHECK_HTTP_H
#define POSTLATCH_CHECK_HTTP_H

#include <stddef.h>

#include "policy/base/error.h"

struct http_answer {
	int status;
	char *body; /* ended by NUL; at most 64 KiB; the caller frees it */
};

/* url is "http://NAME[:PORT]/PATH" or https; path is added to it. authorization is the value
 * of that field, or NULL. Waits for 10 seconds at the most. Returns 0, or -1 and the error:
 * PL_ERR_INVALID when the certificate is not valid, which is ignored if is_any is set. */
int http_get(const char *url, const char *path, const char *authorization, int is_any,
	     struct http_answer *answer_r, struct pl_error *err);

#endif
