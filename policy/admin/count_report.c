/* count_report.c - see count_report.h. */
#include "policy/admin/count_report.h"

#include <stdlib.h>
#include <string.h>

#include "policy/admin/member_condition.h"

static const struct {
	const char *name;
	enum pl_sql sql;
} columns[PL_COUNT_BY_END] = {
	[PL_COUNT_BY_NOTHING] = { "", PL_SQL_LOGIN_COUNT_LIST },
	[PL_COUNT_BY_SERVICE] = { "service", PL_SQL_LOGIN_COUNT_BY_SERVICE },
	[PL_COUNT_BY_CHANNEL] = { "channel", PL_SQL_LOGIN_COUNT_BY_CHANNEL },
	[PL_COUNT_BY_CREDENTIAL] = { "credential", PL_SQL_LOGIN_COUNT_BY_CREDENTIAL },
	[PL_COUNT_BY_RULE] = { "rule", PL_SQL_LOGIN_COUNT_BY_RULE },
};

enum pl_count_by pl_count_by_of(const char *name)
{
	for (unsigned int by = PL_COUNT_BY_SERVICE; by < PL_COUNT_BY_END; by++) {
		if (strcmp(columns[by].name, name) == 0)
			return (enum pl_count_by)by;
	}
	return PL_COUNT_BY_END;
}

int pl_count_list(struct pl_store *store, const struct pl_count_filter *filter,
		  int (*each)(const struct pl_count_row *row, void *context), void *context,
		  struct pl_error *err)
{
	struct pl_stmt *stmt =
		pl_query(store, columns[filter->by].sql,
			 PL_PARAMS(PL_INT("scope", filter->scope),
				   PL_INT("domain_id", filter->domain_id),
				   PL_INT("since", filter->since), PL_INT("until", filter->until),
				   PL_INT("step", filter->step)));
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		const char *value = pl_col_text(stmt, "value");
		const struct pl_count_row row = {
			.at = pl_col_int(stmt, "at"),
			.value = value == NULL ? "" : value,
			.allowed = pl_col_int(stmt, "allowed"),
			.refused = pl_col_int(stmt, "refused"),
			.pending = pl_col_int(stmt, "pending"),
		};

		if (each(&row, context) != 0) {
			pl_reset(stmt);
			return 0;
		}
	}
	return ret;
}

/* ---- by all columns ---- */

#define VALUE 64 /* as long as a word of these columns may be */

struct sum {
	char value[VALUE];
	int64_t allowed, refused, pending;
};

struct sums {
	struct sum *sum;
	size_t count, room;
};

struct counting {
	int (*each)(enum pl_count_by by, const struct pl_count_row *row, void *context);
	void *context;
	int64_t at; /* of the step */
	struct sums by[PL_COUNT_BY_END];
};

/* The sum of a value, of which there are few. NULL: there is no memory. */
static struct sum *sum_of(struct sums *sums, const char *value)
{
	for (size_t i = 0; i < sums->count; i++) {
		if (strcmp(sums->sum[i].value, value) == 0)
			return &sums->sum[i];
	}
	if (sums->count == sums->room) {
		const size_t room = sums->room == 0 ? 16 : 2 * sums->room;
		struct sum *more = realloc(sums->sum, room * sizeof(*more));

		if (more == NULL)
			return NULL;
		sums->sum = more;
		sums->room = room;
	}
	sums->sum[sums->count] = (struct sum){ .allowed = 0 };
	memccpy(sums->sum[sums->count].value, value, '\0', VALUE - 1);
	return &sums->sum[sums->count++];
}

static int compare_sums(const void *a, const void *b)
{
	return strcmp(((const struct sum *)a)->value, ((const struct sum *)b)->value);
}

/* Calls for the sums, and forgets them. What each has returned. */
static int tell_sums(struct counting *counting, enum pl_count_by by)
{
	struct sums *sums = &counting->by[by];
	int ret = 0;

	if (sums->count > 0)
		qsort(sums->sum, sums->count, sizeof(*sums->sum), compare_sums);
	for (size_t i = 0; i < sums->count && ret == 0; i++) {
		const struct pl_count_row row = { .at = counting->at,
						  .value = sums->sum[i].value,
						  .allowed = sums->sum[i].allowed,
						  .refused = sums->sum[i].refused,
						  .pending = sums->sum[i].pending };

		ret = counting->each(by, &row, counting->context);
	}
	sums->count = 0;
	return ret;
}

