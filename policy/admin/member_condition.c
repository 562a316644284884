/* member_condition.c - see member_condition.h. */
#include "policy/admin/member_condition.h"

#include <stdlib.h>
#include <string.h>

/* -- making -- */

static size_t look_at_class(const struct pl_member_search *search, const char *name)
{
	const struct pl_member_query *query = &search->query;

	return query->has_class == PL_EITHER || strcmp(name, query->class_name) == 0
		       ? pl_searched_class(search, name)
		       : PL_NO_CLASS;
}

int pl_member_condition_make(const struct pl_member_search *search,
			     const struct pl_member_entries *entries,
			     struct pl_member_condition *condition_r)
{
	const struct pl_member_query *query = &search->query;

	*condition_r = (struct pl_member_condition){
		.search = search,
		.entries = entries,
		.domains = calloc(entries->domain_count + 1, sizeof(*condition_r->domains)),
		.classes = calloc(entries->class_count + 1, sizeof(*condition_r->classes)),
		.created = pl_member_search_created(search),
		.seen_to = pl_member_search_seen_to(search),
		.received = pl_member_search_received(search),
		.app_password = pl_member_search_app_password(search),
		.imap_from = pl_member_search_password_day(search, PL_SETTING_IMAP),
		.pop3_from = pl_member_search_password_day(search, PL_SETTING_POP3),
		.smtp_from = pl_member_search_password_day(search, PL_SETTING_SMTP),
		.factor = pl_member_search_factor(search),
		.active = query->active == PL_EITHER ? -1 : query->active == PL_YES,
		.text_len = strlen(query->text),
		.a_text_len = strlen(query->a_text),
	};
	if (condition_r->domains == NULL || condition_r->classes == NULL) {
		pl_member_condition_free(condition_r);
		return -1;
	}
	for (size_t i = 0; i < entries->domain_count; i++)
		condition_r->domains[i] = pl_searched_domain(search, entries->domains[i]);
	for (size_t i = 0; i < entries->class_count; i++)
		condition_r->classes[i] = look_at_class(search, entries->class_names[i]);
	return 0;
}

void pl_member_condition_free(struct pl_member_condition *condition)
{
	free(condition->domains);
	free(condition->classes);
}

/* -- asking -- */

static int is_in(const struct pl_key_range *range, int64_t key)
{
	return key >= range->from && key <= range->to;
}

static int days_fit(const struct pl_member_condition *condition,
		    const struct pl_member_entry *entry)
{
	return is_in(&condition->created, entry->created_at) &&
	       entry->seen_day <= condition->seen_to &&
	       is_in(&condition->app_password, entry->app_password_day) &&
	       is_in(&condition->received, entry->received_day) &&
	       (entry->imap_day >= condition->imap_from ||
		entry->pop3_day >= condition->pop3_from || entry->smtp_day >= condition->smtp_from);
}

static int factor_fits(const struct pl_member_condition *condition,
		       const struct pl_member_entry *entry)
{
	return condition->factor == -1 || (condition->factor == 0 && entry->factor == 0) ||
	       (condition->factor & entry->factor) != 0;
}

static int text_fits(const struct pl_member_condition *condition,
		     const struct pl_member_entry *entry, const struct pl_searched_domain *domain)
{
	char address[UINT8_MAX + 1 + PL_DOMAIN_MAX + 1];
	const struct pl_member_query *query = &condition->search->query;
	const size_t domain_len = strlen(domain->name);
	size_t len;

	if (condition->text_len == 0)
		return 1;
	memcpy(address, condition->entries->texts + entry->local, entry->local_len);
	address[entry->local_len] = '@';
	memcpy(address + entry->local_len + 1, domain->name, domain_len);
	len = entry->local_len + 1 + domain_len;
	address[len] = '.';
	return memmem(address, len, query->text, condition->text_len) != NULL ||
	       (condition->a_text_len > 0 &&
		memmem(address, len + 1, query->a_text, condition->a_text_len) != NULL);
}

const struct pl_searched_domain *pl_member_condition_fits(
	const struct pl_member_condition *condition, const struct pl_member_entry *entry)
{
	const struct pl_member_search *search = condition->search;
	const struct pl_searched_domain *domain =
		entry->domain == PL_NOWHERE ? NULL : condition->domains[entry->domain];
	const size_t class_group = condition->classes[entry->class_name];
	const struct pl_member_group *group;
	struct pl_searched_member member;

	if (domain == NULL || class_group == PL_NO_CLASS)
		return NULL;
	group = &search->groups[domain->groups[class_group]];
	member = (struct pl_searched_member){
		.state = entry->dated_from <= search->today ? entry->dated_state : entry->state,
		.created_at = entry->created_at,
		.required_from = entry->required_from,
	};
	return (member.state & group->reject) == 0 &&
			       (condition->active == -1 || condition->active == entry->active) &&
			       factor_fits(condition, entry) && days_fit(condition, entry) &&
			       pl_requirement_fits(search, domain, group, &member) &&
			       text_fits(condition, entry, domain)
		       ? domain
		       : NULL;
}
