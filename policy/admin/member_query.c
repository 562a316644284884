/* member_query.c - what a filter of members says; see member_query.h. */
#include "policy/admin/member_query.h"

#include <stdlib.h>
#include <string.h>

static int set_either(enum pl_either *either_r, const char *value, const char *yes, const char *no)
{
	if (strcmp(value, yes) == 0)
		*either_r = PL_YES;
	else if (strcmp(value, no) == 0)
		*either_r = PL_NO;
	else
		return 0;
	return 1;
}

static int set_domain(struct pl_member_query *query, const char *value)
{
	char domain[PL_DOMAIN_MAX + 1];

	if (pl_domain_parse(value, domain, NULL) < 0)
		return 0;
	memcpy(query->domain, domain, sizeof(query->domain));
	return 1;
}

static int set_class(struct pl_member_query *query, const char *value)
{
	if (strlen(value) > PL_CLASS_MAX)
		return 0;
	query->has_class = value[0] != '\0' ? PL_YES : PL_NO;
	memcpy(query->class_name, value, strlen(value) + 1);
	return 1;
}

static int set_text(struct pl_member_query *query, const char *value)
{
	if (pl_address_fold(value, query->text, sizeof(query->text)) < 0)
		return 0;
	pl_address_fold_domain(query->text, query->a_text, sizeof(query->a_text));
	return 1;
}

static int set_active(struct pl_member_query *query, const char *value)
{
	return set_either(&query->active, value, "on", "off");
}

static int set_own(struct pl_member_query *query, const char *value)
{
	return set_either(&query->own, value, "yes", "no");
}

static int set_own_networks(struct pl_member_query *query, const char *value)
{
	return set_either(&query->own_networks, value, "yes", "no");
}

static int set_factor(struct pl_member_query *query, const char *value)
{
	return set_either(&query->registered, value, "registered", "none");
}

static int set_overdue(struct pl_member_query *query, const char *value)
{
	query->overdue |= strcmp(value, "yes") == 0;
	return strcmp(value, "yes") == 0;
}

static int set_unseen(struct pl_member_query *query, const char *value)
{
	query->unseen |= strcmp(value, "yes") == 0;
	return strcmp(value, "yes") == 0;
}

static int set_account_password(struct pl_member_query *query, const char *value)
{
	const unsigned int all =
		1u << PL_SETTING_IMAP | 1u << PL_SETTING_POP3 | 1u << PL_SETTING_SMTP;
	enum pl_setting service;

	if (strcmp(value, "any") == 0)
		query->account_password = all;
	else if (pl_setting_by_name(value, &service) && (all & 1u << service) != 0)
		query->account_password = 1u << service;
	else
		return 0;
	return 1;
}

static int set_app_passwords(struct pl_member_query *query, const char *value)
{
	if (strcmp(value, "unused") == 0)
		query->app_passwords = PL_APP_PASSWORDS_UNUSED;
	else if (strcmp(value, "none") == 0)
		query->app_passwords = PL_APP_PASSWORDS_NONE;
	else
		return 0;
	return 1;
}

static int set_received(struct pl_member_query *query, const char *value)
{
	static const struct {
		const char *name;
		enum pl_received_filter filter;
	} values[] = { { "recent", PL_RECEIVED_RECENTLY },
		       { "old", PL_RECEIVED_LONG_AGO },
		       { "unknown", PL_RECEIVED_UNKNOWN } };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (strcmp(values[i].name, value) == 0) {
			query->received = values[i].filter;
			return 1;
		}
	}
	return 0;
}

static int set_joined_since(struct pl_member_query *query, const char *value)
{
	char *end;
	const long long since = strtoll(value, &end, 10);

	if (value[0] < '0' || value[0] > '9' || *end != '\0' || since <= 0 || since == INT64_MAX)
		return 0;
	query->joined_since = since;
	return 1;
}

static const struct {
	const char *name;
	int (*set)(struct pl_member_query *query, const char *value);
} words[] = {
	{ "domain", set_domain },
	{ "class", set_class },
	{ "q", set_text },
	{ "active", set_active },
	{ "own", set_own },
	{ "own_networks", set_own_networks },
	{ "factor", set_factor },
	{ "overdue", set_overdue },
	{ "account_password", set_account_password },
	{ "unseen", set_unseen },
	{ "app_passwords_used", set_app_passwords },
	{ "received", set_received },
	{ "joined_since", set_joined_since },
};

static int set_setting(struct pl_member_query *query, const char *name, const char *text)
{
	enum pl_setting setting;
	enum pl_value value;

	if (!pl_setting_by_name(name, &setting) || !pl_value_by_name(text, &value) ||
	    value == PL_UNSET || pl_setting_info(setting)->kind == PL_KIND_NETWORKS ||
	    !pl_setting_accepts(setting, PL_AT_MEMBER, value))
		return 0;
	query->holds[setting] = PL_BIT(value);
	return 1;
}

int pl_member_query_set(struct pl_member_query *query, const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].name, name) == 0)
			return words[i].set(query, value);
	}
	return set_setting(query, name, value);
}

int pl_member_order_by_name(const char *name, enum pl_member_order *order_r)
{
	static const char *const names[] = {
		[PL_BY_ADDRESS] = "member",
		[PL_BY_CREATED] = "created_at",
		[PL_BY_CREATED_DESC] = "-created_at",
		[PL_BY_SEEN] = "last_seen",
		[PL_BY_SEEN_DESC] = "-last_seen",
		[PL_BY_RECEIVED] = "received_at",
		[PL_BY_RECEIVED_DESC] = "-received_at",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0) {
			*order_r = (enum pl_member_order)i;
			return 1;
		}
	}
	return 0;
}
