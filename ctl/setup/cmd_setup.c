/* cmd_setup.c - postlatch setup: its steps, and what it prints; see setup.h. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/setup/setup.h"

/* What is to be done. */
struct changes {
	char *differences[2]; /* of setup_files */
	json_t *links;        /* to be made, or for --undo to be removed */
	json_t *made;         /* links that there are */
	int count;
};

void setup_note(struct setup *setup, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	json_array_append_new(setup->notes, json_string(text));
}

static int is_undo(const struct setup *setup)
{
	return setup->ctl->option[CTL_OPTION_UNDO] != NULL;
}

/* A folder's path must leave room for the names in it. */
static int set_path(char path[SETUP_PATH], const char *dir, const char *name, struct pl_error *err)
{
	if (snprintf(path, SETUP_PATH, "%s%s", dir, name) >= SETUP_PATH)
		return pl_error_set(err, PL_ERR_CONFLICT, "the path %.100s... is too long", dir);
	return 0;
}

static int find_postfix(struct setup *setup)
{
	const char *const argv[] = { "postconf", "-h", "config_directory", NULL };
	const char *given = setup->ctl->option[CTL_OPTION_POSTFIX_CONF];
	char *text = given != NULL ? strdup(given) : ctl_run(argv);
	int ret;

	if (text == NULL)
		return pl_error_set(setup->err, PL_ERR_CONFLICT,
				    "`postconf` cannot be run: install postfix first");
	text[strcspn(text, "\n")] = '\0';
	ret = set_path(setup->postfix, text, "", setup->err);
	free(text);
	return ret;
}

static int find_folders(struct setup *setup)
{
	const char *fragments = setup->ctl->option[CTL_OPTION_FRAGMENTS];
	const char *dovecot = setup->ctl->option[CTL_OPTION_DOVECOT_CONF];
	char copy[2][SETUP_PATH];

	snprintf(copy[0], SETUP_PATH, "%s", dovecot != NULL ? dovecot : "/etc/dovecot/x");
	snprintf(copy[1], SETUP_PATH, "%s", setup->ctl->policy_path);
	if (find_postfix(setup) < 0 ||
	    set_path(setup->dovecot, dirname(copy[0]), "/conf.d", setup->err) < 0 ||
	    set_path(setup->record, dirname(copy[1]), "/setup", setup->err) < 0 ||
	    set_path(setup->fragments, fragments != NULL ? fragments : CONF_D, "", setup->err) < 0)
		return -1;
	snprintf(setup->work, sizeof(setup->work), "/tmp/postlatch-setup-XXXXXX");
	if (mkdtemp(setup->work) == NULL)
		return pl_error_set(setup->err, PL_ERR_RETRY, "create a folder in /tmp: %s",
				    strerror(errno));
	return 0;
}

/* The files as they are to be, in base and, with Postlatch's changes, in wanted. */
static int stage(struct setup *setup, const char *base, const char *wanted)
{
	if (setup_reverse(setup, base) < 0 || staging_copy(base, wanted, setup->err) < 0)
		return -1;
	return is_undo(setup) ? 0 : setup_plan(setup, wanted);
}

static int compare(struct setup *setup, const char *wanted, struct changes *changes)
{
	for (size_t i = 0; i < 2; i++) {
		changes->differences[i] =
			staging_difference(setup->postfix, wanted, setup_files[i], setup->err);
		if (changes->differences[i] == NULL)
			return -1;
		changes->count += changes->differences[i][0] != '\0';
	}
	changes->made = links_made(setup);
	changes->links = is_undo(setup) ? json_incref(changes->made) : links_missing(setup);
	if (changes->links == NULL)
		return -1;
	changes->count += json_array_size(changes->links) > 0;
	return 0;
}

