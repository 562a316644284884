/* notice.c - see notice.h. */
#include "policy/account/notice.h"

#define FIRST_DELAY 60 /* seconds, doubled with every try */
#define LAST_DELAY 3600

int pl_notice_add(const struct pl_work *work, int64_t member_id, const char *what,
		  const struct pl_notice_origin *origin)
{
	static const struct pl_notice_origin unknown;

	if (origin == NULL)
		origin = &unknown;
	return pl_exec(work->store, PL_SQL_NOTICE_INSERT,
		       PL_PARAMS(PL_INT("member_id", member_id), PL_TEXT("what", what),
				 PL_INT("now", work->now), PL_TEXT("language", origin->language),
				 PL_TEXT("ip", origin->ip), PL_TEXT("device", origin->device)),
		       work->err);
}

/* 1, 0 or -1. */
static int read_due(const struct pl_work *work, struct pl_notice *notice_r)
{
	struct pl_stmt *stmt =
		pl_query(work->store, PL_SQL_NOTICE_DUE, PL_PARAMS(PL_INT("now", work->now)));
	struct pl_notice_origin *origin = &notice_r->origin;
	int ret = pl_step(stmt, work->err);

	if (ret != 1)
		return ret;
	notice_r->id = pl_col_int(stmt, "id");
	notice_r->at = pl_col_int(stmt, "made_at");
	notice_r->tries = (int)pl_col_int(stmt, "tries") + 1;
	pl_col_copy(stmt, "what", notice_r->what, sizeof(notice_r->what));
	pl_col_copy(stmt, "language", origin->language, sizeof(origin->language));
	pl_col_copy(stmt, "ip", origin->ip, sizeof(origin->ip));
	pl_col_copy(stmt, "device", origin->device, sizeof(origin->device));
	pl_col_copy(stmt, "local", notice_r->address.local, sizeof(notice_r->address.local));
	pl_col_copy(stmt, "domain", notice_r->address.domain, sizeof(notice_r->address.domain));
	return pl_row_end(stmt, work->err) < 0 ? -1 : 1;
}

int pl_notice_take(const struct pl_work *work, struct pl_notice *notice_r)
{
	int64_t claimed = 0;

	/* Another portal may be faster. */
	while (claimed == 0) {
		int ret = read_due(work, notice_r);

		if (ret != 1)
			return ret;
		claimed = pl_exec_count(work->store, PL_SQL_NOTICE_CLAIM,
					PL_PARAMS(PL_INT("until", work->now + PL_NOTICE_HOLD),
						  PL_INT("id", notice_r->id),
						  PL_INT("now", work->now)),
					work->err);
	}
	return claimed < 0 ? -1 : 1;
}

int pl_notice_sent(const struct pl_work *work, int64_t id)
{
	return pl_exec(work->store, PL_SQL_NOTICE_DELETE, PL_PARAMS(PL_INT("id", id)), work->err);
}

int pl_notice_put_off(const struct pl_work *work, int64_t id, int tries)
{
	int64_t delay = FIRST_DELAY;

	while (--tries > 0 && delay < LAST_DELAY)
		delay *= 2;
	if (delay > LAST_DELAY)
		delay = LAST_DELAY;
	return pl_exec(work->store, PL_SQL_NOTICE_PUT_OFF,
		       PL_PARAMS(PL_INT("until", work->now + delay), PL_INT("id", id)), work->err);
}
