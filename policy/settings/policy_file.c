/* policy_file.c - reads the policy file with libconfuse; see policy.h. */
#include "policy/settings/policy.h"

#include <confuse.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "policy/base/nearest.h"
#include "policy/settings/confuse_text.h"
#include "policy/settings/option.h"
#include "policy/settings/policy_text.h"
#include "policy/settings/policy_validators.h"

#define FILES_MAX 64 /* the policy file and its includes */
#define DEPTH_MAX 10 /* includes within includes */

/* libconfuse's callbacks do not get a pointer of the caller's, so what they need is here
 * during a load. Loads do not overlap; see policy.h. */
static _Thread_local struct {
	struct pl_error *err; /* the first error is kept */
	struct pl_policy *policy;
	cfg_t *root;      /* sections know their line, but not always their file */
	const char *file; /* the one that is being read; the policy has its name */
	int includes_allowed;
	int depth;
} loading;

#define CUT_OFF "the file ends inside a section, a comment or a string: is a } missing?"

/* Plain settings of earlier versions that have no effect any more. */
static int is_gone(const char *name)
{
	return strcmp(name, "resent_networks") == 0 || strcmp(name, "recipient_delimiter") == 0;
}

/* What may stand at the place of a name that is none. */
static const char *near_name(const char *name)
{
	static const char *const others[] = { "defaults", "domain", "class", "include" };
	const struct pl_option_info *option;
	struct pl_nearest nearest;

	pl_nearest_begin(&nearest, name);
	for (size_t i = 0; (option = pl_policy_option(i)) != NULL; i++)
		pl_nearest_offer(&nearest, option->name);
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++)
		pl_nearest_offer(&nearest, pl_setting_info((enum pl_setting)i)->name);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		pl_nearest_offer(&nearest, others[i]);
	return nearest.found;
}

/* The sections in which a plain setting may stand, too. */
static const char *sections_of_option(const char *name)
{
	const struct pl_option_info *option;

	for (size_t i = 0; (option = pl_policy_option(i)) != NULL; i++) {
		if (strcmp(option->name, name) == 0)
			return option->is_class ? ", or in domain \"...\" { } or class \"...\" { }"
			       : option->is_domain ? ", or in domain \"...\" { }"
						   : "";
	}
	return "";
}

/* libconfuse says "no such option 'pop3'" also of a setting in the wrong place, and of one that
 * has been renamed or removed. Appends to msg what to write instead. */
static void explain_no_such_option(char *msg, size_t size)
{
	const char *quote = strchr(msg, '\'');
	const char *renamed, *near;
	enum pl_setting setting;
	size_t used = strlen(msg);
	char name[64];

	if (strstr(msg, "no such option") == NULL || quote == NULL)
		return;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(quote + 1, "'"), quote + 1);
	renamed = pl_setting_renamed(name);
	near = near_name(name);
	if (renamed != NULL)
		snprintf(msg + used, size - used, ": the setting is now called %s", renamed);
	else if (is_gone(name))
		snprintf(msg + used, size - used, ": the setting is no longer used; remove it");
	else if (pl_setting_by_name(name, &setting))
		snprintf(msg + used, size - used,
			 " here: it belongs in defaults { }, domain \"...\" { } or class \"...\" { "
			 "}");
	else if (near != NULL && strcmp(near, name) == 0)
		snprintf(msg + used, size - used, " here: it belongs outside of all sections%s",
			 sections_of_option(name));
	else if (near != NULL)
		snprintf(msg + used, size - used, " (did you mean %s?)", near);
}

__attribute__((format(printf, 2, 0))) static void complain(cfg_t *cfg, const char *fmt,
							   va_list args)
{
	char msg[sizeof(loading.err->msg) / 2];
	const char *file = cfg != NULL ? cfg->filename : NULL;

	if (loading.err == NULL || loading.err->code != PL_OK)
		return;
	vsnprintf(msg, sizeof(msg), fmt, args);
	if (strstr(msg, PL_CONFUSE_END_NAME) != NULL)
		return;
	explain_no_such_option(msg, sizeof(msg));
	if (cfg == NULL)
		cfg = loading.root;
	if (file == NULL && loading.root != NULL)
		file = loading.root->filename;
	if (cfg != NULL && file != NULL)
		pl_error_set(loading.err, PL_ERR_CONFIG, "%s:%d: %s", file, cfg->line, msg);
	else
		pl_error_set(loading.err, PL_ERR_CONFIG, "%s", msg);
}

