/* guess_count.c - see guess_count.h. */
#include "policy/account/guess_count.h"

#include <stdlib.h>
#include <string.h>

int pl_is_guess(const char *rule)
{
	static const char *const rules[] = { "wrong-password", "wrong-code",     "throttled",
					     "token-invalid",  "domain-unknown", "name-invalid",
					     "decoy" };

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (strcmp(rules[i], rule) == 0)
			return 1;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct pl_guess_count *one = a, *other = b;

	if (one->day != other->day)
		return one->day < other->day ? -1 : 1;
	if (one->domain_id != other->domain_id)
		return one->domain_id < other->domain_id ? -1 : 1;
	return strcmp(one->origin, other->origin);
}

void pl_guess_count_add(struct pl_guess_count *table, size_t *rows,
			const struct pl_guess_count *guess)
{
	for (size_t i = 0; i < *rows; i++) {
		if (compare(&table[i], guess) == 0) {
			table[i].count += guess->count;
			return;
		}
	}
	if (*rows < PL_GUESS_COUNTS)
		table[(*rows)++] = *guess;
}

static int write_row(const struct pl_work *work, const struct pl_guess_count *guess)
{
	return pl_exec(work->store, PL_SQL_GUESS_COUNT_ADD,
		       PL_PARAMS(PL_INT("day", guess->day), PL_INT("domain_id", guess->domain_id),
				 PL_TEXT("origin", guess->origin), PL_INT("count", guess->count)),
		       work->err);
}

/* Those of a day beyond the largest. */
static int trim(const struct pl_work *work, int64_t day)
{
	struct pl_stmt *stmt =
		pl_query(work->store, PL_SQL_GUESS_COUNT_ROWS, PL_PARAMS(PL_INT("day", day)));
	int64_t rows;

	if (pl_step(stmt, work->err) != 1)
		return -1;
	rows = pl_col_int(stmt, "count");
	if (pl_row_end(stmt, work->err) < 0)
		return -1;
	if (rows <= PL_GUESS_ROWS)
		return 0;
	return pl_exec(work->store, PL_SQL_GUESS_COUNT_TRIM,
		       PL_PARAMS(PL_INT("day", day), PL_INT("most", rows),
				 PL_INT("keep", PL_GUESS_ROWS_KEPT)),
		       work->err);
}

int pl_guess_count_write(const struct pl_work *work, const struct pl_guess_count *table,
			 size_t rows)
{
	struct pl_guess_count sorted[PL_GUESS_COUNTS];

	memcpy(sorted, table, rows * sizeof(sorted[0]));
	qsort(sorted, rows, sizeof(sorted[0]), compare);
	for (size_t i = 0; i < rows; i++) {
		if (write_row(work, &sorted[i]) < 0)
			return -1;
		/* The last of a day. */
		if ((i + 1 == rows || sorted[i + 1].day != sorted[i].day) &&
		    trim(work, sorted[i].day) < 0)
			return -1;
	}
	return 0;
}
