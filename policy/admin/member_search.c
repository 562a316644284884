/* member_search.c - the members that a filter names, in the database; see member_query.h.
 *
 * They are counted domain by domain, with one statement for each group of domains.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/account/member_state.h"
#include "policy/admin/member_matches.h"

#define PORTION 1000 /* members that are looked at, at once */

/* -- opening -- */

/* What else must hold if the second factor is overdue. A setting that would have to have two values
 * at once has none: PL_UNSET never holds. */
static void also_holds(struct pl_member_query *query, enum pl_setting setting, enum pl_value value)
{
	unsigned int *holds = &query->holds[setting];

	*holds = *holds == 0 ? PL_BIT(value) : *holds & PL_BIT(value);
	if (*holds == 0)
		*holds = PL_BIT(PL_UNSET);
}

static void add_overdue(struct pl_member_query *query)
{
	also_holds(query, PL_SETTING_TWO_FACTOR, PL_ON);
	also_holds(query, PL_SETTING_TWO_FACTOR_MODE, PL_USE);
	also_holds(query, PL_SETTING_TWO_FACTOR_REQUIREMENT, PL_REQUIRED);
}

int pl_member_search_open(struct pl_store *store, const struct pl_policy *policy, int64_t scope,
			  const struct pl_member_query *query, int64_t now,
			  struct pl_member_search **search_r, struct pl_error *err)
{
	struct pl_member_search *search = calloc(1, sizeof(*search));

	*search_r = search;
	if (search == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	search->store = store;
	search->policy = policy;
	search->scope = scope;
	search->query = *query;
	search->now = now;
	search->today = pl_day_of(now);
	if (query->overdue)
		add_overdue(&search->query);
	if (pl_member_groups_read(search, err) == 0)
		return 0;
	pl_member_search_close(search_r);
	return pl_error_prefix(err, "list of members");
}

void pl_member_search_close(struct pl_member_search **search_p)
{
	struct pl_member_search *search = *search_p;

	*search_p = NULL;
	if (search == NULL)
		return;
	for (size_t i = 0; i < search->domain_count; i++)
		free(search->domains[i].name);
	free(search->domains);
	free(search->by_id);
	free(search->groups);
	free(search->classes_in);
	free(search->classes_out);
	free(search);
}

/* The domain that is looked through alone, or 0. */
static int64_t only(const struct pl_member_search *search)
{
	return search->query.domain[0] != '\0' && search->domain_count > 0 ? search->domains[0].id
									   : 0;
}

/* -- counting -- */

static int count_group(struct pl_member_search *search, size_t index, struct pl_error *err)
{
	struct pl_matches matches;
	struct pl_stmt *stmt;
	int ret;

	pl_matches_fill(&matches, search, &search->groups[index]);
	pl_matches_int(&matches, "scope", search->scope);
	pl_matches_int(&matches, "only", only(search));
	stmt = pl_query(search->store, PL_SQL_MEMBER_QUERY_COUNT, matches.params);
	while ((ret = pl_step(stmt, err)) == 1) {
		struct pl_searched_domain *domain =
			pl_searched_domain(search, pl_col_int(stmt, "domain_id"));

		if (domain != NULL && domain->group == index) {
			domain->members = pl_col_int(stmt, "members");
			search->total += domain->members;
		}
	}
	return ret;
}

int64_t pl_member_search_count(struct pl_member_search *search, struct pl_error *err)
{
	for (size_t i = 0; i < search->group_count && !search->is_counted; i++) {
		if (count_group(search, i, err) < 0)
			return pl_error_prefix(err, "list of members");
	}
	search->is_counted = 1;
	return search->total;
}

/* -- members in the order of a column -- */

/* What no group lets in is left to the database. */
static struct pl_member_group union_of(const struct pl_member_search *search)
{
	struct pl_member_group all = search->groups[0];

