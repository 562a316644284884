/* member_count.c - how many members a filter names; see member_query.h.
 *
 * All members have to be looked at, as long as the filter names more than nothing. So there is a
 * statement for each kind of condition that stands alone, which most filters have, and one for all
 * that are made of several. Groups of domains are counted three at a time.
 */
#include <stdio.h>

#include "policy/admin/member_matches.h"

#define AT_ONCE 3      /* groups of one statement */
#define NOBODY (-1)    /* the bits of a group that is none: each member has one of them */
#define COLUMN_NAME 16 /* "members_0" */

int64_t pl_member_search_only(const struct pl_member_search *search)
{
	return search->query.domain[0] != '\0' && search->domain_count > 0 ? search->domains[0].id
									   : 0;
}

/* What a filter names besides domains. */
enum {
	ATTRIBUTES = 1,
	TIMES = 2,
	TEXT = 4,
	SETTINGS = 8,
	REQUIREMENT = 16,
};

static unsigned int conditions(const struct pl_member_search *search)
{
	const struct pl_member_query *query = &search->query;
	unsigned int named = 0;

	if (query->has_class != PL_EITHER || query->active != PL_EITHER ||
	    query->registered != PL_EITHER || query->overdue)
		named |= ATTRIBUTES;
	if (query->joined_since != 0 || query->unseen || query->account_password != 0 ||
	    query->app_passwords != PL_APP_PASSWORDS_ANY || query->received != PL_RECEIVED_ANY)
		named |= TIMES;
	if (query->text[0] != '\0')
		named |= TEXT;
	if (query->holds[PL_SETTING_TWO_FACTOR_REQUIREMENT] != 0)
		named |= REQUIREMENT;
	for (size_t i = 0; i < search->group_count; i++) {
		if (search->groups[i].reject != 0)
			named |= SETTINGS;
	}
	return named;
}

int pl_member_search_is_plain(const struct pl_member_search *search)
{
	return conditions(search) == 0;
}

/* -- groups -- */

static void take(struct pl_member_search *search, struct pl_searched_domain *domain,
		 int64_t members)
{
	domain->members = members;
	search->total += members;
}

static int read_all(struct pl_member_search *search, struct pl_stmt *stmt, struct pl_error *err)
{
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		struct pl_searched_domain *domain =
			pl_searched_domain(search, pl_col_int(stmt, "domain_id"));

		if (domain != NULL)
			take(search, domain, pl_col_int(stmt, "members"));
	}
	return ret;
}

static int read_groups(struct pl_member_search *search, size_t first, struct pl_stmt *stmt,
		       struct pl_error *err)
{
	char column[COLUMN_NAME];
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		struct pl_searched_domain *domain =
			pl_searched_domain(search, pl_col_int(stmt, "domain_id"));

		if (domain == NULL || domain->group < first || domain->group >= first + AT_ONCE)
			continue;
		snprintf(column, sizeof(column), "members_%zu", domain->group - first);
		take(search, domain, pl_col_int(stmt, column));
	}
	return ret;
}

static void add_groups(struct pl_matches *matches, const struct pl_member_search *search,
		       size_t first, int with_requirement)
{
	static const char *const rejects[AT_ONCE] = { "reject_0", "reject_1", "reject_2" };
	static const char *const inherits[AT_ONCE] = { "inherits_0", "inherits_1", "inherits_2" };
	static const struct pl_member_group none = { .reject = NOBODY };

	pl_matches_int(matches, "today", search->today);
	for (size_t i = 0; i < AT_ONCE; i++) {
		const struct pl_member_group *group =
			first + i < search->group_count ? &search->groups[first + i] : &none;

		pl_matches_int(matches, rejects[i], group->reject);
		if (with_requirement)
			pl_matches_int(matches, inherits[i], group->inherits);
	}
}

/* -- counting -- */

static int count_groups(struct pl_member_search *search, struct pl_matches *matches,
			enum pl_sql sql, struct pl_error *err)
{
	const size_t common = matches->count;
	int ret = 0;

	for (size_t first = 0; ret == 0 && first < search->group_count; first += AT_ONCE) {
		matches->count = common;
		add_groups(matches, search, first, sql == PL_SQL_MEMBER_COUNT_ANY);
		ret = read_groups(search, first, pl_query(search->store, sql, matches->params),
				  err);
	}
	return ret;
}

static int count(struct pl_member_search *search, struct pl_error *err)
{
	struct pl_matches matches = { .count = 0 };
	enum pl_sql sql = PL_SQL_MEMBER_COUNT_ALL;

	pl_matches_int(&matches, "scope", search->scope);
	pl_matches_int(&matches, "only", pl_member_search_only(search));
	switch (conditions(search)) {
	case 0:
		break;
	case ATTRIBUTES:
		sql = PL_SQL_MEMBER_COUNT_ATTRIBUTES;
		pl_matches_add_attributes(&matches, search);
		break;
	case TIMES:
		sql = PL_SQL_MEMBER_COUNT_TIMES;
		pl_matches_add_times(&matches, search);
		break;
	case TEXT:
		sql = PL_SQL_MEMBER_COUNT_TEXT;
		pl_matches_add_text(&matches, search);
		break;
	case SETTINGS:
		return count_groups(search, &matches, PL_SQL_MEMBER_COUNT_SETTINGS, err);
	default:
		pl_matches_add_requirement(&matches, search);
		pl_matches_add_attributes(&matches, search);
		pl_matches_add_times(&matches, search);
		pl_matches_add_text(&matches, search);
		return count_groups(search, &matches, PL_SQL_MEMBER_COUNT_ANY, err);
	}
	return read_all(search, pl_query(search->store, sql, matches.params), err);
}

int64_t pl_member_search_count(struct pl_member_search *search, struct pl_error *err)
{
	if (!search->is_counted && search->domain_count > 0 && count(search, err) < 0)
		return pl_error_prefix(err, "list of members");
	search->is_counted = 1;
	return search->total;
}
