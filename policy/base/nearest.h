/* nearest.h - which of several words a mistyped one was meant to be.
 *
 * Begin with the word, offer each candidate, and look at found.
 */
#ifndef POSTLATCH_NEAREST_H
#define POSTLATCH_NEAREST_H

#include <stddef.h>

struct pl_nearest {
	const char *word;
	const char *found; /* one of those that were offered; NULL: none is near */
	size_t best;
};

/* The word is borrowed. */
void pl_nearest_begin(struct pl_nearest *nearest, const char *word);
/* The candidate is borrowed. */
void pl_nearest_offer(struct pl_nearest *nearest, const char *candidate);

#endif
