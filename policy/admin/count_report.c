/* count_report.c - see count_report.h. */
#include "policy/admin/count_report.h"

#include <string.h>

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

const char *pl_count_by_name(enum pl_count_by by)
{
	return columns[by].name;
}

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

/* Rows of a text and a number. */
static int list_pairs(struct pl_stmt *stmt, const char *text, const char *number,
		      int (*each)(const char *text, int64_t number, void *context), void *context,
		      struct pl_error *err)
{
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		if (each(pl_col_text(stmt, text), pl_col_int(stmt, number), context) != 0) {
			pl_reset(stmt);
			return 0;
		}
	}
	return ret;
}

int pl_guesser_list(struct pl_store *store, int64_t scope, int64_t domain_id, int64_t since,
		    int limit, int (*each)(const char *origin, int64_t count, void *context),
		    void *context, struct pl_error *err)
{
	return list_pairs(pl_query(store, PL_SQL_GUESS_COUNT_LIST,
				   PL_PARAMS(PL_INT("scope", scope), PL_INT("domain_id", domain_id),
					     PL_INT("since", since), PL_INT("limit", limit))),
			  "origin", "count", each, context, err);
}

int pl_account_password_list(struct pl_store *store, int64_t scope, int64_t domain_id,
			     int64_t since,
			     int (*each)(const char *service, int64_t members, void *context),
			     void *context, struct pl_error *err)
{
	return list_pairs(pl_query(store, PL_SQL_ACCOUNT_PASSWORD_MEMBERS,
				   PL_PARAMS(PL_INT("scope", scope), PL_INT("domain_id", domain_id),
					     PL_INT("since", since))),
			  "service", "members", each, context, err);
}
