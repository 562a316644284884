/* job_members.c - see job_members.h. */
#include "policy/admin/job_members.h"

#include <stdio.h>
#include <string.h>

#include "policy/admin/member_query.h"

#define RANGE_LEAST 16 /* a shorter run of ids is named */

/* One "name=value" for each line. Whether all of them mean something. */
static int read_filter(const char *filter, struct pl_member_query *query_r)
{
	char line[PL_JOB_FILTER], *equals;

	memset(query_r, 0, sizeof(*query_r));
	while (*filter != '\0') {
		const size_t len = strcspn(filter, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)len, filter);
		equals = strchr(line, '=');
		if (equals == NULL)
			return 0;
		*equals = '\0';
		if (!pl_member_query_set(query_r, line, equals + 1))
			return 0;
		filter += len + (filter[len] == '\n');
	}
	return 1;
}

int pl_job_filter_is_valid(const char *filter)
{
	struct pl_member_query query;

	return read_filter(filter, &query);
}

int pl_job_search_open(const struct pl_work *work, const struct pl_policy *policy, int64_t scope,
		       const char *filter, struct pl_member_search **search_r)
{
	struct pl_member_query query;

	*search_r = NULL;
	if (!read_filter(filter, &query))
		return pl_error_set(work->err, PL_ERR_INVALID,
				    "this version cannot read the filter of the job");
	return pl_member_search_open(work->store, policy, scope, &query, work->now, search_r,
				     work->err);
}

int64_t pl_job_filter_count(const struct pl_work *work, const struct pl_policy *policy,
			    int64_t scope, const char *filter)
{
	struct pl_member_search *search;
	int64_t count = -1;

	if (pl_job_search_open(work, policy, scope, filter, &search) == 0)
		count = pl_member_search_count(search, work->err);
	pl_member_search_close(&search);
	return count;
}

int pl_job_filter_next(const struct pl_work *work, const struct pl_policy *policy, int64_t scope,
		       const char *filter, int64_t after, size_t most, int64_t *ids_r,
		       size_t *count_r)
{
	struct pl_member_search *search;
	int ret = pl_job_search_open(work, policy, scope, filter, &search);

	*count_r = 0;
	if (ret == 0)
		ret = pl_member_search_portion(search, after, most, ids_r, count_r, work->err);
	pl_member_search_close(&search);
	return ret;
}

/* How many ids follow each other from that one on. */
static size_t run_at(const int64_t *ids, size_t count, size_t at)
{
	size_t len = 1;

	while (at + len < count && ids[at + len] == ids[at] + (int64_t)len)
		len++;
	return len;
}

/* Ids that wait for a statement that names them. */
struct waiting {
	int64_t id[PL_JOB_IDS];
	size_t count;
};

/* Those that are not needed name nobody. */
static int name(struct waiting *waiting, const struct pl_job_ids_handler *handler)
{
	static const char *const names[PL_JOB_IDS] = { "i0",  "i1",  "i2",  "i3",  "i4",  "i5",
						       "i6",  "i7",  "i8",  "i9",  "i10", "i11",
						       "i12", "i13", "i14", "i15", "i16", "i17",
						       "i18", "i19", "i20", "i21", "i22", "i23" };
	struct pl_param params[PL_JOB_IDS];

	if (waiting->count == 0)
		return 0;
	for (size_t i = 0; i < PL_JOB_IDS; i++)
		params[i] =
			(struct pl_param)PL_INT(names[i], i < waiting->count ? waiting->id[i] : 0);
	waiting->count = 0;
	return handler->named(params, handler->context);
}

int pl_job_each_of(const int64_t *ids, size_t count, const struct pl_job_ids_handler *handler)
{
	struct waiting waiting = { .count = 0 };
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < count;) {
		const size_t len = run_at(ids, count, i);

		if (len >= RANGE_LEAST) {
			ret = handler->range(ids[i] - 1, ids[i + len - 1], handler->context);
			i += len;
			continue;
		}
		waiting.id[waiting.count++] = ids[i++];
		if (waiting.count == PL_JOB_IDS)
			ret = name(&waiting, handler);
	}
	return ret == 0 ? name(&waiting, handler) : ret;
}