/* Remembers a file that was read, for pl_policy.files. */
static int note_file(struct pl_policy *policy, const char *path)
{
	char **files;

	if (policy->file_count == FILES_MAX)
		return -1;
	files = realloc(policy->files, (policy->file_count + 1) * sizeof(*files));
	if (files == NULL)
		return -1;
	policy->files = files;
	files[policy->file_count] = strdup(path);
	if (files[policy->file_count] == NULL)
		return -1;
	policy->file_count++;
	return 0;
}

static int out_of_memory(struct pl_error *err)
{
	return pl_error_set(err, PL_ERR_RETRY, "policy: out of memory");
}

/* The settings of a section that members inherit; returns how many. */
static size_t section_options(cfg_opt_t *opts, enum pl_layer_bit where)
{
	size_t count = 0;

	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		const struct pl_setting_info *info = pl_setting_info((enum pl_setting)i);

		if ((info->where & where) == 0)
			continue;
		opts[count] = (cfg_opt_t)CFG_STR(NULL, NULL, CFGF_NODEFAULT);
		opts[count++].name = info->name;
	}
	opts[count] = (cfg_opt_t)CFG_END();
	return count;
}

#define SECTION_OPTIONS_MAX 8

/* Those, and the plain settings of which a domain section may have its own. */
static void domain_section_options(cfg_opt_t *opts)
{
	static const cfg_opt_t plain[] = {
#define PL_OPTION_DOMAIN_TEXT(field, def, check, text) CFG_STR(#field, NULL, CFGF_NODEFAULT),
#define PL_OPTION_DOMAIN_INT(field, def, min, max, text) CFG_INT(#field, 0, CFGF_NODEFAULT),
#include "policy/settings/policy.def"
		CFG_END(),
	};

	_Static_assert(sizeof(plain) / sizeof(plain[0]) <= SECTION_OPTIONS_MAX, "too few");
	memcpy(opts + section_options(opts, PL_AT_POLICY), plain, sizeof(plain));
}

static void class_section_options(cfg_opt_t *opts)
{
	static const cfg_opt_t plain[] = {
#define PL_OPTION_SECTION_TEXT(field, def, check, text) CFG_STR(#field, NULL, CFGF_NODEFAULT),
#include "policy/settings/policy.def"
		CFG_END(),
	};

	_Static_assert(sizeof(plain) / sizeof(plain[0]) <= SECTION_OPTIONS_MAX, "too few");
	memcpy(opts + section_options(opts, PL_AT_CLASS), plain, sizeof(plain));
}

