/* policy_file.c - reads the policy file with libconfuse; see policy.h. */
#include "policy/settings/policy.h"

#include <confuse.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILES_MAX 64 /* the policy file and its includes */
#define DEPTH_MAX 10 /* includes within includes */

/* libconfuse's callbacks get no pointer of ours, so what they need is here for
 * the time of one load. policy.h says that loads do not overlap. */
static _Thread_local struct {
	struct pl_error *err; /* the first complaint is kept */
	struct pl_policy *policy;
	cfg_t *root; /* sections know their line, but not always their file */
	int includes_allowed;
	int depth;
	int reached_end;
} loading;

/* libconfuse takes a section that the end of the file cuts off for a whole one.
 * So every file is read with this call behind it, which works only outside of
 * sections, comments and strings. */
#define END_MARK "policy_file_ends_here"
#define CUT_OFF "the file ends inside a section, a comment or a string: is a } missing?"

/* libconfuse says "no such option 'pop3'" of a setting in the wrong place, and of one that has
 * another name now. Appends to msg what to write instead. */
static void explain_no_such_option(char *msg, size_t size)
{
	const char *quote = strchr(msg, '\'');
	const char *renamed;
	enum pl_setting setting;
	size_t used = strlen(msg);
	char name[64];

	if (strstr(msg, "no such option") == NULL || quote == NULL)
		return;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(quote + 1, "'"), quote + 1);
	renamed = pl_setting_renamed(name);
	if (renamed != NULL)
		snprintf(msg + used, size - used, ": the setting is now called %s", renamed);
	else if (pl_setting_by_name(name, &setting))
		snprintf(msg + used, size - used, " here: it belongs in defaults { }%s",
			 (pl_setting_info(setting)->where & PL_AT_CLASS) != 0
				 ? ", domain \"...\" { } or class \"...\" { }"
				 : " or domain \"...\" { }");
}

