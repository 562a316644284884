/* schema_copy.h - all rows of one database into another, whichever they are. */
#ifndef POSTLATCH_SCHEMA_COPY_H
#define POSTLATCH_SCHEMA_COPY_H

#include <stddef.h>
#include <stdint.h>
#include "policy/base/error.h"

#define PL_COPY_TABLES 57
#define PL_COPY_DIGEST 32

/* One table: SHA-256 over its rows in the order of their keys, the same whichever the
 * database. */
struct pl_copied {
	const char *table;
	int64_t rows;
	unsigned char sha256[PL_COPY_DIGEST];
};

/* Hears of the rows of a table that have been written or, in a second turn, read again and
 * compared. Not called for an empty table. */
typedef void pl_copy_progress(const char *table, int is_comparison, int64_t done, int64_t of);

/* to must have been made and be empty; both must be of this program's version. What
 * was written is read again and compared before it is committed: it is all there, or
 * nothing. The rows are those that from has now. progress may be NULL. */
int pl_schema_copy(const char *from, const char *to, pl_copy_progress *progress,
		   struct pl_copied copied_r[PL_COPY_TABLES], struct pl_error *err);

/* Raises the counters of to, where those of from are higher: no id that from has given is given
 * again. Both must be of this program's version. */
int pl_schema_raise_counters(const char *from, const char *to, struct pl_error *err);

#endif
