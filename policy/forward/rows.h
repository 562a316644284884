/* rows.h - reading forwards from the rows of PL_SQL_FORWARD_TARGETS; for this room alone. */
#ifndef POSTLATCH_FORWARD_ROWS_H
#define POSTLATCH_FORWARD_ROWS_H

#include "policy/forward/forward.h"

/* Calls each for the forwards of the rows, until it returns non-zero. 0, or -1. */
int pl_forward_read_all(struct pl_stmt *rows, const struct pl_policy *policy,
			int (*each)(const struct pl_forward *forward, void *context), void *context,
			struct pl_error *err);

#endif
