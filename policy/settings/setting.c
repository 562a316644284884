/* setting.c - see setting.h. */
#include "policy/settings/setting.h"

#include <stdio.h>
#include <string.h>

#define M PL_AT_MEMBER
#define D PL_AT_DOMAIN
#define P (PL_AT_POLICY | PL_AT_CLASS)
#define N PL_NOT_YET
#define T PL_DATED

#define FROM "_from_" /* between a value and its date */
#define NETWORKS "networks such as 192.0.2.0/24,2001:db8::/32"

static const struct pl_setting_info settings[] = {
#define PL_SETTING(id, name, label, kind, values, builtin, where, text) \
	{ #name, label, kind, values, builtin, where, text },
#include "policy/settings/settings.def"
#undef PL_SETTING
};

static const char *const value_names[PL_VALUE_COUNT] = {
	[PL_UNSET] = "inherit",
	[PL_ON] = "on",
	[PL_OFF] = "off",
	[PL_FORBIDDEN] = "forbidden",
	[PL_OPTIONAL] = "optional",
	[PL_REQUIRED] = "required",
	[PL_STEP_UP] = "step_up",
	[PL_USE] = "use",
	[PL_SKIP] = "skip",
	[PL_ALWAYS] = "always",
	[PL_UNTIL_SECOND_FACTOR] = "until_second_factor",
	[PL_NEVER] = "never",
	[PL_EVERYWHERE] = "everywhere",
	[PL_LISTED] = "listed",
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

/* The layers that may have a value which no member or domain may be given; 0 for others. */
static unsigned int only_in_policy(enum pl_setting setting, enum pl_value value)
{
	if (value == PL_FORBIDDEN && settings[setting].kind == PL_KIND_SWITCH)
		return PL_AT_POLICY;
	return value == PL_STEP_UP && setting == PL_SETTING_TWO_FACTOR_REQUIREMENT
		       ? PL_AT_POLICY | PL_AT_CLASS
		       : 0;
}

int pl_setting_accepts(enum pl_setting setting, enum pl_layer_bit where, enum pl_value value)
{
	const struct pl_setting_info *info = &settings[setting];

	if ((info->where & where) == 0)
		return 0;
	if (value == PL_UNSET)
		return 1;
	return (info->values & PL_BIT(value)) != 0 || (only_in_policy(setting, value) & where) != 0;
}

int pl_setting_accepts_date(enum pl_setting setting, enum pl_value value)
{
	return (settings[setting].where & PL_DATED) != 0 && value != settings[setting].builtin &&
	       (settings[setting].values & PL_BIT(value)) != 0;
}

/* Whether the list has the network already. */
static int has_network(const char *networks, const char *network)
{
	const size_t len = strlen(network);

	for (const char *at = networks; (at = strstr(at, network)) != NULL; at += len) {
		if ((at == networks || at[-1] == ',') && (at[len] == ',' || at[len] == '\0'))
			return 1;
	}
	return 0;
}

int pl_setting_read_networks(const char *text, char networks_r[PL_NETWORKS_TEXT],
			     struct pl_error *err)
{
	char one[PL_NETWORK_TEXT];
	struct pl_network network;
	size_t used = 0, count = 0;
	int ret;

	networks_r[0] = '\0';
	while ((ret = pl_network_list_next(&text, &network, err)) == 1) {
		if (has_network(networks_r, pl_network_format(&network, one)))
			continue;
		if (++count > PL_NETWORKS_MOST)
			return pl_error_set(err, PL_ERR_INVALID,
					    "there are too many networks; at most %d are possible",
					    PL_NETWORKS_MOST);
		used += (size_t)snprintf(networks_r + used, PL_NETWORKS_TEXT - used, "%s%s",
					 used == 0 ? "" : ",", one);
	}
	return ret;
}

/* "everywhere", or a list; an empty one is the same. */
static int read_networks(enum pl_setting setting, enum pl_layer_bit where, const char *text,
			 struct pl_settings *to)
{
	char networks[PL_NETWORKS_TEXT] = "";
	const int is_inherited = strcmp(text, value_names[PL_UNSET]) == 0;
	enum pl_value value = PL_EVERYWHERE;

	if (is_inherited)
		value = PL_UNSET;
	else if (strcmp(text, value_names[PL_EVERYWHERE]) == 0)
		value = PL_EVERYWHERE;
	else if (pl_setting_read_networks(text, networks, NULL) < 0)
		return 0;
	else if (networks[0] != '\0')
		value = PL_LISTED;
	if (!pl_setting_accepts(setting, where, value))
		return 0;
	to->value[setting] = (unsigned char)value;
	to->from[setting] = 0;
	memcpy(to->networks, networks, sizeof(to->networks));
	return 1;
}

int pl_setting_read(enum pl_setting setting, enum pl_layer_bit where, const char *text,
		    struct pl_settings *to)
{
	const char *date = strstr(text, FROM);
	char word[PL_VALUE_TEXT];
	enum pl_value value;
	int32_t from = 0;
	int len;

	if (settings[setting].kind == PL_KIND_NETWORKS)
		return read_networks(setting, where, text, to);
	len = snprintf(word, sizeof(word), "%.*s",
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

	if (from->value[setting] == PL_LISTED)
		snprintf(text_r, PL_VALUE_TEXT, "%s", from->networks);
	else if (from->from[setting] == 0)
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
	if (settings[setting].kind == PL_KIND_NETWORKS)
		memcpy(to->networks, from->networks, sizeof(to->networks));
}

int pl_setting_same(enum pl_setting setting, const struct pl_settings *a,
		    const struct pl_settings *b)
{
	return a->value[setting] == b->value[setting] && a->from[setting] == b->from[setting] &&
	       (settings[setting].kind != PL_KIND_NETWORKS ||
		strcmp(a->networks, b->networks) == 0);
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
					 value == PL_LISTED ? NETWORKS : value_names[value]);
		if (pl_setting_accepts_date(setting, value) && used < size)
			used += (size_t)snprintf(buf + used, size - used, ", %s" FROM "YYYY-MM-DD",
						 value_names[value]);
	}
	return buf;
}
