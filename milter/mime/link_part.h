/* link_part.h - the part of a message that stands instead of files that were taken out.
 *
 * It is a part multipart/alternative with the twins of policy/attachment/link_text.h, of 7-bit
 * characters only: no mail server has to change it.
 */
#ifndef POSTLATCH_MIME_LINK_PART_H
#define POSTLATCH_MIME_LINK_PART_H

#include <stddef.h>

#include "policy/attachment/link_text.h"

#define MIME_LINK_BOUNDARY 32 /* with its NUL */

/* A new boundary, which no text of ours has. Returns boundary_r. -1: there are no random bits. */
int mime_link_boundary(char boundary_r[MIME_LINK_BOUNDARY]);

/* The part in the place of the file of that number; without its header where it is the whole message
 * (is_message), whose Content-Type is then mime_link_type(). The caller frees it. Its length depends on
 * that of url and not on what it says. NULL: out of memory. */
char *mime_link_part(const struct pl_link_text *link, size_t number, int is_message,
		     const char boundary[MIME_LINK_BOUNDARY], size_t *count_r);

#define MIME_LINK_TYPE (MIME_LINK_BOUNDARY + 64)
/* The Content-Type of the part. Returns type_r. */
char *mime_link_type(const char boundary[MIME_LINK_BOUNDARY], char type_r[MIME_LINK_TYPE]);

#endif
