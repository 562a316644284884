/* edit.h - replaces parts of a message, and leaves every other byte as it is.
 *
 * The body is not held in memory: it is read from where the caller keeps it, once to see that the result
 * has exactly the parts that it is to have, and once more to be sent. A message of which the result has
 * others is to be sent as it came.
 */
#ifndef POSTLATCH_MIME_EDIT_H
#define POSTLATCH_MIME_EDIT_H

#include <stddef.h>
#include <stdint.h>

#include "milter/mime/scanner.h"

/* What stands instead of a part without parts: its header, an empty line, its body, with lines that end
 * with CR and LF, of 7-bit characters. Where the message itself is the part (number 0), it is the body
 * alone, as the header of a message is not in its body. */
struct mime_replacement {
	size_t part; /* its number; ascending in a list */
	const char *text;
	size_t count;
};

/* A header field of the message as it will be. */
struct mime_field {
	const char *name, *value;
};

struct mime_edit {
	const struct mime_part *parts; /* of the scanner */
	size_t part_count;
	const struct mime_replacement *replacements;
	size_t replacement_count;
	/* The Content- fields of the message's header after the change. */
	const struct mime_field *fields;
	size_t field_count;
	/* Reads count bytes at an offset of the body: 0, or -1. */
	int (*read)(void *context, uint64_t offset, unsigned char *bytes_r, size_t count);
	void *read_context;
};

/* Gives the new body in pieces to write, until it returns something else than 0, which is returned. */
int mime_edit_write(const struct mime_edit *edit,
		    int (*write)(void *context, const unsigned char *bytes, size_t count),
		    void *context);

/* Whether the new body has the parts of the old one, byte for byte, and in the place of each that is
 * replaced those of its replacement: 1 or 0. -1: it cannot be read, or there is no memory. */
int mime_edit_holds(const struct mime_edit *edit);

#endif
