/* store_count.c - how many rows there are; see store.h. */
#include "policy/store/store.h"

int64_t pl_store_count(struct pl_store *store, enum pl_count what, struct pl_error *err)
{
	static const enum pl_sql counts[] = {
		[PL_COUNT_DOMAINS] = PL_SQL_COUNT_DOMAINS,
		[PL_COUNT_MEMBERS] = PL_SQL_COUNT_MEMBERS,
		[PL_COUNT_APP_PASSWORDS] = PL_SQL_COUNT_APP_PASSWORDS,
		[PL_COUNT_AUDIT] = PL_SQL_COUNT_AUDIT,
	};
	struct pl_stmt *stmt = pl_query(store, counts[what], NULL);
	int64_t count = 0;

	if (pl_step(stmt, err) < 0)
		return -1;
	count = pl_col_int(stmt, "count");
	pl_reset(stmt);
	return count;
}
