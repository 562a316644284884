/* setting.c - see setting.h. */
#include "policy/settings/setting.h"

#include <stdio.h>
#include <string.h>

#define M PL_AT_MEMBER
#define D PL_AT_DOMAIN
#define P PL_AT_POLICY
#define C PL_AT_CLASS
#define N PL_NOT_YET
#define T PL_DATED

#define FROM "_from_" /* between a value and its date */

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

int pl_setting_accepts_date(enum pl_setting setting, enum pl_value value)
{
	return (settings[setting].where & PL_DATED) != 0 && value != PL_UNSET &&
	       value != settings[setting].builtin;
}

int pl_setting_read(enum pl_setting setting, enum pl_layer_bit where, const char *text,
		    struct pl_settings *to)
{
	const char *date = strstr(text, FROM);
	char word[PL_VALUE_TEXT];
	enum pl_value value;
	int32_t from = 0;
	int len = snprintf(word, sizeof(word), "%.*s",
			   (int)(date != NULL ? (size_t)(date - text) : strlen(text)), text);

	if (len >= (int)sizeof(word) || !pl_value_by_name(word, &value) ||
	    !pl_setting_accepts(setting, where, value))
		return 0;
	if (date != NULL && (!pl_setting_accepts_date(setting, value) ||
			     !pl_day_parse(date + sizeof(FROM) - 1, &from)))
		return 0;
	to->value[setting] = (unsigned char)value;
	to->from[setting] = from;
	return 1;
}

char *pl_setting_write(enum pl_setting setting, const struct pl_settings *from,
		       char text_r[PL_VALUE_TEXT])
{
	const char *name = value_names[from->value[setting]];
	char day[PL_DAY_TEXT];

	if (from->from[setting] == 0)
		snprintf(text_r, PL_VALUE_TEXT, "%s", name);
	else
		snprintf(text_r, PL_VALUE_TEXT, "%s" FROM "%s", name,
			 pl_day_format(from->from[setting], day));
	return text_r;
}

void pl_setting_copy(enum pl_setting setting, const struct pl_settings *from,
		     struct pl_settings *to)
{
	to->value[setting] = from->value[setting];
	to->from[setting] = from->from[setting];
}

int pl_setting_same(enum pl_setting setting, const struct pl_settings *a,
		    const struct pl_settings *b)
{
	return a->value[setting] == b->value[setting] && a->from[setting] == b->from[setting];
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
		if (pl_setting_accepts_date(setting, value) && used < size)
			used += (size_t)snprintf(buf + used, size - used, ", %s" FROM "YYYY-MM-DD",
						 value_names[value]);
	}
	return buf;
}
