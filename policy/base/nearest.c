/* nearest.c - see nearest.h. */
#include "policy/base/nearest.h"

#include <string.h>

#define WORD_MAX 32 /* longer than any word that is offered */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters must be put in, left out, changed or swapped with their
 * neighbour to make one word of the other. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1]; /* of the classic table: the current one and two before */
	size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len > WORD_MAX || b_len > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *now = rows[i % 3], *before = rows[(i + 2) % 3];

		now[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			now[j] = least(before[j], now[j - 1]) + 1;
			now[j] = least(now[j], before[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], rows[(i + 1) % 3][j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

/* Every third letter may be wrong. */
void pl_nearest_begin(struct pl_nearest *nearest, const char *word)
{
	const size_t limit = strlen(word) / 3;

	*nearest = (struct pl_nearest){ .word = word, .best = (limit > 0 ? limit : 1) + 1 };
}

void pl_nearest_offer(struct pl_nearest *nearest, const char *candidate)
{
	const size_t found = *candidate != '\0' ? distance(nearest->word, candidate) : WORD_MAX;

	if (found >= nearest->best)
		return;
	nearest->best = found;
	nearest->found = candidate;
}
