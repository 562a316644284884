/* guess_count.h - from where passwords, codes and names were guessed wrong, for each day and
 * domain.
 *
 * An origin is an address, or a /64 of IPv6. A day has no more than PL_GUESS_ROWS, of which those
 * with the most guesses are kept: so whoever guesses from many addresses makes no more of them, and
 * those that guess the most are still found. They are addresses of persons, and so they are kept
 * for activity_days, like logins of members.
 */
#ifndef POSTLATCH_GUESS_COUNT_H
#define POSTLATCH_GUESS_COUNT_H

#include "policy/base/network.h"
#include "policy/store/work.h"

#define PL_GUESS_ROWS 1000
#define PL_GUESS_ROWS_KEPT 900 /* when there are more, so that new ones have room to grow */

/* Most that one tally has. */
#define PL_GUESS_COUNTS 128

struct pl_guess_count {
	int64_t day; /* when it began, in seconds since 1970, UTC */
	int64_t domain_id;
	char origin[PL_IP_ORIGIN];
	int64_t count;
};

/* Whether a login that was refused by that rule is a guess. */
int pl_is_guess(const char *rule);
/* Adds guesses to a table of PL_GUESS_COUNTS, of which rows are in use. What does not fit is left
 * out. */
void pl_guess_count_add(struct pl_guess_count *table, size_t *rows,
			const struct pl_guess_count *guess);
/* Writes the rows, which it sorts, in the caller's write transaction, and removes what a day has
 * too many. 0, or -1. */
int pl_guess_count_write(const struct pl_work *work, const struct pl_guess_count *table,
			 size_t rows);

#endif
