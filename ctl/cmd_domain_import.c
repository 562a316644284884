/* cmd_domain_import.c - postlatch domain import. */
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/postfix_domains.h"
#include "policy/account/domain.h"

#define FILE_MAX_BYTES (16 * 1024 * 1024)

/* One domain on each line; '#' starts a comment. */
static int read_lines(char *text, struct domain_names *list, struct pl_error *err)
{
	char *name;

	for (int number = 1; (name = strsep(&text, "\n")) != NULL; number++) {
		name += strspn(name, " \t");
		name[strcspn(name, "#\r")] = '\0';
		for (size_t len = strlen(name); len > 0 && strchr(" \t", name[len - 1]); len--)
			name[len - 1] = '\0';
		if (*name != '\0' && domain_names_add(list, name, err) < 0)
			return pl_error_prefix(err, "line %d", number);
	}
	return 0;
}

static int read_file(const char *path, struct domain_names *list, struct pl_error *err)
{
	char *text;
	size_t len;
	int ret = ctl_read_input(path, FILE_MAX_BYTES, &text, &len, err);

	if (ret == 0 && strlen(text) != len)
		ret = pl_error_set(err, PL_ERR_INVALID, "it contains a NUL byte");
	if (ret == 0)
		ret = read_lines(text, list, err);
	free(text);
	return ret < 0 ? pl_error_prefix(err, "%s", ctl_input_name(path)) : 0;
}

static int read_names(const struct ctl *ctl, struct domain_names *list, struct pl_error *err)
{
	const int from_postfix = ctl->option[CTL_OPTION_FROM_POSTFIX] != NULL;

	if (from_postfix == (ctl->arg_count > 0))
		return pl_error_set(err, PL_ERR_INVALID, "give a file, - or --from-postfix");
	return from_postfix ? postfix_domains(ctl->option[CTL_OPTION_POSTFIX_CONF], list, err)
			    : read_file(ctl->args[0], list, err);
}

/* Returns how many have become known, or -1. */
static int import(struct ctl *ctl, const struct domain_names *list, json_t *added)
{
	for (size_t i = 0; i < list->count; i++) {
		int ret = pl_domain_import(&ctl->work, list->names[i]);

		if (ret < 0)
			return -1;
		if (ret > 0)
			json_array_append_new(added, json_string(list->names[i]));
	}
	return (int)json_array_size(added);
}

int cmd_domain_import(struct ctl *ctl, struct pl_error *err)
{
	const int dry = ctl->option[CTL_OPTION_DRY_RUN] != NULL;
	struct domain_names list = { 0 };
	json_t *added = json_array();
	int ret = -1;

	if (read_names(ctl, &list, err) == 0 && pl_store_begin_write(ctl->work.store, err) == 0)
		ret = ctl_finish_write(ctl, import(ctl, &list, added), err);
	domain_names_free(&list);
	if (ret < 0) {
		json_decref(added);
		return -1;
	}
	if (ctl->json)
		return ctl_print_json(json_pack("{s:b, s:o}", "dry_run", dry, "added", added), err);
	for (size_t i = 0; i < json_array_size(added); i++)
		printf("%s\n", json_string_value(json_array_get(added, i)));
	printf("%s %zu domain%s\n", dry ? "would add" : "added", json_array_size(added),
	       json_array_size(added) == 1 ? "" : "s");
	json_decref(added);
	return ctl_tell_outsiders(ctl, err);
}