/* The record replaces the one before in one step. */
static int save_record(struct setup *setup, const char *base, const char *wanted,
		       const struct changes *changes)
{
	char record[SETUP_PATH + 8], path[PATH_MAX];

	snprintf(record, sizeof(record), "%s.new", setup->record);
	staging_remove(record);
	if (mkdir(record, 0700) < 0)
		return pl_error_set(setup->err, PL_ERR_RETRY, "create the folder %s: %s", record,
				    strerror(errno));
	snprintf(path, sizeof(path), "%s/before", record);
	if (staging_copy(base, path, setup->err) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/after", record);
	if (staging_copy(wanted, path, setup->err) < 0 ||
	    links_record(record, changes->made, changes->links, setup->err) < 0)
		return -1;
	if (renameat2(AT_FDCWD, record, AT_FDCWD, setup->record, RENAME_EXCHANGE) < 0 &&
	    (errno != ENOENT || rename(record, setup->record) < 0))
		return pl_error_set(setup->err, PL_ERR_RETRY, "replace the folder %s: %s",
				    setup->record, strerror(errno));
	staging_remove(record);
	return 0;
}

static int install(struct setup *setup, const char *wanted, const struct changes *changes)
{
	for (size_t i = 0; i < 2; i++) {
		if (changes->differences[i][0] != '\0' &&
		    staging_install(wanted, setup->postfix, setup_files[i], setup->err) < 0)
			return -1;
	}
	return 0;
}

/* A run that is killed in between leaves the record, with which the next one goes on. */
static int write_changes(struct setup *setup, const char *base, const char *wanted,
			 const struct changes *changes)
{
	if (is_undo(setup)) {
		if (install(setup, wanted, changes) < 0 ||
		    links_remove(changes->links, setup->err) < 0)
			return -1;
		staging_remove(setup->record);
		return 0;
	}
	if (changes->count == 0)
		return 0;
	return save_record(setup, base, wanted, changes) < 0 ||
			       links_make(changes->links, setup->err) < 0 ||
			       install(setup, wanted, changes) < 0
		       ? -1
		       : 0;
}

static void print_text(const struct setup *setup, const struct changes *changes)
{
	const char *sign = is_undo(setup) ? "-" : "+";
	size_t i;
	const json_t *value;

	for (i = 0; i < 2; i++) {
		char *rest = changes->differences[i], *line;

		while ((line = strsep(&rest, "\n")) != NULL && rest != NULL) {
			ctl_put(stdout, line);
			putchar('\n');
		}
	}
	json_array_foreach(changes->links, i, value)
	{
		printf("%s link %s -> %s\n", sign,
		       json_string_value(json_object_get(value, "path")),
		       json_string_value(json_object_get(value, "target")));
	}
	json_array_foreach(setup->notes, i, value)
	{
		if (changes->count == 0)
			break;
		fputs("note: ", stdout);
		ctl_put(stdout, json_string_value(value));
		putchar('\n');
	}
}

static int print(const struct setup *setup, const struct changes *changes, int is_written)
{
	if (setup->ctl->json)
		return ctl_print_json(json_pack("{s:s, s:s, s:O, s:O, s:b}", "main.cf",
						changes->differences[0], "master.cf",
						changes->differences[1], "links", changes->links,
						"notes", setup->notes, "written", is_written),
				      setup->err);
	print_text(setup, changes);
	if (changes->count == 0)
		puts("nothing to change");
	else if (!is_written)
		puts("nothing was changed; `postlatch setup --write` makes these changes");
	else
		puts("changed; now run: doveconf >/dev/null && systemctl restart dovecot && "
		     "postfix check && postfix reload");
	return 0;
}

static int run(struct setup *setup)
{
	const int is_written = is_undo(setup) || setup->ctl->option[CTL_OPTION_WRITE] != NULL;
	struct changes changes = { .count = 0 };
	char base[PATH_MAX], wanted[PATH_MAX];
	int ret;

	snprintf(base, sizeof(base), "%s/base", setup->work);
	snprintf(wanted, sizeof(wanted), "%s/wanted", setup->work);
	ret = stage(setup, base, wanted);
	if (ret == 0)
		ret = compare(setup, wanted, &changes);
	if (ret == 0 && is_written)
		ret = write_changes(setup, base, wanted, &changes);
	if (ret == 0)
		ret = print(setup, &changes, is_written);
	free(changes.differences[0]);
	free(changes.differences[1]);
	json_decref(changes.links);
	json_decref(changes.made);
	return ret;
}

int cmd_setup(struct ctl *ctl, struct pl_error *err)
{
	struct setup setup = { .ctl = ctl, .notes = json_array(), .err = err };
	int ret;

	if (ctl->option[CTL_OPTION_WRITE] != NULL && is_undo(&setup)) {
		json_decref(setup.notes);
		return pl_error_set(err, PL_ERR_INVALID, "use either --write or --undo");
	}
	ret = find_folders(&setup);
	if (ret == 0) {
		ret = run(&setup);
		staging_remove(setup.work);
	}
	json_decref(setup.notes);
	return ret;
}
