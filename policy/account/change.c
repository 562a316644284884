/* change.c - see change.h. */
#include "policy/account/change.h"

#include <stdio.h>
#include <string.h>

#include "policy/base/nearest.h"

static int given_twice(const char *name, struct pl_error *err)
{
	return pl_error_set(err, PL_ERR_INVALID, "%s is given twice; give it one value", name);
}

static int parse_active(const char *value, struct pl_change *change, struct pl_error *err)
{
	if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
		return pl_error_set(err, PL_ERR_INVALID, "active=%s: it must be on or off", value);
	if (change->has_active)
		return given_twice("active", err);
	change->has_active = 1;
	change->active = strcmp(value, "on") == 0;
	return 0;
}

static int parse_class(const char *value, struct pl_change *change, struct pl_error *err)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	if (strlen(value) > PL_CLASS_MAX || value[strspn(value, allowed)] != '\0')
		return pl_error_set(err, PL_ERR_INVALID,
				    "class: a class name has letters, digits, '-', '_' and '.', "
				    "at most %d of them",
				    PL_CLASS_MAX);
	if (change->has_class)
		return given_twice("class", err);
	change->has_class = 1;
	snprintf(change->class_name, sizeof(change->class_name), "%s", value);
	return 0;
}

static int parse_alias_of(const char *value, struct pl_change *change, struct pl_error *err)
{
	if (change->has_alias_of)
		return given_twice("alias_of", err);
	change->has_alias_of = 1;
	change->alias_of[0] = '\0';
	if (*value == '\0' || pl_domain_parse(value, change->alias_of, err) == 0)
		return 0;
	return pl_error_prefix(err, "alias_of=%.64s", value);
}

static int parse_grace(const char *value, struct pl_change *change, struct pl_error *err)
{
	if (change->has_grace)
		return given_twice(PL_GRACE_NAME, err);
	change->has_grace = 1;
	return pl_grace_parse(value, &change->grace, err);
}

static int no_setting(const char *name, enum pl_layer_bit where, struct pl_error *err)
{
	char names[256] = "", meant[64] = "";
	const char *renamed = pl_setting_renamed(name);
	struct pl_nearest nearest;
	size_t used = 0;

	if (renamed != NULL)
		return pl_error_set(err, PL_ERR_INVALID, "the setting %s is now called %s", name,
				    renamed);
	pl_nearest_begin(&nearest, name);
	for (unsigned int i = 0; i < PL_SETTING_COUNT && used < sizeof(names); i++) {
		const struct pl_setting_info *info = pl_setting_info((enum pl_setting)i);

		if ((info->where & where) == 0)
			continue;
		pl_nearest_offer(&nearest, info->name);
		used += (size_t)snprintf(names + used, sizeof(names) - used, ", %s", info->name);
	}
	pl_nearest_offer(&nearest, "active");
	pl_nearest_offer(&nearest, where == PL_AT_MEMBER ? "class" : "alias_of");
	if (where == PL_AT_DOMAIN)
		pl_nearest_offer(&nearest, PL_GRACE_NAME);
	if (nearest.found != NULL)
		snprintf(meant, sizeof(meant), " (did you mean %s?)", nearest.found);
	return pl_error_set(err, PL_ERR_INVALID,
			    "no such setting: \"%.64s\"%s; the settings are active%s%s", name,
			    meant, where == PL_AT_MEMBER ? ", class" : ", alias_of, " PL_GRACE_NAME,
			    names);
}

static int wrong_networks(const char *name, const char *value, struct pl_error *err)
{
	char networks[PL_NETWORKS_TEXT];

	return pl_setting_read_networks(value, networks, err) < 0
		       ? pl_error_prefix(err, "%s", name)
		       : pl_error_set(err, PL_ERR_INVALID, "%s cannot be set here", name);
}

static int parse_setting(const char *name, const char *value, enum pl_layer_bit where,
			 struct pl_change *change, struct pl_error *err)
{
	struct pl_settings read;
	enum pl_setting setting;
	char choices[128];

	if (!pl_setting_by_name(name, &setting))
		return no_setting(name, where, err);
	if (!pl_setting_read(setting, where, value, &read)) {
		if (pl_setting_info(setting)->kind == PL_KIND_NETWORKS)
			return wrong_networks(name, value, err);
		return pl_error_set(err, PL_ERR_INVALID, "%s=%.64s: it must be one of %s", name,
				    value,
				    pl_setting_choices(setting, where, choices, sizeof(choices)));
	}
	if ((change->settings & 1u << setting) != 0)
		return given_twice(name, err);
	change->settings |= 1u << setting;
	pl_setting_copy(setting, &read, &change->value);
	return 0;
}

int pl_change_parse(const char *word, enum pl_layer_bit where, struct pl_change *change,
		    struct pl_error *err)
{
	const char *equals = strchr(word, '=');
	char name[64];

	if (equals == NULL || equals == word || (size_t)(equals - word) >= sizeof(name))
		return pl_error_set(err, PL_ERR_INVALID,
				    "\"%.64s\" is not a setting; write it as name=value", word);
	snprintf(name, sizeof(name), "%.*s", (int)(equals - word), word);
	if (strcmp(name, "active") == 0)
		return parse_active(equals + 1, change, err);
	if (strcmp(name, "class") == 0 && where == PL_AT_MEMBER)
		return parse_class(equals + 1, change, err);
	if (strcmp(name, "alias_of") == 0 && where == PL_AT_DOMAIN)
		return parse_alias_of(equals + 1, change, err);
	if (strcmp(name, PL_GRACE_NAME) == 0 && where == PL_AT_DOMAIN)
		return parse_grace(equals + 1, change, err);
	return parse_setting(name, equals + 1, where, change, err);
}

int pl_change_has_settings(const struct pl_change *change)
{
	return change->settings != 0 || change->has_grace;
}

int pl_change_check(const struct pl_change *change, const struct pl_policy *policy,
		    const char *domain, struct pl_error *err)
{
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		if ((change->settings & 1u << i) != 0 && change->value.value[i] == PL_ON &&
		    pl_policy_forbids(policy, domain, (enum pl_setting)i))
			return pl_error_set(err, PL_ERR_CONFLICT,
					    "%s cannot be switched on for %s: the policy file %s "
					    "forbids it",
					    pl_setting_info((enum pl_setting)i)->name, domain,
					    policy->files[0]);
	}
	return 0;
}
