/* setting.c - see setting.h. */
#include "policy/settings/setting.h"

#include <stdio.h>
#include <string.h>

#define M PL_AT_MEMBER
#define D PL_AT_DOMAIN
#define P PL_AT_POLICY
#define C PL_AT_CLASS
#define N PL_NOT_YET

static const struct pl_setting_info settings[] = {
#define PL_SETTING(id, name, label, kind, values, builtin, where, text) \
	{ #name, label, kind, values, builtin, where, text },
#include "policy/settings/settings.def"
#undef PL_SETTING
};

static const char *const value_names[PL_VALUE_COUNT] = {
	[PL_UNSET] = "inherit",     [PL_ON] = "on",
	[PL_OFF] = "off",           [PL_FORBIDDEN] = "forbidden",
	[PL_OPTIONAL] = "optional", [PL_REQUIRED] = "required",
	[PL_USE] = "use",           [PL_SKIP] = "skip",
	[PL_ALWAYS] = "always",     [PL_UNTIL_SECOND_FACTOR] = "until_second_factor",
	[PL_NEVER] = "never",
};

const struct pl_setting_info *pl_setting_info(enum pl_setting setting)
{
	return &settings[setting];
}

int pl_setting_by_name(const char *name, enum pl_setting *setting_r)
{
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		if (strcmp(settings[i].name, name) == 0) {
			*setting_r = (enum pl_setting)i;
			return 1;
		}
	}
	return 0;
}

const char *pl_setting_renamed(const char *name)
{
	if (strcmp(name, "requirement") == 0)
		return settings[PL_SETTING_TWO_FACTOR_REQUIREMENT].name;
	if (strcmp(name, "use") == 0)
		return settings[PL_SETTING_TWO_FACTOR_MODE].name;
	return NULL;
}

const char *pl_value_name(enum pl_value value)
{
	return value_names[value];
}

int pl_value_by_name(const char *name, enum pl_value *value_r)
{
	for (unsigned int i = 0; i < PL_VALUE_COUNT; i++) {
		if (strcmp(value_names[i], name) == 0) {
			*value_r = (enum pl_value)i;
			return 1;
		}
	}
	return 0;
}

int pl_setting_accepts(enum pl_setting setting, enum pl_layer_bit where, enum pl_value value)
{
	const struct pl_setting_info *info = &settings[setting];

	if ((info->where & where) == 0)
		return 0;
	if (value == PL_UNSET)
		return 1;
	if (value == PL_FORBIDDEN)
		return where == PL_AT_POLICY && info->kind == PL_KIND_SWITCH;
	return (info->values & PL_BIT(value)) != 0;
}

char *pl_setting_choices(enum pl_setting setting, enum pl_layer_bit where, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (unsigned int i = PL_ON; i <= PL_VALUE_COUNT && used < size; i++) {
		/* "inherit" is the last; a policy file inherits what it does not set. */
		enum pl_value value = i == PL_VALUE_COUNT ? PL_UNSET : (enum pl_value)i;

		if (!pl_setting_accepts(setting, where, value) ||
		    (value == PL_UNSET && (where & (PL_AT_POLICY | PL_AT_CLASS)) != 0))
			continue;
		used += (size_t)snprintf(buf + used, size - used, "%s%s", used == 0 ? "" : ", ",
					 value_names[value]);
	}
	return buf;
}