	for (size_t i = 1; i < search->group_count; i++) {
		all.reject &= search->groups[i].reject;
		all.inherits |= search->groups[i].inherits;
	}
	return all;
}

static int is_in_list(const char *list, const char *class_name)
{
	char item[PL_CLASS_MAX + 3];

	snprintf(item, sizeof(item), "/%s/", class_name);
	return strstr(list, item) != NULL;
}

/* Whether the requirement of a second factor comes from above the member. Else the database has
 * compared it. */
static int inherits(const struct pl_member_search *search, struct pl_stmt *stmt)
{
	const enum pl_setting setting = PL_SETTING_TWO_FACTOR_REQUIREMENT;

	return pl_col_int(stmt, "created_at") < pl_member_search_grace(search) &&
	       (pl_col_is_null(stmt, "required_from") ||
		pl_col_int(stmt, "required_from") > search->today) &&
	       (pl_col_int(stmt, "state") & pl_member_state_bit(setting, PL_UNSET)) != 0;
}

/* Whether a member is what the filter says of its own domain. */
static int fits(const struct pl_member_search *search, struct pl_stmt *stmt)
{
	const struct pl_searched_domain *domain =
		pl_searched_domain(search, pl_col_int(stmt, "domain_id"));
	const char *class_name = pl_col_text(stmt, "class");
	const int64_t state = pl_col_int(stmt, "state");
	const struct pl_member_group *group;

	if (domain == NULL || class_name == NULL)
		return 0;
	group = &search->groups[domain->group];
	if ((state & group->reject) != 0)
		return 0;
	if (search->query.holds[PL_SETTING_TWO_FACTOR_REQUIREMENT] == 0 || !inherits(search, stmt))
		return 1;
	if (class_name[0] != '\0' && is_in_list(search->classes_in, class_name))
		return 1;
	return group->inherits &&
	       (class_name[0] == '\0' || !is_in_list(search->classes_out, class_name));
}

/* Members behind *at in the order of a statement, no more than most. Leaves *at behind the last
 * that was looked at. */
static int walk(struct pl_member_search *search, enum pl_sql sql, struct pl_member_key *at,
		size_t most, struct pl_member_key *keys_r, size_t *count_r, struct pl_error *err)
{
	const struct pl_member_group all = union_of(search);
	struct pl_matches matches;
	struct pl_stmt *stmt;
	size_t seen = 0;
	int ret = 0;

	pl_matches_fill(&matches, search, &all);
	pl_matches_int(&matches, "scope", search->scope);
	pl_matches_int(&matches, "only", only(search));
	pl_matches_int(&matches, "key", at->key);
	pl_matches_int(&matches, "after", at->id);
	pl_matches_int(&matches, "limit", PORTION);
	stmt = pl_query(search->store, sql, matches.params);
	while (*count_r < most && (ret = pl_step(stmt, err)) == 1) {
		seen++;
		at->id = pl_col_int(stmt, "id");
		if (fits(search, stmt)) {
			keys_r[*count_r] =
				(struct pl_member_key){ pl_col_int(stmt, "key"), at->id };
			(*count_r)++;
		}
		at->key = pl_col_int(stmt, "key");
	}
	if (*count_r == most) {
		pl_reset(stmt);
		return 0;
	}
	return ret < 0 ? -1 : seen == PORTION;
}

int pl_member_search_walk(struct pl_member_search *search, enum pl_sql sql,
			  struct pl_member_key after, size_t most, struct pl_member_key *keys_r,
			  size_t *count_r, struct pl_error *err)
{
	struct pl_member_key at = after;
	int ret = search->group_count > 0;

	*count_r = 0;
	while (ret == 1 && *count_r < most)
		ret = walk(search, sql, &at, most, keys_r, count_r, err);
	return ret < 0 ? -1 : 0;
}

int pl_member_search_portion(struct pl_member_search *search, int64_t after, size_t most,
			     int64_t *ids_r, size_t *count_r, struct pl_error *err)
{
	struct pl_member_key *keys = calloc(most + 1, sizeof(*keys));
	int ret = -1;

	*count_r = 0;
	if (keys == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	if (pl_member_search_walk(search, PL_SQL_MEMBER_QUERY_BY_ID,
				  (struct pl_member_key){ after, after }, most, keys, count_r,
				  err) == 0)
		ret = 0;
	for (size_t i = 0; ret == 0 && i < *count_r; i++)
		ids_r[i] = keys[i].id;
	free(keys);
	return ret < 0 ? pl_error_prefix(err, "list of members") : 0;
}