#define READ_TEXT(field)                                              \
	if (cfg_size(section, #field) > 0) {                          \
		options->field = strdup(cfg_getstr(section, #field)); \
		if (options->field == NULL)                           \
			return out_of_memory(loading.err);            \
	}

/* 0 or -1. */
static int read_domain_options(cfg_t *section, struct pl_domain_options *options)
{
#define PL_OPTION_DOMAIN_TEXT(field, def, check, text) READ_TEXT(field)
#define PL_OPTION_DOMAIN_INT(field, def, min, max, text) \
	if (cfg_size(section, #field) > 0)               \
		options->field = cfg_getint(section, #field);
#include "policy/settings/policy.def"
	return 0;
}

static int read_class_options(cfg_t *section, struct pl_domain_options *options)
{
#define PL_OPTION_SECTION_TEXT(field, def, check, text) READ_TEXT(field)
#include "policy/settings/policy.def"
	return 0;
}

/* The validators have seen every value. */
static void read_settings(cfg_t *section, enum pl_layer_bit where, struct pl_settings *settings)
{
	cfg_opt_t *opt;

	for (unsigned int i = 0; (opt = cfg_getnopt(section, i)) != NULL; i++) {
		enum pl_setting setting;

		if (cfg_opt_size(opt) > 0 && pl_setting_by_name(cfg_opt_name(opt), &setting))
			(void)pl_setting_read(setting, where, cfg_opt_getnstr(opt, 0), settings);
	}
}

static int read_networks(const char *text, struct pl_network_list *list, struct pl_error *err)
{
	size_t room = strlen(text) / 3 + 1; /* "::1" is the shortest address */

	list->networks = calloc(room, sizeof(*list->networks));
	if (list->networks == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	while (*(text += strspn(text, ", \t")) != '\0') {
		size_t len = strcspn(text, ", \t");
		char word[64];

		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		if (list->count == room ||
		    pl_network_parse(word, &list->networks[list->count], err) < 0)
			return -1;
		list->count++;
		text += len;
	}
	return 0;
}

static int read_options(cfg_t *cfg, struct pl_policy *policy, struct pl_error *err)
{
#define PL_OPTION_TEXT(field, def, check, text)          \
	policy->field = strdup(cfg_getstr(cfg, #field)); \
	if (policy->field == NULL)                       \
		return out_of_memory(err);
#define PL_OPTION_INT(field, def, min, max, text) policy->field = cfg_getint(cfg, #field);
#define PL_OPTION_NETWORKS(field, def, text)                                 \
	if (read_networks(cfg_getstr(cfg, #field), &policy->field, err) < 0) \
		return -1;
#define PL_OPTION_CHOICE(field, def, words, text) \
	policy->field = pl_option_choice(words, cfg_getstr(cfg, #field));
#include "policy/settings/policy.def"
	return 0;
}

static int read_section_name(const cfg_t *section, int is_domain, struct pl_section *read,
			     struct pl_error *err)
{
	const char *title = cfg_title((cfg_t *)section);
	char name[PL_DOMAIN_MAX + 1];

	if (is_domain && pl_domain_parse(title, name, err) < 0)
		return pl_error_set(err, PL_ERR_CONFIG, "%s:%d: domain \"%s\" is not a domain name",
				    loading.file, section->line, title);
	if (!is_domain && (title[0] == '\0' || strlen(title) > PL_CLASS_MAX))
		return pl_error_set(err, PL_ERR_CONFIG, "%s:%d: a class name has 1 to %d bytes",
				    loading.file, section->line, PL_CLASS_MAX);
	read->name = strdup(is_domain ? name : title);
	return read->name == NULL ? out_of_memory(err) : 0;
}

/* Room for one more; doubles it when the count is a power of two. */
static struct pl_section *add_section(struct pl_section **sections, size_t count)
{
	struct pl_section *more = *sections;

	if ((count & (count - 1)) == 0)
		more = realloc(more, (count == 0 ? 1 : 2 * count) * sizeof(*more));
	if (more == NULL)
		return NULL;
	*sections = more;
	memset(&more[count], 0, sizeof(*more));
	return &more[count];
}

/* Takes over what stands in a domain or class section as soon as it ends. libconfuse compares
 * each title with those of all sections that it still has, so it keeps none. */
static int take_section(cfg_t *cfg, cfg_opt_t *opt)
{
	const int is_domain = strcmp(cfg_opt_name(opt), "domain") == 0;
	struct pl_policy *policy = loading.policy;
	size_t *count = is_domain ? &policy->domain_count : &policy->class_count;
	struct pl_section *read =
		add_section(is_domain ? &policy->domains : &policy->classes, *count);
	cfg_t *section = cfg_opt_getnsec(opt, 0);

	(void)cfg;
	if (read == NULL)
		return out_of_memory(loading.err);
	if (loading.err->code != PL_OK ||
	    read_section_name(section, is_domain, read, loading.err) < 0)
		return -1;
	read->file = loading.file;
	read->line = (unsigned int)section->line;
	(*count)++;
	if ((is_domain ? read_domain_options : read_class_options)(section, &read->options) < 0)
		return -1;
	read_settings(section, is_domain ? PL_AT_POLICY : PL_AT_CLASS, &read->settings);
	return cfg_opt_rmnsec(opt, 0) == CFG_SUCCESS ? 0 : -1;
}

/* libconfuse forgets the first such section when it reads another one. */
static int take_defaults(cfg_t *cfg, cfg_opt_t *opt)
{
	(void)cfg;
	pl_policy_allow_once(opt);
	return 0;
}

static int refuse_two_of_a_name(const char *kind, const struct pl_section *sections, size_t count,
				struct pl_error *err)
{
	for (size_t i = 1; i < count; i++) {
		const struct pl_section *a = &sections[i - 1], *b = &sections[i];

		if (pl_section_compare(a, b) == 0)
			return pl_error_set(err, PL_ERR_CONFIG,
					    "%s:%u: there is another section %s \"%s\" (%s:%u)",
					    b->file, b->line, kind, b->name, a->file, a->line);
	}
	return 0;
}

/* Sorted by name, and those of a name in the order in which they were read. */
static int compare_read(const void *a, const void *b)
{
	const struct pl_section *first = a, *second = b;
	const int by_name = pl_section_compare(a, b);

	return by_name != 0 ? by_name
	       : first->file != second->file
		       ? (first->file > second->file) - (first->file < second->file)
		       : (first->line > second->line) - (first->line < second->line);
}

static int sort_sections(const char *kind, struct pl_section *sections, size_t count,
			 struct pl_error *err)
{
	if (count > 0)
		qsort(sections, count, sizeof(*sections), compare_read);
	return refuse_two_of_a_name(kind, sections, count, err);
}

static int read_policy(cfg_t *cfg, struct pl_policy *policy, struct pl_error *err)
{
	if (read_options(cfg, policy, err) < 0)
		return -1;
	read_settings(cfg_getsec(cfg, "defaults"), PL_AT_POLICY, &policy->defaults);
	if (sort_sections("domain", policy->domains, policy->domain_count, err) < 0)
		return -1;
	return sort_sections("class", policy->classes, policy->class_count, err);
}

/* Parses a file in the middle of another one, whose name and line are kept. */
static int parse_included(cfg_t *cfg, const char *path, const char *text)
{
	const char *file = loading.file;
	char *filename = cfg->filename;
	unsigned int line = cfg->line;
	int ret, whole;

	loading.file = loading.policy->files[loading.policy->file_count - 1];
	cfg->filename = NULL;
	loading.depth++;
	ret = pl_confuse_parse(cfg, path, text, &whole);
	loading.depth--;
	/* Of two errors the first one is kept. */
	if (!whole) {
		cfg_error(cfg, CUT_OFF);
		ret = CFG_PARSE_ERROR;
	}
	free(cfg->filename);
	cfg->filename = filename;
	cfg->line = line;
	loading.file = file;
	return ret == CFG_SUCCESS ? 0 : -1;
}

/* A relative path starts from the folder of the policy file. */
static void include_path(const char *name, char *path_r, size_t size)
{
	const char *base = loading.policy->files[0];
	const char *slash = strrchr(base, '/');

	if (name[0] == '/' || slash == NULL)
		snprintf(path_r, size, "%s", name);
	else
		snprintf(path_r, size, "%.*s/%s", (int)(slash - base), base, name);
}

static int complain_of_include(cfg_t *cfg, const char *what)
{
	cfg_error(cfg, "include: %s", what);
	return -1;
}

/* include("file"). libconfuse's own cfg_include does not suit a program that reads its file
 * repeatedly: after an error in an included file it keeps that file open, and permanently uses one
 * of its ten places for includes. */
static int include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	struct pl_error err = { 0 };
	char path[4096], *text;
	size_t len;
	int ret;

	(void)opt;
	if (argc != 1)
		return complain_of_include(cfg, "it takes one file name");
	if (!loading.includes_allowed)
		return complain_of_include(cfg, "it is not possible here");
	if (loading.depth == DEPTH_MAX)
		return complain_of_include(cfg, "too many files within each other");
	include_path(argv[0], path, sizeof(path));
	if (pl_policy_read_text(path, &text, &len, &err) < 0)
		return complain_of_include(cfg, err.msg);
	if (note_file(loading.policy, path) < 0)
		ret = complain_of_include(cfg, "too many files");
	else
		ret = parse_included(cfg, path, text);
	free(text);
	return ret;
}

static int parse(const char *name, const char *text, struct pl_policy *policy, struct pl_error *err)
{
	cfg_opt_t layered[PL_SETTING_COUNT + 1], classed[PL_SETTING_COUNT + SECTION_OPTIONS_MAX];
	cfg_opt_t domained[PL_SETTING_COUNT + SECTION_OPTIONS_MAX];
	cfg_opt_t opts[] = {
#define PL_OPTION_TEXT(field, def, check, text_) CFG_STR(#field, def, CFGF_NONE),
#define PL_OPTION_INT(field, def, min, max, text_) CFG_INT(#field, def, CFGF_NONE),
#define PL_OPTION_NETWORKS(field, def, text_) CFG_STR(#field, def, CFGF_NONE),
#define PL_OPTION_CHOICE(field, def, words, text_) CFG_STR(#field, def, CFGF_NONE),
#include "policy/settings/policy.def"
		CFG_SEC("defaults", layered, CFGF_NONE),
		CFG_SEC("domain", domained, CFGF_MULTI | CFGF_TITLE),
		CFG_SEC("class", classed, CFGF_MULTI | CFGF_TITLE),
		CFG_FUNC("include", include),
		PL_CONFUSE_END,
		CFG_END(),
	};
	cfg_t *cfg;
	int ret, whole, done = -1;

	(void)section_options(layered, PL_AT_POLICY);
	class_section_options(classed);
	domain_section_options(domained);
	cfg = cfg_init(opts, CFGF_NONE);
	if (cfg == NULL)
		return out_of_memory(err);
	loading.root = cfg;
	cfg_set_error_function(cfg, complain);
	pl_policy_set_validators(cfg);
	cfg_set_validate_func(cfg, "defaults", take_defaults);
	cfg_set_validate_func(cfg, "domain", take_section);
	cfg_set_validate_func(cfg, "class", take_section);
	ret = pl_confuse_parse(cfg, name, text, &whole);
	if (err->code == PL_OK && !whole)
		pl_error_set(err, PL_ERR_CONFIG, "%s:%d: %s", name, cfg->line, CUT_OFF);
	else if (err->code == PL_OK && ret != CFG_SUCCESS)
		pl_error_set(err, PL_ERR_CONFIG, "%s: syntax error", name);
	if (err->code == PL_OK)
		done = read_policy(cfg, policy, err);
	cfg_free(cfg);
	return done;
}

/* libconfuse needs an error struct that is empty, and the one of the caller may not be. */
static int load(const char *name, const char *text, int includes, struct pl_policy **policy_r,
		struct pl_error *err)
{
	struct pl_error own = { 0 };
	struct pl_policy *policy = calloc(1, sizeof(*policy));
	int ret;

	*policy_r = NULL;
	if (policy == NULL)
		return out_of_memory(err);
	policy->refcount = 1;
	if (note_file(policy, name) < 0) {
		pl_policy_unref(&policy);
		return out_of_memory(err);
	}
	loading.err = &own;
	loading.policy = policy;
	loading.file = policy->files[0];
	loading.includes_allowed = includes;
	ret = parse(name, text, policy, &own);
	memset(&loading, 0, sizeof(loading));
	if (ret < 0) {
		pl_policy_unref(&policy);
		return pl_error_set(err, own.code, "%s", own.msg);
	}
	*policy_r = policy;
	return 0;
}

static int parse_copy(const char *text, size_t len, const char *name, int includes,
		      struct pl_policy **policy_r, struct pl_error *err)
{
	char *copy;
	int ret;

	*policy_r = NULL;
	if (pl_policy_text_ok(text, len, name, err) < 0)
		return -1;
	copy = strndup(text, len);
	if (copy == NULL)
		return out_of_memory(err);
	ret = load(name, copy, includes, policy_r, err);
	free(copy);
	return ret;
}

int pl_policy_load(const char *path, struct pl_policy **policy_r, struct pl_error *err)
{
	char *text;
	size_t len;
	int ret;

	*policy_r = NULL;
	if (pl_policy_read_text(path, &text, &len, err) < 0)
		return -1;
	ret = parse_copy(text, len, path, 1, policy_r, err);
	free(text);
	return ret;
}

int pl_policy_parse(const char *text, size_t len, const char *name, struct pl_policy **policy_r,
		    struct pl_error *err)
{
	return parse_copy(text, len, name, 0, policy_r, err);
}
