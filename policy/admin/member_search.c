/* member_search.c - the members that a filter names, in the database; see member_query.h.
 *
 * A walk looks at all members in the order of their ids, a portion at a time, and takes those that
 * the filter names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/account/member_state.h"
#include "policy/admin/member_matches.h"

#define PORTION 1000       /* members that are looked at, at once */
#define LARGE_PORTION 5000 /* where many are wanted */
#define COUNT_AT_ONCE LARGE_PORTION

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

static struct pl_wanted_requirement wanted_requirement(const struct pl_member_query *query)
{
	const enum pl_setting setting = PL_SETTING_TWO_FACTOR_REQUIREMENT;
	const unsigned int holds = query->holds[setting];
	struct pl_wanted_requirement wanted = {
		.any = holds == 0,
		.required = (holds & PL_BIT(PL_REQUIRED)) != 0,
		.optional = (holds & PL_BIT(PL_OPTIONAL)) != 0,
		.none = pl_member_state_bit(setting, PL_UNSET),
	};

	if (wanted.required)
		wanted.own |= pl_member_state_bit(setting, PL_REQUIRED);
	if (wanted.optional)
		wanted.own |= pl_member_state_bit(setting, PL_OPTIONAL);
	return wanted;
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
	search->requirement = wanted_requirement(&search->query);
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
	for (size_t i = 0; i < search->domain_count; i++) {
		free(search->domains[i].name);
		free(search->domains[i].groups);
	}
	free(search->domains);
	free(search->by_id);
	free(search->groups);
	free(search);
}

/* -- all members, in the order of their ids -- */

int pl_requirement_fits(const struct pl_member_search *search,
			const struct pl_searched_domain *domain,
			const struct pl_member_group *group,
			const struct pl_searched_member *member)
{
	const struct pl_wanted_requirement *wanted = &search->requirement;

	if (wanted->any)
		return 1;
	if (member->created_at >= domain->grace_from)
		return wanted->optional;
	if (member->required_from <= search->today)
		return wanted->required;
	if ((member->state & wanted->none) == 0)
		return (member->state & wanted->own) != 0;
	return group->inherits;
}

int pl_member_search_fits(const struct pl_member_search *search,
			  const struct pl_searched_domain *domain, const char *class_name,
			  const struct pl_searched_member *member)
{
	const struct pl_member_group *group =
		&search->groups[domain->groups[pl_searched_class(search, class_name)]];

	return (member->state & group->reject) == 0 &&
	       pl_requirement_fits(search, domain, group, member);
}

/* Whether a member is what the filter says of its own domain. */
static int fits(const struct pl_member_search *search, struct pl_stmt *stmt)
{
	const struct pl_searched_domain *domain =
		pl_searched_domain(search, pl_col_int(stmt, "domain_id"));
	const char *class_name = pl_col_text(stmt, "class");
	const struct pl_searched_member member = {
		.state = pl_col_int(stmt, "state"),
		.created_at = pl_col_int(stmt, "created_at"),
		.required_from = pl_col_is_null(stmt, "required_from")
					 ? INT64_MAX
					 : pl_col_int(stmt, "required_from"),
	};

	return domain != NULL && class_name != NULL && pl_col_int(stmt, "fits") != 0 &&
	       pl_member_search_fits(search, domain, class_name, &member);
}

/* Where a walk is, and what it has found. */
struct progress {
	int64_t after;
	size_t most, *count;
	int64_t *ids;
};

/* Whether to go on: 1; 0 at the end, or when there are as many as are wanted; -1. */
static int walk_portion(struct pl_member_search *search, struct progress *progress,
			struct pl_error *err)
{
	const size_t portion = progress->most > PORTION ? LARGE_PORTION : PORTION;
	struct pl_matches matches;
	struct pl_stmt *stmt;
	size_t seen = 0;
	int ret = 0;

	pl_matches_fill(&matches, search);
	pl_matches_int(&matches, "scope", search->scope);
	pl_matches_int(&matches, "only", pl_member_search_only(search));
	pl_matches_int(&matches, "after", progress->after);
	pl_matches_int(&matches, "limit", (int64_t)portion);
	stmt = pl_query(search->store, PL_SQL_MEMBER_QUERY_PORTION, matches.params);
	while (*progress->count < progress->most && (ret = pl_step(stmt, err)) == 1) {
		seen++;
		progress->after = pl_col_int(stmt, "id");
		if (fits(search, stmt))
			progress->ids[(*progress->count)++] = progress->after;
	}
	if (*progress->count == progress->most) {
		pl_reset(stmt);
		return 0;
	}
	return ret < 0 ? -1 : seen == portion;
}

int pl_member_search_portion(struct pl_member_search *search, int64_t after, size_t most,
			     int64_t *ids_r, size_t *count_r, struct pl_error *err)
{
	struct progress progress = { after, most, count_r, ids_r };
	int ret = search->group_count > 0;

	*count_r = 0;
	while (ret == 1 && *count_r < most)
		ret = walk_portion(search, &progress, err);
	return ret < 0 ? pl_error_prefix(err, "list of members") : 0;
}

int64_t pl_member_search_count(struct pl_member_search *search, struct pl_error *err)
{
	int64_t ids[COUNT_AT_ONCE], after = 0, total = 0;
	size_t count = COUNT_AT_ONCE;

	while (count == COUNT_AT_ONCE) {
		if (pl_member_search_portion(search, after, COUNT_AT_ONCE, ids, &count, err) < 0)
			return -1;
		total += (int64_t)count;
		after = count == 0 ? 0 : ids[count - 1];
	}
	return total;
}

int64_t pl_member_search_only(const struct pl_member_search *search)
{
	return search->query.domain[0] != '\0' && search->domain_count > 0 ? search->domains[0].id
									   : 0;
}

/* Whether the filter says anything but which domain. */
static int is_any(const struct pl_member_search *search)
{
	const struct pl_member_query *query = &search->query;

	return query->has_class != PL_EITHER || query->active != PL_EITHER ||
	       query->registered != PL_EITHER || query->overdue || query->joined_since != 0 ||
	       query->unseen || query->account_password != 0 ||
	       query->app_passwords != PL_APP_PASSWORDS_ANY || query->received != PL_RECEIVED_ANY ||
	       query->text[0] != '\0' || query->holds[PL_SETTING_TWO_FACTOR_REQUIREMENT] != 0;
}

int pl_member_search_is_plain(const struct pl_member_search *search)
{
	for (size_t i = 0; i < search->group_count; i++) {
		if (search->groups[i].reject != 0)
			return 0;
	}
	return !is_any(search);
}
