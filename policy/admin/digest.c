/* digest.c - see digest.h. */
#include "policy/admin/digest.h"

#include <stdio.h>
#include <string.h>

#include "policy/admin/adoption.h"
#include "policy/admin/count_report.h"
#include "policy/base/day.h"
#include "policy/forward/search.h"
#include "policy/outbox/digest_message.h"

#define WEEK (7 * PL_DAY_SECONDS)
/* The first Monday of 1970, at 06:00. */
#define FIRST_WEEK (4 * PL_DAY_SECONDS + 6 * INT64_C(3600))

int64_t pl_digest_week(int64_t now)
{
	return now - (now - FIRST_WEEK) % WEEK;
}

static void put(char number_r[PL_DIGEST_NUMBER], int64_t number)
{
	snprintf(number_r, PL_DIGEST_NUMBER, "%lld", (long long)number);
}

/* The last day counts. */
static int keep_adoption(const struct pl_adoption *adoption, void *context)
{
	struct pl_digest_message *digest = context;

	put(digest->members, adoption->members);
	put(digest->registered, adoption->registered);
	put(digest->overdue, adoption->overdue);
	put(digest->account_password, adoption->account_password);
	return 0;
}

/* As many as fit. */
static int add_guesser(const char *origin, int64_t count, void *context)
{
	struct pl_digest_message *digest = context;
	const size_t used = strlen(digest->guessers);
	char more[PL_IP_ORIGIN + PL_DIGEST_NUMBER + 8];

	snprintf(more, sizeof(more), "%s%s (%lld)", used == 0 ? "" : ", ", origin,
		 (long long)count);
	if (used + strlen(more) >= sizeof(digest->guessers))
		return 1;
	snprintf(digest->guessers + used, sizeof(digest->guessers) - used, "%s", more);
	return 0;
}

static int count_credentials(const struct pl_work *work, int64_t scope,
			     struct pl_digest_message *digest)
{
	struct pl_stmt *stmt =
		pl_query(work->store, PL_SQL_DIGEST_CREDENTIALS,
			 PL_PARAMS(PL_INT("scope", scope), PL_INT("now", work->now),
				   PL_INT("soon",
					  work->now + PL_DIGEST_ENDING_DAYS * PL_DAY_SECONDS),
				   PL_INT("unused_since",
					  work->now - PL_DIGEST_UNUSED_DAYS * PL_DAY_SECONDS)));

	if (pl_step(stmt, work->err) != 1)
		return -1;
	put(digest->unused, pl_col_int(stmt, "unused"));
	put(digest->ending, pl_col_int(stmt, "ending"));
	/* Keys are the server administrators' business. */
	if (scope == 0)
		put(digest->keys, pl_col_int(stmt, "api_keys"));
	return pl_row_end(stmt, work->err);
}

static int gather(const struct pl_work *work, const struct pl_policy *policy, int64_t scope,
		  struct pl_digest_message *digest_r)
{
	const struct pl_forward_search outside = { .scope = scope,
						   .reach = PL_FORWARD_OUTSIDE_SERVER };
	int64_t forwards;

	memset(digest_r, 0, sizeof(*digest_r));
	if (pl_adoption_list(work->store, scope, 0, work->now - WEEK, keep_adoption, digest_r,
			     work->err) < 0 ||
	    count_credentials(work, scope, digest_r) < 0 ||
	    pl_guesser_list(work->store, scope, 0, work->now - WEEK, PL_DIGEST_ORIGINS, add_guesser,
			    digest_r, work->err) < 0)
		return -1;
	forwards = pl_forward_search_count(work->store, policy, &outside, work->err);
	if (forwards < 0)
		return -1;
	put(digest_r->forwards, forwards);
	return 0;
}

/* The next one who is to be told, behind that id: 1, 0 there is none, -1. */
static int next(const struct pl_work *work, int64_t week, int64_t *id)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_DIGEST_NEXT,
					PL_PARAMS(PL_INT("week", week), PL_INT("after", *id)));
	const int ret = pl_step(stmt, work->err);

	if (ret != 1)
		return ret;
	*id = pl_col_int(stmt, "id");
	return pl_row_end(stmt, work->err) < 0 ? -1 : 1;
}

/* In a write transaction. 0, also when another program was faster; or -1. */
static int tell(const struct pl_work *work, int64_t week,
		const struct pl_administrator *administrator,
		const struct pl_digest_message *digest)
{
	const int64_t claimed =
		pl_exec_count(work->store, PL_SQL_DIGEST_CLAIM,
			      PL_PARAMS(PL_INT("now", work->now),
					PL_INT("administrator_id", administrator->id),
					PL_INT("week", week)),
			      work->err);

	return claimed == 1 ? pl_digest_message_send(work, administrator->member_id, digest)
			    : (int)claimed;
}

/* What is told is read before, as it takes a while. */
static int tell_commit(const struct pl_work *work, const struct pl_policy *policy, int64_t week,
		       int64_t id)
{
	struct pl_administrator administrator;
	struct pl_digest_message digest;
	const int ret = pl_administrator_get(work->store, id, &administrator, work->err);

	if (ret != 1)
		return ret;
	if (gather(work, policy, pl_administrator_scope(&administrator), &digest) < 0 ||
	    pl_store_begin_write(work->store, work->err) < 0)
		return -1;
	return pl_store_finish(work->store, tell(work, week, &administrator, &digest), work->err);
}

int pl_digest_tell(const struct pl_work *work, const struct pl_policy *policy)
{
	const int64_t week = pl_digest_week(work->now);
	int64_t id = 0;
	int ret;

	if (!policy->administrator_digest)
		return 0;
	while ((ret = next(work, week, &id)) == 1) {
		if (tell_commit(work, policy, week, id) < 0)
			return -1;
	}
	return ret;
}
