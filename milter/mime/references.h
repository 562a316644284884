/* references.h - which Content-IDs an HTML text refers to (RFC 2392).
 *
 * The text comes in pieces, decoded. A reference that cannot be read with certainty counts as one to
 * everything.
 */
#ifndef POSTLATCH_MIME_REFERENCES_H
#define POSTLATCH_MIME_REFERENCES_H

#include <stddef.h>

struct mime_references {
	size_t matched; /* characters of "cid:" */
	char id[256];   /* what follows it */
	size_t used;
	int is_open; /* in an id */
	/* Called for each; "" is one to everything. */
	void (*found)(void *context, const char *id);
	void *context;
};

void mime_references_text(struct mime_references *references, const unsigned char *bytes,
			  size_t count);
/* At the end of a text. */
void mime_references_end(struct mime_references *references);

#endif
