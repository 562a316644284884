/* brand_conf.c - see brand_conf.h. */
#include "policy/settings/brand_conf.h"

#include <confuse.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/base/nearest.h"
#include "policy/settings/brand_option.h"
#include "policy/settings/confuse_text.h"
#include "policy/settings/policy_validators.h"

/* libconfuse's callbacks do not get a pointer of the caller's. */
static _Thread_local struct {
	struct pl_error *err; /* the first error is kept */
} loading;

static const struct {
	const char *name;
	int (*check)(const char *value, struct pl_error *err);
} settings[] = {
#define PL_BRAND_TEXT(field, def, check, text) { #field, check },
#define PL_BRAND_COLOUR(field, def, text) { #field, pl_brand_option_colour },
#include "policy/settings/brand.def"
};
#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

/* Appends the setting that may be meant to "no such option 'light_acent'". */
static void add_near_name(char *msg, size_t size)
{
	const char *quote = strchr(msg, '\'');
	struct pl_nearest nearest;
	size_t used = strlen(msg);
	char name[64];

	if (strstr(msg, "no such option") == NULL || quote == NULL)
		return;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(quote + 1, "'"), quote + 1);
	pl_nearest_begin(&nearest, name);
	for (size_t i = 0; i < SETTINGS; i++)
		pl_nearest_offer(&nearest, settings[i].name);
	if (nearest.found != NULL)
		snprintf(msg + used, size - used, " (did you mean %s?)", nearest.found);
}

__attribute__((format(printf, 2, 0))) static void complain(cfg_t *cfg, const char *fmt,
							   va_list args)
{
	char msg[sizeof(loading.err->msg) / 2];

	if (loading.err->code != PL_OK)
		return;
	vsnprintf(msg, sizeof(msg), fmt, args);
	add_near_name(msg, sizeof(msg));
	pl_error_set(loading.err, PL_ERR_CONFIG, "%s:%d: %s", cfg->filename, cfg->line, msg);
}

static int validate(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *value = cfg_opt_getnstr(opt, 0);
	struct pl_error err = { 0 };

	pl_policy_allow_once(opt);
	for (size_t i = 0; i < SETTINGS; i++) {
		if (strcmp(settings[i].name, cfg_opt_name(opt)) == 0 &&
		    settings[i].check(value, &err) < 0) {
			cfg_error(cfg, "%s = %.80s: %s", settings[i].name, value, err.msg);
			return -1;
		}
	}
	return 0;
}

static int copy_settings(cfg_t *cfg, struct pl_brand *brand)
{
#define PL_BRAND_TEXT(field, def, check, text)          \
	brand->field = strdup(cfg_getstr(cfg, #field)); \
	if (brand->field == NULL)                       \
		return -1;
#define PL_BRAND_COLOUR(field, def, text) PL_BRAND_TEXT(field, def, none, text)
#include "policy/settings/brand.def"
	return 0;
}

static int parse(cfg_t *cfg, const char *text, const char *name, struct pl_brand *brand,
		 struct pl_error *err)
{
	int ret, whole;

	cfg_set_error_function(cfg, complain);
	for (size_t i = 0; i < SETTINGS; i++)
		cfg_set_validate_func(cfg, settings[i].name, validate);
	ret = pl_confuse_parse(cfg, name, text, &whole);
	if (err->code == PL_OK && !whole)
		pl_error_set(err, PL_ERR_CONFIG, "%s: the file ends inside a comment or a string",
			     name);
	else if (err->code == PL_OK && ret != CFG_SUCCESS)
		pl_error_set(err, PL_ERR_CONFIG, "%s: syntax error", name);
	if (err->code == PL_OK && copy_settings(cfg, brand) < 0)
		pl_error_set(err, PL_ERR_RETRY, "out of memory");
	return err->code == PL_OK ? 0 : -1;
}

int pl_brand_conf_parse(const char *text, const char *name, struct pl_brand *brand,
			struct pl_error *err)
{
	cfg_opt_t opts[] = {
#define PL_BRAND_TEXT(field, def, check, text_) CFG_STR(#field, def, CFGF_NONE),
#define PL_BRAND_COLOUR(field, def, text_) CFG_STR(#field, def, CFGF_NONE),
#include "policy/settings/brand.def"
		PL_CONFUSE_END,
		CFG_END(),
	};
	struct pl_error own = { 0 };
	cfg_t *cfg = cfg_init(opts, CFGF_NONE);
	int ret;

	if (cfg == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	loading.err = &own;
	ret = parse(cfg, text, name, brand, &own);
	memset(&loading, 0, sizeof(loading));
	cfg_free(cfg);
	return ret == 0 ? 0 : pl_error_set(err, own.code, "%s", own.msg);
}
