/* notice.c - see notice.h. */
#include "policy/account/notice.h"

int pl_notice_add(const struct pl_work *work, int64_t member_id, const char *what)
{
	return pl_exec(work->store, PL_SQL_NOTICE_INSERT,
		       PL_PARAMS(PL_INT("member_id", member_id), PL_TEXT("what", what),
				 PL_INT("now", work->now)),
		       work->err);
}

/* 1 and its id, 0, or -1. */
static int read_oldest(const struct pl_work *work, struct pl_notice *notice_r, int64_t *id_r)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_NOTICE_OLDEST, NULL);
	int ret = pl_step(stmt, work->err);

	if (ret != 1)
		return ret;
	*id_r = pl_col_int(stmt, "id");
	notice_r->at = pl_col_int(stmt, "made_at");
	pl_col_copy(stmt, "what", notice_r->what, sizeof(notice_r->what));
	pl_col_copy(stmt, "local", notice_r->address.local, sizeof(notice_r->address.local));
	pl_col_copy(stmt, "domain", notice_r->address.domain, sizeof(notice_r->address.domain));
	return pl_row_end(stmt, work->err) < 0 ? -1 : 1;
}

int pl_notice_take(const struct pl_work *work, struct pl_notice *notice_r)
{
	int64_t id = 0, taken = 0;

	/* Another portal may be faster. */
	while (taken == 0) {
		int ret = read_oldest(work, notice_r, &id);

		if (ret != 1)
			return ret;
		taken = pl_exec_count(work->store, PL_SQL_NOTICE_DELETE,
				      PL_PARAMS(PL_INT("id", id)), work->err);
	}
	return taken < 0 ? -1 : 1;
}
