/* job_members.h - the members of a job in portions: ids by their order, and statements about
 * them. */
#ifndef POSTLATCH_JOB_MEMBERS_H
#define POSTLATCH_JOB_MEMBERS_H

#include "policy/admin/job.h"
#include "policy/admin/member_query.h"

/* Whether a filter, "name=value" in each line, can be read. */
int pl_job_filter_is_valid(const char *filter);
/* Opens the search of a filter (member_query.h). 0 or -1: PL_ERR_INVALID for a filter that cannot
 * be read. */
int pl_job_search_open(const struct pl_work *work, const struct pl_policy *policy, int64_t scope,
		       const char *filter, struct pl_member_search **search_r);
/* How many members a filter lets through, of those that the administrator reaches; -1 on error:
 * PL_ERR_INVALID for a filter that cannot be read. */
int64_t pl_job_filter_count(const struct pl_work *work, const struct pl_policy *policy,
			    int64_t scope, const char *filter);
/* The next of them with an id above after, sorted, most at most. Fewer than most: there are no
 * others. 0 or -1. */
int pl_job_filter_next(const struct pl_work *work, const struct pl_policy *policy, int64_t scope,
		       const char *filter, int64_t after, size_t most, int64_t *ids_r,
		       size_t *count_r);

/* Statements about some members, which are sorted: ids that follow each other are a range, and the
 * others are named, PL_JOB_IDS by one statement. Calls range for each range, and named for the
 * parameters i0, i1, ... of the others. 0, or what either returns that is not 0. */
#define PL_JOB_IDS 24
struct pl_job_ids_handler {
	int (*range)(int64_t first, int64_t last, void *context); /* above first, up to last */
	int (*named)(const struct pl_param ids[PL_JOB_IDS], void *context);
	void *context;
};
int pl_job_each_of(const int64_t *ids, size_t count, const struct pl_job_ids_handler *handler);

#endif
