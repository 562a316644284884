/* candidates.h - which parts of a message are files that may be taken out, and which of them are.
 *
 * Pure: no I/O, no memory of its own. A part stays in the message when it is what people read, when
 * something else in the message needs it, or when the programs of its recipients do something with it
 * beside keeping it.
 */
#ifndef POSTLATCH_MIME_CANDIDATES_H
#define POSTLATCH_MIME_CANDIDATES_H

#include "milter/mime/scanner.h"

/* Whether the part may be taken out as far as its place, its type and its name go: 1 or 0. Whether it is
 * large enough, is referred to, or can be decoded is not looked at. */
int mime_is_candidate(const struct mime_part *parts, size_t number, const char *file_name);

struct mime_candidate {
	size_t part;
	uint64_t size; /* of its content */
	int is_taken;
};

struct mime_limits {
	uint64_t threshold; /* files of so many bytes are taken */
	uint64_t sum;       /* and the largest, until the others together have less than this */
	uint64_t least;     /* smaller ones never are: a link would not be smaller */
	size_t most;        /* nor are more than so many */
};

/* Sets is_taken. How many are. */
size_t mime_choose(struct mime_candidate *candidates, size_t count,
		   const struct mime_limits *limits);

#endif
