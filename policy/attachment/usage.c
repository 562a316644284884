/* usage.c - see usage.h. */
#include "policy/attachment/usage.h"

#include "policy/base/day.h"

static int64_t since(const struct pl_work *work)
{
	return work->now - PL_USAGE_DAYS * PL_DAY_SECONDS;
}

static void read_usage(struct pl_stmt *row, struct pl_usage *usage_r)
{
	usage_r->bytes = pl_col_int(row, "bytes");
	usage_r->links = pl_col_int(row, "links");
	usage_r->downloads = pl_col_int(row, "downloads");
	usage_r->sent = pl_col_int(row, "sent");
	usage_r->own_quota =
		pl_col_is_null(row, "quota") ? PL_QUOTA_INHERITED : pl_col_int(row, "quota");
}

static int get(const struct pl_work *work, enum pl_sql sql, int64_t id, struct pl_usage *usage_r)
{
	struct pl_stmt *row = pl_query(work->store, sql,
				       PL_PARAMS(PL_INT("id", id), PL_INT("since", since(work))));
	const int ret = pl_step(row, work->err);

	if (ret != 1)
		return ret;
	read_usage(row, usage_r);
	return pl_row_end(row, work->err);
}

int pl_usage_member(const struct pl_work *work, int64_t member_id, struct pl_usage *usage_r)
{
	return get(work, PL_SQL_USAGE_MEMBER, member_id, usage_r);
}

int pl_usage_domain(const struct pl_work *work, int64_t domain_id, struct pl_usage *usage_r)
{
	return get(work, PL_SQL_USAGE_DOMAIN, domain_id, usage_r);
}

int pl_usage_largest(const struct pl_work *work, int64_t domain_id, int64_t most,
		     int (*each)(const struct pl_address *member, const struct pl_usage *usage,
				 void *context),
		     void *context)
{
	struct pl_stmt *rows =
		pl_query(work->store, PL_SQL_USAGE_LARGEST,
			 PL_PARAMS(PL_INT("id", domain_id), PL_INT("since", since(work)),
				   PL_INT("portion", most)));
	struct pl_address member;
	struct pl_usage usage;
	int ret;

	while ((ret = pl_step(rows, work->err)) == 1) {
		pl_col_copy(rows, "local", member.local, sizeof(member.local));
		pl_col_copy(rows, "domain", member.domain, sizeof(member.domain));
		read_usage(rows, &usage);
		ret = pl_row_ok(rows, work->err);
		if (ret < 0 || each(&member, &usage, context) != 0) {
			pl_reset(rows);
			return ret < 0 ? -1 : 0;
		}
	}
	return ret;
}
