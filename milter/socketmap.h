/* socketmap.h - Postfix's socketmap protocol: requests and replies as netstrings; pure.
 *
 * A request is "NAME KEY": the name of the map, without blanks, and what is looked up. A reply is a
 * status and, behind a blank, a value or a reason.
 */
#ifndef POSTLATCH_MILTER_SOCKETMAP_H
#define POSTLATCH_MILTER_SOCKETMAP_H

#include <stddef.h>

#define SOCKETMAP_REQUEST 4096                    /* longest request that is read */
#define SOCKETMAP_BUFFER (SOCKETMAP_REQUEST + 16) /* room for it with its length */

struct socketmap_request {
	const char *name, *key; /* they point into the buffer */
};

/* Finds a request at the beginning of the buffer, and ends its words with NULs there. 1, and how
 * many bytes it has; 0: more have to be read; -1: this is no request, or one that is too long. */
int socketmap_parse(char *buffer, size_t len, struct socketmap_request *request_r, size_t *used_r);

/* Writes "STATUS TEXT" as a netstring. Its length, or 0 when it does not fit. */
size_t socketmap_reply(const char *status, const char *text, char *buffer, size_t size);

#endif
