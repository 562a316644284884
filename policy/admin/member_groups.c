/* member_groups.c - see member_groups.h. */
#include "policy/admin/member_groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/account/member_state.h"
#include "policy/account/settings_row.h"

/* It is not among the bits to be rejected, since it may hold later for some members. */
#define REQUIREMENT PL_SETTING_TWO_FACTOR_REQUIREMENT

/* -- conditions -- */

static int is_wanted(const struct pl_member_query *query, enum pl_setting setting,
		     enum pl_value value)
{
	return query->holds[setting] == 0 || (query->holds[setting] & PL_BIT(value)) != 0;
}

/* Adds the bits of the values that a member must not have of its own. Where the policy file forbids
 * a service, nothing of its own counts. Returns whether a member without any of its own has what is
 * wanted. */
static int add_setting(const struct pl_member_search *search, const struct pl_layers *layers,
		       enum pl_setting setting, int64_t *reject)
{
	const struct pl_resolved inherited = pl_resolve(layers, setting);

	for (unsigned int value = PL_ON; value < PL_VALUE_COUNT; value++) {
		const enum pl_value holds = inherited.source == PL_FROM_FORBIDDEN
						    ? inherited.value
						    : (enum pl_value)value;

		if (!is_wanted(&search->query, setting, holds))
			*reject |= pl_member_state_bit(setting, (enum pl_value)value);
	}
	return is_wanted(&search->query, setting, inherited.value);
}

/* Adds the bits of what a member must not have of its own where it is to have some of the setting,
 * or none. */
static void add_own(enum pl_setting setting, enum pl_either wanted, int64_t *reject)
{
	if (wanted == PL_YES)
		*reject |= pl_member_state_bit(setting, PL_UNSET);
	for (unsigned int value = PL_ON; wanted == PL_NO && value < PL_VALUE_COUNT; value++)
		*reject |= pl_member_state_bit(setting, (enum pl_value)value);
}

static struct pl_member_group condition_of(const struct pl_member_search *search,
					   const struct pl_searched_domain *domain,
					   const struct pl_settings *class_section)
{
	const struct pl_layers layers = {
		.class_section = class_section,
		.domain = &domain->settings,
		.policy_domain = pl_policy_domain(search->policy, domain->name),
		.policy_defaults = &search->policy->defaults,
		.today = search->today,
	};
	struct pl_member_group group = { .inherits = 1 };

	for (int i = 0; i < PL_SETTING_COUNT; i++) {
		const enum pl_setting setting = (enum pl_setting)i;
		int64_t reject = 0;
		const int inherits = add_setting(search, &layers, setting, &reject);

		if (setting == REQUIREMENT)
			group.inherits = inherits;
		else
			group.reject |=
				inherits ? reject : reject | pl_member_state_bit(setting, PL_UNSET);
	}
	if (search->query.own == PL_YES)
		group.reject |= PL_STATE_INHERITS_ALL;
	else if (search->query.own == PL_NO)
		group.reject |= PL_STATE_HAS_OWN;
	add_own(PL_SETTING_WEBMAIL_ALLOWED_NETWORKS, search->query.own_networks, &group.reject);
	return group;
}

/* Whether all values of a setting are ruled out, so that no member has what is wanted. */
static int is_impossible(const struct pl_member_group *group)
{
	for (int i = 0; i < PL_SETTING_COUNT; i++) {
		int64_t bits = pl_member_state_bit((enum pl_setting)i, PL_UNSET);

		for (unsigned int value = PL_ON; value < PL_VALUE_COUNT; value++)
			bits |= pl_member_state_bit((enum pl_setting)i, (enum pl_value)value);
		if (bits != 0 && (group->reject & bits) == bits)
			return 1;
	}
	return 0;
}

/* -- domains -- */

/* Room for one more of count, which doubles; NULL: out of memory. */
static void *grow(void *array, size_t count, size_t size)
{
	return count == 0                   ? malloc(size)
	       : (count & (count - 1)) == 0 ? realloc(array, 2 * count * size)
					    : array;
}

/* -1: out of memory. */
static int join_group(struct pl_member_search *search, const struct pl_member_group *group,
		      size_t *index_r)
{
	struct pl_member_group *groups;
	size_t i;

	for (i = 0; i < search->group_count; i++) {
		if (search->groups[i].reject == group->reject &&
		    search->groups[i].inherits == group->inherits)
			break;
	}
	*index_r = i;
	if (i < search->group_count)
		return 0;
	groups = grow(search->groups, i, sizeof(*groups));
	if (groups == NULL)
		return -1;
	search->groups = groups;
	groups[search->group_count++] = *group;
	return 0;
}

/* The groups of the domain's members, by class. 1; 0 when the filter names none of them; -1: out of
 * memory. */