__attribute__((format(printf, 2, 0))) static void complain(cfg_t *cfg, const char *fmt,
							   va_list args)
{
	char msg[sizeof(loading.err->msg) / 2];
	const char *file = cfg != NULL ? cfg->filename : NULL;

	if (loading.err == NULL || loading.err->code != PL_OK)
		return;
	vsnprintf(msg, sizeof(msg), fmt, args);
	if (strstr(msg, END_MARK) != NULL)
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

/* A file that we are willing to read: a regular one of bounded size. */
static int acceptable_file(const char *path, struct pl_error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return pl_error_set(err, PL_ERR_CONFIG, "policy file %s: %s", path,
				    strerror(errno));
	if (!S_ISREG(st.st_mode))
		return pl_error_set(err, PL_ERR_CONFIG, "policy file %s is not a regular file",
				    path);
	if (st.st_size > PL_POLICY_FILE_MAX)
		return pl_error_set(err, PL_ERR_CONFIG, "policy file %s is larger than %d bytes",
				    path, PL_POLICY_FILE_MAX);
	return 0;
}

static int out_of_memory(struct pl_error *err)
{
	return pl_error_set(err, PL_ERR_RETRY, "policy: out of memory");
}

static int acceptable_text(const char *text, size_t len, const char *name, struct pl_error *err)
{
	if (len > PL_POLICY_FILE_MAX || memchr(text, '\0', len) != NULL)
		return pl_error_set(err, PL_ERR_CONFIG,
				    "policy file %s is larger than %d bytes, or contains a NUL "
				    "byte",
				    name, PL_POLICY_FILE_MAX);
	return 0;
}

/* The caller frees the text, which has a NUL behind its len bytes. */
static int read_file(const char *path, char **text_r, size_t *len_r, struct pl_error *err)
{
	char *text = NULL;
	FILE *in = NULL;
	int ret = -1;

	if (acceptable_file(path, err) < 0)
		return -1;
	in = fopen(path, "re");
	text = malloc(PL_POLICY_FILE_MAX + 2);
	if (in == NULL) {
		pl_error_set(err, PL_ERR_CONFIG, "policy file %s: %s", path, strerror(errno));
		goto out;
	}
	if (text == NULL) {
		out_of_memory(err);
		goto out;
	}
	/* One byte more than is taken, to notice a file that grew meanwhile. */
	*len_r = fread(text, 1, PL_POLICY_FILE_MAX + 1, in);
	text[*len_r] = '\0';
	if (ferror(in))
		pl_error_set(err, PL_ERR_CONFIG, "policy file %s: %s", path, strerror(errno));
	else if (*len_r == 0) /* what there is for a moment when it is written in its place */
		pl_error_set(err, PL_ERR_CONFIG, "policy file %s is empty", path);
	else
		ret = acceptable_text(text, *len_r, path, err);
out:
	if (in != NULL)
		fclose(in);
	if (ret < 0)
		free(text);
	else
		*text_r = text;
	return ret;
}

static int reach_end(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	(void)cfg;
	(void)opt;
	(void)argc;
	(void)argv;
	loading.reached_end = 1;
	return 0;
}

static int validate_number(cfg_t *cfg, cfg_opt_t *opt)
{
	static const struct {
		const char *name;
		long min, max;
	} ranges[] = {
#define PL_OPTION_TEXT(field, def, text)
#define PL_OPTION_INT(field, def, min, max, text) { #field, min, max },
#define PL_OPTION_NETWORKS(field, def, text)
#include "policy/settings/policy.def"
#undef PL_OPTION_TEXT
#undef PL_OPTION_INT
#undef PL_OPTION_NETWORKS
	};
	long value = cfg_opt_getnint(opt, 0);

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

static int validate_networks(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct pl_ip nowhere = { .known = 0 };
	struct pl_error err = { 0 };

	if (pl_network_list_contains(cfg_opt_getnstr(opt, 0), &nowhere, &err) < 0) {
		cfg_error(cfg, "%s: %s", cfg_opt_name(opt), err.msg);
		return -1;
	}
	return 0;
}

/* One validator for both kinds of section; the layer follows from the title. */
static int validate_setting(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *name = cfg_opt_name(opt);
	const char *word = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
	enum pl_layer_bit where = strcmp(cfg_name(cfg), "class") == 0 ? PL_AT_CLASS : PL_AT_POLICY;
	enum pl_setting setting;
	enum pl_value value;
	char choices[128];

	if (pl_setting_by_name(name, &setting) && pl_value_by_name(word, &value) &&
	    value != PL_UNSET && pl_setting_accepts(setting, where, value))
		return 0;
	cfg_error(cfg, "%s = %s: it must be one of %s", name, word,
		  pl_setting_choices(setting, where, choices, sizeof(choices)));
	return -1;
}

/* The options of a defaults or domain section, or of a class section. */
static void section_options(cfg_opt_t *opts, enum pl_layer_bit where)
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

static void read_settings(cfg_t *section, struct pl_settings *settings)
{
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		cfg_opt_t *opt = cfg_getopt(section, pl_setting_info((enum pl_setting)i)->name);
		enum pl_value value;

		if (opt != NULL && cfg_opt_size(opt) > 0 &&
		    pl_value_by_name(cfg_opt_getnstr(opt, 0), &value))
			settings->value[i] = (unsigned char)value;
	}
}

static int read_networks(const char *text, struct pl_network_list *list, struct pl_error *err)
{
	size_t room = strlen(text) / 3 + 1; /* "::1" is the shortest */

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
#define PL_OPTION_TEXT(field, def, text)                 \
	policy->field = strdup(cfg_getstr(cfg, #field)); \
	if (policy->field == NULL)                       \
		return out_of_memory(err);
#define PL_OPTION_INT(field, def, min, max, text) policy->field = cfg_getint(cfg, #field);
#define PL_OPTION_NETWORKS(field, def, text)                                 \
	if (read_networks(cfg_getstr(cfg, #field), &policy->field, err) < 0) \
		return -1;
#include "policy/settings/policy.def"
#undef PL_OPTION_TEXT
#undef PL_OPTION_INT
#undef PL_OPTION_NETWORKS
	return 0;
}

/* Copies the sections of one kind, sorted by name. Domain names are folded. */
static int read_sections(cfg_t *cfg, const char *kind, struct pl_section **sections_r,
			 size_t *count_r, struct pl_error *err)
{
	size_t count = cfg_size(cfg, kind);
	int is_domain = strcmp(kind, "domain") == 0;

	*sections_r = calloc(count + 1, sizeof(**sections_r));
	if (*sections_r == NULL)
		return out_of_memory(err);
	for (size_t i = 0; i < count; i++) {
		cfg_t *section = cfg_getnsec(cfg, kind, (unsigned int)i);
		const char *title = cfg_title(section);
		char name[PL_DOMAIN_MAX + 1];

		if (is_domain && pl_domain_parse(title, name, err) < 0)
			return pl_error_set(err, PL_ERR_CONFIG,
					    "%s:%d: domain \"%s\" is not a domain name",
					    cfg->filename, section->line, title);
		if (!is_domain && (strlen(title) == 0 || strlen(title) > PL_CLASS_MAX))
			return pl_error_set(err, PL_ERR_CONFIG,
					    "%s:%d: a class name has 1 to %d characters",
					    cfg->filename, section->line, PL_CLASS_MAX);
		(*sections_r)[i].name = strdup(is_domain ? name : title);
		if ((*sections_r)[i].name == NULL)
			return out_of_memory(err);
		(*count_r)++;
		read_settings(section, &(*sections_r)[i].settings);
	}
	qsort(*sections_r, count, sizeof(**sections_r), pl_section_compare);
	for (size_t i = 1; i < count; i++) {
		if (pl_section_compare(&(*sections_r)[i - 1], &(*sections_r)[i]) == 0)
			return pl_error_set(err, PL_ERR_CONFIG,
					    "%s: there are two sections %s \"%s\"", cfg->filename,
					    kind, (*sections_r)[i].name);
	}
	return 0;
}

static int read_policy(cfg_t *cfg, struct pl_policy *policy, struct pl_error *err)
{
	if (read_options(cfg, policy, err) < 0)
		return -1;
	read_settings(cfg_getsec(cfg, "defaults"), &policy->defaults);
	if (read_sections(cfg, "domain", &policy->domains, &policy->domain_count, err) < 0 ||
	    read_sections(cfg, "class", &policy->classes, &policy->class_count, err) < 0)
		return -1;
	return 0;
}

/* Returns the comment's last character. */
static char *blank_comment(char *text)
{
	size_t len = strcspn(text, "\n");

	memset(text, ' ', len);
	return text + len - 1;
}

/* Puts blanks in the place of comments, because libconfuse 3.3 counts a line that
 * ends in one three times, and every error below it names a wrong line. */
static void blank_comments(char *text)
{
	char quote = '\0';

	for (; *text != '\0'; text++) {
		if (quote != '\0' && *text == '\\' && text[1] != '\0')
			text++;
		else if (quote == '\0' && *text == '#')
			text = blank_comment(text);
		else if (quote == '\0' && (*text == '"' || *text == '\''))
			quote = *text;
		else if (*text == quote)
			quote = '\0';
	}
}

/* Like cfg_parse_buf, but errors carry the name. */
static int parse_text(cfg_t *cfg, const char *name, const char *text)
{
	char *marked;
	FILE *in;
	int len, ret = CFG_PARSE_ERROR;

	free(cfg->filename);
	cfg->filename = strdup(name);
	len = asprintf(&marked, "%s\n" END_MARK "()\n", text);
	if (len < 0)
		return CFG_PARSE_ERROR;
	blank_comments(marked);
	in = fmemopen(marked, (size_t)len, "r");
	if (in != NULL) {
		ret = cfg_parse_fp(cfg, in);
		fclose(in);
	}
	free(marked);
	return ret;
}

/* Parses a file in the middle of another, for whose sake name and line are kept. */
static int parse_included(cfg_t *cfg, const char *path, const char *text)
{
	char *filename = cfg->filename;
	unsigned int line = cfg->line;
	int ret;

	cfg->filename = NULL;
	loading.depth++;
	ret = parse_text(cfg, path, text);
	loading.depth--;
	/* Of two complaints the first is kept. */
	if (!loading.reached_end) {
		cfg_error(cfg, CUT_OFF);
		ret = CFG_PARSE_ERROR;
	}
	loading.reached_end = 0;
	free(cfg->filename);
	cfg->filename = filename;
	cfg->line = line;
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

/* include("file"). libconfuse's own cfg_include is of no use to a program that
 * reads its file again and again: after an error in an included file it keeps
 * that file open, and one of its ten places for includes taken, for good. */
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
	if (read_file(path, &text, &len, &err) < 0)
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
	cfg_opt_t layered[PL_SETTING_COUNT + 1], classed[PL_SETTING_COUNT + 1];
	cfg_opt_t opts[] = {
#define PL_OPTION_TEXT(field, def, text_) CFG_STR(#field, def, CFGF_NONE),
#define PL_OPTION_INT(field, def, min, max, text_) CFG_INT(#field, def, CFGF_NONE),
#define PL_OPTION_NETWORKS(field, def, text_) CFG_STR(#field, def, CFGF_NONE),
#include "policy/settings/policy.def"
#undef PL_OPTION_TEXT
#undef PL_OPTION_INT
#undef PL_OPTION_NETWORKS
		CFG_SEC("defaults", layered, CFGF_NONE),
		CFG_SEC("domain", layered, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
		CFG_SEC("class", classed, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
		CFG_FUNC("include", include),
		CFG_FUNC(END_MARK, reach_end),
		CFG_END(),
	};
	cfg_t *cfg;
	int ret, done = -1;

	section_options(layered, PL_AT_POLICY);
	section_options(classed, PL_AT_CLASS);
	cfg = cfg_init(opts, CFGF_NONE);
	if (cfg == NULL)
		return out_of_memory(err);
	loading.root = cfg;
	cfg_set_error_function(cfg, complain);
	set_section_validators(cfg, "defaults");
	set_section_validators(cfg, "domain");
	set_section_validators(cfg, "class");
#define PL_OPTION_TEXT(field, def, text_)
#define PL_OPTION_INT(field, def, min, max, text_) \
	cfg_set_validate_func(cfg, #field, validate_number);
#define PL_OPTION_NETWORKS(field, def, text_) cfg_set_validate_func(cfg, #field, validate_networks);
#include "policy/settings/policy.def"
#undef PL_OPTION_TEXT
#undef PL_OPTION_INT
#undef PL_OPTION_NETWORKS

	ret = parse_text(cfg, name, text);
	if (err->code == PL_OK && !loading.reached_end)
		pl_error_set(err, PL_ERR_CONFIG, "%s:%d: %s", name, cfg->line, CUT_OFF);
	else if (err->code == PL_OK && ret != CFG_SUCCESS)
		pl_error_set(err, PL_ERR_CONFIG, "%s: syntax error", name);
	if (err->code == PL_OK)
		done = read_policy(cfg, policy, err);
	cfg_free(cfg);
	return done;
}

/* libconfuse needs an error struct that starts clean, which the caller's may not be. */
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
	if (acceptable_text(text, len, name, err) < 0)
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
	if (read_file(path, &text, &len, err) < 0)
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
