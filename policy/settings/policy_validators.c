/* policy_validators.c - see policy_validators.h. */
#include "policy/settings/policy_validators.h"

#include <stdio.h>
#include <string.h>

#include "policy/settings/option.h"
#include "policy/settings/policy.h"

static int set_again(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_error(cfg, "%s is set twice: take one of the two out", cfg_opt_name(opt));
	return -1;
}

void pl_policy_allow_once(cfg_opt_t *opt)
{
	opt->validcb = set_again;
}

static int validate_number(cfg_t *cfg, cfg_opt_t *opt)
{
	static const struct {
		const char *name;
		long min, max;
	} ranges[] = {
#define PL_OPTION_INT(field, def, min, max, text) { #field, min, max },
#include "policy/settings/policy.def"
	};
	long value = cfg_opt_getnint(opt, 0);

	pl_policy_allow_once(opt);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (strcmp(ranges[i].name, cfg_opt_name(opt)) == 0 &&
		    (value < ranges[i].min || value > ranges[i].max)) {
			cfg_error(cfg, "%s = %ld is out of range: it must be %ld to %ld",
				  cfg_opt_name(opt), value, ranges[i].min, ranges[i].max);
			return -1;
		}
	}
	return 0;
}

/* The address of a database may hold a password, so its value is not printed. */
static int validate_text(cfg_t *cfg, cfg_opt_t *opt)
{
	static const struct {
		const char *name;
		int (*check)(const char *value, struct pl_error *err);
	} checks[] = {
#define PL_OPTION_TEXT(field, def, check, text) { #field, check },
#include "policy/settings/policy.def"
	};
	const char *value = cfg_opt_getnstr(opt, 0);
	struct pl_error err = { 0 };

	pl_policy_allow_once(opt);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		if (strcmp(checks[i].name, cfg_opt_name(opt)) == 0 &&
		    checks[i].check(value, &err) < 0) {
			if (checks[i].check == pl_option_database)
				cfg_error(cfg, "%s: %s", checks[i].name, err.msg);
			else
				cfg_error(cfg, "%s = %s: %s", checks[i].name, value, err.msg);
			return -1;
		}
	}
	return 0;
}

/* No client has such an address: it is in the list by mistake, or all addresses are, with
 * 0.0.0.0/0 or ::/0. */
static int validate_networks(cfg_t *cfg, cfg_opt_t *opt)
{
	static const char *const nobodys[] = { "0.0.0.0", "255.255.255.255", "::" };
	const char *list = cfg_opt_getnstr(opt, 0);
	struct pl_error err = { 0 };
	struct pl_ip ip;

	pl_policy_allow_once(opt);
	for (size_t i = 0; i < sizeof(nobodys) / sizeof(nobodys[0]); i++) {
		int ret = pl_ip_parse(nobodys[i], &ip, &err);

		if (ret == 0)
			ret = pl_network_list_contains(list, &ip, &err);
		if (ret == 0)
			continue;
		if (ret < 0)
			cfg_error(cfg, "%s: %s", cfg_opt_name(opt), err.msg);
		else
			cfg_error(cfg,
				  "%s = %s: %s is in it, which is nobody's address; name the "
				  "addresses that are meant",
				  cfg_opt_name(opt), list, nobodys[i]);
		return -1;
	}
	return 0;
}

static int validate_choice(cfg_t *cfg, cfg_opt_t *opt)
{
	static const struct {
		const char *name, *words;
	} choices[] = {
#define PL_OPTION_CHOICE(field, def, words, text) { #field, words },
#include "policy/settings/policy.def"
	};
	const char *value = cfg_opt_getnstr(opt, 0);

	pl_policy_allow_once(opt);
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		if (strcmp(choices[i].name, cfg_opt_name(opt)) != 0 ||
		    pl_option_choice(choices[i].words, value) >= 0)
			continue;
		cfg_error(cfg, "%s = %s: it must be one of %s", choices[i].name, value,
			  choices[i].words);
		return -1;
	}
	return 0;
}

/* One validator for all kinds of section; the layer follows from the title. */
static int validate_setting(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *name = cfg_opt_name(opt);
	const char *word = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
	enum pl_layer_bit where = strcmp(cfg_name(cfg), "class") == 0 ? PL_AT_CLASS : PL_AT_POLICY;
	char choices[128], networks[PL_NETWORKS_TEXT];
	struct pl_settings read = { 0 };
	struct pl_error err = { 0 };
	enum pl_setting setting;

	pl_policy_allow_once(opt);
	if (pl_setting_by_name(name, &setting) && pl_setting_read(setting, where, word, &read) &&
	    read.value[setting] != PL_UNSET)
		return 0;
	if (pl_setting_by_name(name, &setting) &&
	    pl_setting_info(setting)->kind == PL_KIND_NETWORKS &&
	    pl_setting_read_networks(word, networks, &err) < 0)
		cfg_error(cfg, "%s: %s", name, err.msg);
	else
		cfg_error(cfg, "%s = %s: it must be one of %s", name, word,
			  pl_setting_choices(setting, where, choices, sizeof(choices)));
	return -1;
}

/* A validator goes by the option's path, "domain|pop3". */
static void set_section_validators(cfg_t *cfg, const char *section)
{
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s|%s", section,
			 pl_setting_info((enum pl_setting)i)->name);
		cfg_set_validate_func(cfg, path, validate_setting);
	}
}

void pl_policy_set_validators(cfg_t *cfg)
{
	set_section_validators(cfg, "defaults");
	set_section_validators(cfg, "domain");
	set_section_validators(cfg, "class");
#define PL_OPTION_TEXT(field, def, check, text) cfg_set_validate_func(cfg, #field, validate_text);
#define PL_OPTION_INT(field, def, min, max, text) \
	cfg_set_validate_func(cfg, #field, validate_number);
#define PL_OPTION_NETWORKS(field, def, text) cfg_set_validate_func(cfg, #field, validate_networks);
#define PL_OPTION_CHOICE(field, def, words, text) \
	cfg_set_validate_func(cfg, #field, validate_choice);
#include "policy/settings/policy.def"
#define PL_OPTION_DOMAIN_TEXT(field, def, check, text) \
	cfg_set_validate_func(cfg, "domain|" #field, validate_text);
#define PL_OPTION_DOMAIN_INT(field, def, min, max, text) \
	cfg_set_validate_func(cfg, "domain|" #field, validate_number);
#include "policy/settings/policy.def"
#define PL_OPTION_SECTION_TEXT(field, def, check, text) \
	cfg_set_validate_func(cfg, "class|" #field, validate_text);
#include "policy/settings/policy.def"
}