static int find_groups(struct pl_member_search *search, struct pl_searched_domain *domain)
{
	int is_possible = 0;

	domain->groups = calloc(search->policy->class_count + 1, sizeof(*domain->groups));
	if (domain->groups == NULL)
		return -1;
	for (size_t i = 0; i <= search->policy->class_count; i++) {
		const struct pl_member_group group =
			condition_of(search, domain,
				     i == 0 ? NULL : &search->policy->classes[i - 1].settings);

		if (join_group(search, &group, &domain->groups[i]) < 0)
			return -1;
		is_possible |= !is_impossible(&group);
	}
	return is_possible;
}

static int add_domain(struct pl_member_search *search, struct pl_searched_domain *domain)
{
	struct pl_searched_domain *domains;
	int ret = find_groups(search, domain);

	if (ret == 1) {
		domains = grow(search->domains, search->domain_count, sizeof(*domains));
		ret = domains == NULL ? -1 : 1;
	}
	if (ret == 1) {
		search->domains = domains;
		domain->name = strdup(domain->name);
		ret = domain->name == NULL ? -1 : 1;
	}
	if (ret != 1) {
		free(domain->groups);
		return ret;
	}
	domains[search->domain_count++] = *domain;
	return 0;
}

/* The name is borrowed. */
static int read_domain(struct pl_stmt *stmt, char name[PL_DOMAIN_MAX + 1],
		       struct pl_searched_domain *domain_r, struct pl_error *err)
{
	memset(domain_r, 0, sizeof(*domain_r));
	domain_r->id = pl_col_int(stmt, "id");
	pl_col_copy(stmt, "name", name, PL_DOMAIN_MAX + 1);
	domain_r->name = name;
	domain_r->known = pl_col_int(stmt, "known") != 0;
	domain_r->active = pl_col_int(stmt, "active") != 0;
	domain_r->grace = pl_col_grace(stmt, "grace_days");
	if (pl_col_settings(stmt, "settings", &domain_r->settings, err) < 0)
		return pl_error_prefix(err, "domain %s", name);
	return pl_row_ok(stmt, err);
}

static int read_domains(struct pl_member_search *search, struct pl_error *err)
{
	struct pl_stmt *stmt = pl_query(search->store, PL_SQL_MEMBER_QUERY_DOMAINS,
					PL_PARAMS(PL_INT("scope", search->scope),
						  PL_TEXT("domain", search->query.domain)));
	struct pl_searched_domain domain;
	char name[PL_DOMAIN_MAX + 1];
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		if (read_domain(stmt, name, &domain, err) < 0)
			break;
		domain.grace_from =
			pl_grace_joined_from(&domain.grace, search->policy, search->today);
		if (add_domain(search, &domain) < 0) {
			pl_error_set(err, PL_ERR_RETRY, "out of memory");
			break;
		}
	}
	if (ret == 1)
		pl_reset(stmt);
	return ret == 0 ? 0 : -1;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct pl_searched_domain *)a)->name,
		      ((const struct pl_searched_domain *)b)->name);
}

static int compare_ids(const void *a, const void *b)
{
	const int64_t one = (*(struct pl_searched_domain *const *)a)->id;
	const int64_t other = (*(struct pl_searched_domain *const *)b)->id;

	return (one > other) - (one < other);
}

static int sort_domains(struct pl_member_search *search)
{
	if (search->domain_count == 0)
		return 0;
	search->by_id = malloc(search->domain_count * sizeof(struct pl_searched_domain *));
	if (search->by_id == NULL)
		return -1;
	qsort(search->domains, search->domain_count, sizeof(*search->domains), compare_names);
	for (size_t i = 0; i < search->domain_count; i++)
		search->by_id[i] = &search->domains[i];
	qsort(search->by_id, search->domain_count, sizeof(struct pl_searched_domain *),
	      compare_ids);
	return 0;
}

int pl_member_groups_read(struct pl_member_search *search, struct pl_error *err)
{
	if (read_domains(search, err) < 0)
		return -1;
	return sort_domains(search) < 0 ? pl_error_set(err, PL_ERR_RETRY, "out of memory") : 0;
}

struct pl_searched_domain *pl_searched_domain(const struct pl_member_search *search, int64_t id)
{
	const struct pl_searched_domain wanted = { .id = id }, *key = &wanted;
	struct pl_searched_domain **found;

	if (search->domain_count == 0)
		return NULL;
	found = bsearch(&key, search->by_id, search->domain_count,
			sizeof(struct pl_searched_domain *), compare_ids);
	return found == NULL ? NULL : *found;
}

size_t pl_searched_class(const struct pl_member_search *search, const char *class_name)
{
	for (size_t i = 0; i < search->policy->class_count; i++) {
		if (strcmp(search->policy->classes[i].name, class_name) == 0)
			return i + 1;
	}
	return 0;
}
