/* links.c - the fragments that Dovecot includes; see setup.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/setup/setup.h"

/* Each has something by which doveconf shows it, wherever it is included from. */
static const struct {
	const char *file, *marks[2];
} fragments[] = {
	{ "07-postlatch-sasl-relay.conf", { "unix_listener auth-sasl-relay {", NULL } },
	{ "05-postlatch.conf", { "driver = postlatch\n", "passdb postlatch {" } },
};

/* As "2.3"; 0 or -1. */
static int dovecot_release(char release[4], struct pl_error *err)
{
	const char *const argv[] = { "dovecot", "--version", NULL };
	char *text = ctl_run(argv);

	if (text == NULL || strlen(text) < 3) {
		free(text);
		return pl_error_set(err, PL_ERR_CONFLICT,
				    "`dovecot --version` fails: install dovecot-core first");
	}
	snprintf(release, 4, "%.3s", text);
	free(text);
	return 0;
}

static void add(json_t *links, const char *path, const char *target)
{
	json_array_append_new(links, json_pack("{s:s, s:s}", "path", path, "target", target));
}

int links_has_relay(struct setup *setup)
{
	char path[PATH_MAX], release[4];
	struct pl_error err;

	if (dovecot_release(release, &err) < 0)
		return 0;
	snprintf(path, sizeof(path), "%s/dovecot-%s/%s", setup->fragments, release,
		 fragments[0].file);
	return access(path, R_OK) == 0;
}

json_t *links_missing(struct setup *setup)
{
	const char *file = setup->ctl->option[CTL_OPTION_DOVECOT_CONF];
	const char *const argv[] = { "doveconf", "-n", file != NULL ? "-c" : NULL, file, NULL };
	char path[PATH_MAX], target[PATH_MAX], release[4], *text;
	json_t *links;

	if (dovecot_release(release, setup->err) < 0)
		return NULL;
	text = ctl_run(argv);
	if (text == NULL) {
		pl_error_set(setup->err, PL_ERR_CONFLICT,
			     "`doveconf -n` fails; run it yourself to see the reason");
		return NULL;
	}
	links = json_array();
	for (size_t i = 0; i < sizeof(fragments) / sizeof(fragments[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", setup->dovecot, fragments[i].file);
		snprintf(target, sizeof(target), "%s/dovecot-%s/%s", setup->fragments, release,
			 fragments[i].file);
		if (access(target, R_OK) < 0)
			setup_note(setup, "%s is not installed, and Dovecot does without it",
				   target);
		else if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
			 strstr(text, fragments[i].marks[0]) == NULL &&
			 (fragments[i].marks[1] == NULL ||
			  strstr(text, fragments[i].marks[1]) == NULL))
			add(links, path, target);
	}
	free(text);
	return links;
}

static int is_link_to(const char *path, const char *target)
{
	char found[PATH_MAX];
	ssize_t len = readlink(path, found, sizeof(found) - 1);

	found[len < 0 ? 0 : len] = '\0';
	return len > 0 && strcmp(found, target) == 0;
}

json_t *links_made(const struct setup *setup)
{
	json_t *links = json_array();
	char path[PATH_MAX], line[2 * PATH_MAX];
	FILE *in;

	snprintf(path, sizeof(path), "%s/links", setup->record);
	in = fopen(path, "re");
	while (in != NULL && fgets(line, sizeof(line), in) != NULL) {
		char *tab = strchr(line, '\t');

		line[strcspn(line, "\n")] = '\0';
		if (tab == NULL)
			continue;
		*tab = '\0';
		if (is_link_to(line, tab + 1))
			add(links, line, tab + 1);
	}
	if (in != NULL)
		fclose(in);
	return links;
}

static void write_links(FILE *out, const json_t *links)
{
	size_t i;
	const json_t *link;

	json_array_foreach(links, i, link)
	{
		fprintf(out, "%s\t%s\n", json_string_value(json_object_get(link, "path")),
			json_string_value(json_object_get(link, "target")));
	}
}

int links_record(const char *dir, const json_t *made, const json_t *more, struct pl_error *err)
{
	char path[PATH_MAX];
	FILE *out;
	int failed;

	snprintf(path, sizeof(path), "%s/links", dir);
	out = fopen(path, "we");
	failed = out == NULL;
	if (out != NULL) {
		write_links(out, made);
		write_links(out, more);
		failed = ferror(out) | (fflush(out) != 0) | (fsync(fileno(out)) != 0);
		failed |= fclose(out) != 0;
	}
	return failed ? pl_error_set(err, PL_ERR_RETRY, "write %s: %s", path, strerror(errno)) : 0;
}

int links_make(const json_t *links, struct pl_error *err)
{
	size_t i;
	const json_t *link;

	json_array_foreach(links, i, link)
	{
		const char *path = json_string_value(json_object_get(link, "path"));

		if (symlink(json_string_value(json_object_get(link, "target")), path) < 0)
			return pl_error_set(err, PL_ERR_RETRY, "create the link %s: %s", path,
					    strerror(errno));
	}
	return 0;
}

int links_remove(const json_t *links, struct pl_error *err)
{
	size_t i;
	const json_t *link;

	json_array_foreach(links, i, link)
	{
		const char *path = json_string_value(json_object_get(link, "path"));

		if (unlink(path) < 0 && errno != ENOENT)
			return pl_error_set(err, PL_ERR_RETRY, "remove the link %s: %s", path,
					    strerror(errno));
	}
	return 0;
}