/* The step is over. */
static int end_step(struct counting *counting)
{
	int ret = 0;

	for (unsigned int by = PL_COUNT_BY_SERVICE; by < PL_COUNT_BY_RULE && ret == 0; by++)
		ret = tell_sums(counting, (enum pl_count_by)by);
	return ret;
}

static int add_to_sums(struct counting *counting, struct pl_stmt *stmt, struct pl_error *err)
{
	for (unsigned int by = PL_COUNT_BY_SERVICE; by < PL_COUNT_BY_END; by++) {
		const char *value = pl_col_text(stmt, columns[by].name);
		struct sum *sum = sum_of(&counting->by[by], value == NULL ? "" : value);

		if (sum == NULL)
			return pl_error_set(err, PL_ERR_RETRY, "out of memory");
		sum->allowed += pl_col_int(stmt, "allowed");
		sum->refused += pl_col_int(stmt, "refused");
		sum->pending += pl_col_int(stmt, "pending");
	}
	return 0;
}

/* 1 when it was told to stop, 0, -1. */
static int read_counts(struct counting *counting, struct pl_stmt *stmt, struct pl_error *err)
{
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		const int64_t at = pl_col_int(stmt, "at");

		if (at != counting->at && end_step(counting) != 0)
			return 1;
		counting->at = at;
		if (add_to_sums(counting, stmt, err) < 0)
			return -1;
	}
	if (ret < 0)
		return -1;
	return end_step(counting) != 0 || tell_sums(counting, PL_COUNT_BY_RULE) != 0;
}

int pl_count_list_all(struct pl_store *store, const struct pl_count_filter *filter,
		      int (*each)(enum pl_count_by by, const struct pl_count_row *row,
				  void *context),
		      void *context, struct pl_error *err)
{
	struct counting counting = { .each = each, .context = context };
	const struct pl_param times[] = { PL_INT("since", filter->since),
					  PL_INT("until", filter->until),
					  PL_INT("step", filter->step),
					  { .type = PL_PARAM_END } };
	const struct pl_param all[] = { times[0],
					times[1],
					times[2],
					PL_INT("scope", filter->scope),
					PL_INT("domain_id", filter->domain_id),
					times[3] };
	const int everywhere = filter->scope == 0 && filter->domain_id == 0;
	struct pl_stmt *stmt = everywhere ? pl_query(store, PL_SQL_LOGIN_COUNT_EVERYWHERE, times)
					  : pl_query(store, PL_SQL_LOGIN_COUNT_BY_ALL, all);
	const int ret = read_counts(&counting, stmt, err);

	if (ret != 0)
		pl_reset(stmt);
	for (unsigned int by = 0; by < PL_COUNT_BY_END; by++)
		free(counting.by[by].sum);
	return ret < 0 ? -1 : 0;
}

int pl_guesser_list(struct pl_store *store, int64_t scope, int64_t domain_id, int64_t since,
		    int limit, int (*each)(const char *origin, int64_t count, void *context),
		    void *context, struct pl_error *err)
{
	struct pl_stmt *stmt =
		pl_query(store, PL_SQL_GUESS_COUNT_LIST,
			 PL_PARAMS(PL_INT("scope", scope), PL_INT("domain_id", domain_id),
				   PL_INT("since", since), PL_INT("limit", limit)));
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		if (each(pl_col_text(stmt, "origin"), pl_col_int(stmt, "count"), context) != 0) {
			pl_reset(stmt);
			return 0;
		}
	}
	return ret;
}

int pl_account_password_list(const struct pl_member_search *search, struct pl_member_index *index,
			     int (*each)(const char *service, int64_t members, void *context),
			     void *context, struct pl_error *err)
{
	const int32_t since = search->today - PL_RECENT_DAYS;
	const struct pl_member_entries *entries = pl_member_index_hold(index);
	struct pl_member_condition condition;
	int64_t imap = 0, pop3 = 0, smtp = 0;
	const int ret = pl_member_condition_make(search, entries, &condition);

	for (size_t i = 0; ret == 0 && i < entries->count; i++) {
		const struct pl_member_entry *entry = &entries->rows[i];

		if (pl_member_condition_fits(&condition, entry) == NULL)
			continue;
		imap += entry->imap_day >= since;
		pop3 += entry->pop3_day >= since;
		smtp += entry->smtp_day >= since;
	}
	pl_member_index_give(index);
	if (ret < 0)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	pl_member_condition_free(&condition);
	if ((imap == 0 || each("imap", imap, context) == 0) &&
	    (pop3 == 0 || each("pop3", pop3, context) == 0) && smtp > 0)
		each("smtp", smtp, context);
	return 0;
}
