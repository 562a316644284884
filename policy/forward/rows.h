/* rows.h - reading and writing the rows of forwards; for this room alone. */
#ifndef POSTLATCH_FORWARD_ROWS_H
#define POSTLATCH_FORWARD_ROWS_H

#include "policy/forward/forward.h"

/* Calls each for the forwards of the rows of PL_SQL_FORWARD_TARGETS, until it returns non-zero. 0,
 * or -1. */
int pl_forward_read_all(struct pl_stmt *rows, const struct pl_policy *policy,
			int (*each)(const struct pl_forward *forward, void *context), void *context,
			struct pl_error *err);

/* Writes the row of a forward, a target of it, which is confirmed unless confirmed_by is "", or the
 * record of a change. 0, or -1. */
int pl_forward_put(const struct pl_work *work, int64_t member_id, int enabled, int keep_copy);
int pl_forward_insert(const struct pl_work *work, int64_t member_id, const struct pl_target *target,
		      const char *confirmed_by, int64_t *id_r);
int pl_forward_record(const struct pl_work *work, const struct pl_policy *policy,
		      const struct pl_account *account, const char *action,
		      const struct pl_forward *before);

#endif
