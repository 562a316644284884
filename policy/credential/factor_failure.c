/* factor_failure.c - see factor_failure.h. */
#include "policy/credential/factor_failure.h"

#include "policy/credential/backoff.h"

int64_t pl_factor_wait_until(int failures, int64_t failed_at, int64_t now)
{
	static const struct pl_backoff backoff = { PL_FACTOR_FREE_FAILURES, 30, 3600 };

	return pl_backoff_until(&backoff, failures, failed_at, now);
}

static int read_failures(struct pl_store *store, int64_t member_id, int *failures_r,
			 int64_t *failed_at_r, struct pl_error *err)
{
	struct pl_stmt *stmt;
	int ret;

	*failures_r = 0;
	*failed_at_r = 0;
	stmt = pl_query(store, PL_SQL_FACTOR_FAILURE_GET,
			PL_PARAMS(PL_INT("member_id", member_id)));
	ret = pl_step(stmt, err);
	if (ret != 1)
		return ret;
	*failures_r = (int)pl_col_int(stmt, "failures");
	*failed_at_r = pl_col_int(stmt, "failed_at");
	ret = pl_row_ok(stmt, err);
	pl_reset(stmt);
	return ret;
}

static int count_failure(const struct pl_work *work, int64_t member_id)
{
	return pl_exec(work->store, PL_SQL_FACTOR_FAILURE_COUNT,
		       PL_PARAMS(PL_INT("member_id", member_id), PL_INT("now", work->now),
				 PL_INT("latest", work->now + PL_BACKOFF_AHEAD_MAX)),
		       work->err);
}

int pl_factor_enter(const struct pl_work *work, int64_t member_id, struct pl_code_answer *answer_r)
{
	int64_t failed_at, until;
	int failures;

	if (read_failures(work->store, member_id, &failures, &failed_at, work->err) < 0)
		return -1;
	if (failures >= PL_FACTOR_MAX_FAILURES) {
		answer_r->result = PL_CODE_BLOCKED;
		return 0;
	}
	until = pl_factor_wait_until(failures, failed_at, work->now);
	if (until != 0) {
		answer_r->result = PL_CODE_WAIT;
		answer_r->wait = until - work->now;
		return 0;
	}
	return count_failure(work, member_id) < 0 ? -1 : 1;
}

int pl_factor_clear(struct pl_store *store, int64_t member_id, struct pl_error *err)
{
	return pl_exec(store, PL_SQL_FACTOR_FAILURE_DELETE,
		       PL_PARAMS(PL_INT("member_id", member_id)), err);
}

int pl_factor_finish_commit(const struct pl_work *work, int ret, struct pl_code_answer *answer)
{
	if (ret == 0 && (answer->result == PL_CODE_RIGHT || answer->result == PL_CODE_WRONG ||
			 answer->result == PL_CODE_CLONED))
		ret = pl_store_commit(work->store, work->err);
	pl_store_rollback(work->store); /* nothing is open after a commit */
	if (ret < 0)
		answer->result = PL_CODE_NONE;
	return ret;
}
