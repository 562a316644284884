/* count_report.h - what the counts say: of logins by time and by one of their columns, of wrong
 * guesses by origin, of members by the service that they open with the account password.
 *
 * All of it is about the domains in scope (administrator.h), or about one of them (domain_id; 0:
 * all). Logins and guesses under domain 0 are those of names in no domain, which only scope 0 has.
 */
#ifndef POSTLATCH_COUNT_REPORT_H
#define POSTLATCH_COUNT_REPORT_H

#include "policy/account/login_count.h"
#include "policy/admin/administrator.h"
#include "policy/admin/member_query.h"

enum pl_count_by {
	PL_COUNT_BY_NOTHING,
	PL_COUNT_BY_SERVICE,
	PL_COUNT_BY_CHANNEL,
	PL_COUNT_BY_CREDENTIAL,
	PL_COUNT_BY_RULE,
	PL_COUNT_BY_END, /* how many there are */
};

struct pl_count_filter {
	int64_t scope, domain_id;
	int64_t since, until; /* seconds since 1970; until is not among them */
	int64_t step;         /* seconds: PL_HOUR_SECONDS or PL_DAY_SECONDS (UTC) */
	enum pl_count_by by;
};

/* Those of one step with the same value of the column, "" by nothing. */
struct pl_count_row {
	int64_t at; /* when the step began */
	const char *value;
	int64_t allowed, refused, pending;
};

/* That of "service" and the like; PL_COUNT_BY_END for any other word. */
enum pl_count_by pl_count_by_of(const char *name);

/* Calls each for the rows, by time and value, until it returns non-zero. The value is good until it
 * returns. 0, or -1. */
int pl_count_list(struct pl_store *store, const struct pl_count_filter *filter,
		  int (*each)(const struct pl_count_row *row, void *context), void *context,
		  struct pl_error *err);

/* The same by all columns, with one look at the counts; by of the filter does not count. Calls each
 * for the rows of a step by service, channel and credential, step after step, and at the end for
 * those by rule, for which all steps are one. Rows by the same column are sorted by value. */
int pl_count_list_all(struct pl_store *store, const struct pl_count_filter *filter,
		      int (*each)(enum pl_count_by by, const struct pl_count_row *row,
				  void *context),
		      void *context, struct pl_error *err);

/* The origins with the most guesses from a day on, at most so many, and the domains are summed
 * up. */
int pl_guesser_list(struct pl_store *store, int64_t scope, int64_t domain_id, int64_t since,
		    int limit, int (*each)(const char *origin, int64_t count, void *context),
		    void *context, struct pl_error *err);

/* How many of the members that a search finds (member_query.h) have opened each service with the
 * account password in the last PL_RECENT_DAYS. The index is up to date. 0, or -1. */
int pl_account_password_list(const struct pl_member_search *search, struct pl_member_index *index,
			     int (*each)(const char *service, int64_t members, void *context),
			     void *context, struct pl_error *err);

#endif
