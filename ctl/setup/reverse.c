/* reverse.c - main.cf and master.cf as they would be without Postlatch; see setup.h.
 *
 * A file that has not changed since setup wrote it is the one from before. In a file that
 * the operator has changed, each value that is still as setup has set it gets its value from
 * before, and everything else stays.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/setup/setup.h"

/* What postconf prints of the files before and after setup's changes, and as they are now;
 * and the entries of master.cf. */
struct texts {
	char *before, *after, *now;
	char *entries_before, *entries_now;
};

static char *postconf(const char *dir, const char *flag)
{
	const char *const argv[] = { "postconf", flag, "-c", dir, NULL };

	return ctl_run(argv);
}

static int read_texts(struct texts *texts, const struct setup *setup, const char *now,
		      const char *flag)
{
	char before[PATH_MAX], after[PATH_MAX];

	snprintf(before, sizeof(before), "%s/before", setup->record);
	snprintf(after, sizeof(after), "%s/after", setup->record);
	*texts = (struct texts){ postconf(before, flag), postconf(after, flag), postconf(now, flag),
				 postconf(before, "-M"), postconf(now, "-M") };
	if (texts->before != NULL && texts->after != NULL && texts->now != NULL &&
	    texts->entries_before != NULL && texts->entries_now != NULL)
		return 0;
	return pl_error_set(setup->err, PL_ERR_CONFLICT,
			    "`postconf %s` fails; run it yourself to see the reason", flag);
}

static void free_texts(struct texts *texts)
{
	free(texts->before);
	free(texts->after);
	free(texts->now);
	free(texts->entries_before);
	free(texts->entries_now);
}

/* Whether the keys of two lines are the same. A key ends at " =", or for an entry of master.cf
 * after its second word. */
static int same_key(const char *line, const char *other, int is_entry)
{
	char key[2][2][256] = { { "", "" }, { "", "" } };

	if (!is_entry) {
		size_t len = strcspn(line, "=\n");

		return len == strcspn(other, "=\n") && strncmp(line, other, len) == 0;
	}
	sscanf(line, "%255s %255s", key[0][0], key[0][1]);
	sscanf(other, "%255s %255s", key[1][0], key[1][1]);
	return strcmp(key[0][0], key[1][0]) == 0 && strcmp(key[0][1], key[1][1]) == 0;
}

/* What postconf itself adds about the folder that it was given. */
static int is_of_folder(const char *line)
{
	return strncmp(line, "config_directory ", 17) == 0;
}

/* Copies the line of the text that has the key of another line. 1, or 0 when there is none. */
static int find(const char *text, const char *line, int is_entry, char *found, size_t size)
{
	for (const char *at = text; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n') {
		if (same_key(at, line, is_entry)) {
			snprintf(found, size, "%.*s", (int)strcspn(at, "\n"), at);
			return 1;
		}
	}
	return 0;
}

/* "name = value" as the argument name=value of an option of postconf. */
static void as_argument(const char *line, char *argument, size_t size)
{
	size_t len = strcspn(line, " =");
	const char *value = strchr(line, '=');

	value = value == NULL ? "" : value + 1;
	snprintf(argument, size, "%.*s=%s", (int)len, line, value + (*value == ' '));
}

/* "name type ..." as name/type. */
static void as_service(const char *line, char *service, size_t size)
{
	char name[256] = "", type[64] = "";

	sscanf(line, "%255s %63s", name, type);
	snprintf(service, size, "%s/%s", name, type);
}

/* How postconf takes away and sets what is on a line. */
struct kind {
	const char *print, *remove, *set;
	int is_entry;
};
static const struct kind main_cf = { "-n", "-X", "-e", 0 };
static const struct kind options = { "-P", "-PX", "-P", 0 };
static const struct kind entries = { "-M", "-MX", "-M", 1 };

static int put_back(struct setup *setup, const char *dir, const struct kind *kind,
		    const char *before)
{
	char argument[POSTFIX_VALUE_MAX + 512], service[330];

	if (!kind->is_entry) {
		as_argument(before, argument, sizeof(argument));
	} else {
		as_service(before, service, sizeof(service));
		snprintf(argument, sizeof(argument), "%s=%s", service, before);
	}
	return staging_edit(dir, kind->set, argument, setup->err);
}

static int take_away(struct setup *setup, const char *dir, const struct kind *kind,
		     const char *line)
{
	char argument[512];

	if (kind->is_entry)
		as_service(line, argument, sizeof(argument));
	else
		snprintf(argument, sizeof(argument), "%.*s", (int)strcspn(line, " ="), line);
	return staging_edit(dir, kind->remove, argument, setup->err);
}

/* Whether the service of an option "name/type/option = value" was there, and is. */
static int has_service(const struct texts *texts, const char *line)
{
	const char *name_end = strchr(line, '/');
	const char *type_end = name_end == NULL ? NULL : strchr(name_end + 1, '/');
	char entry[512], found[8];

	if (type_end == NULL)
		return 0;
	snprintf(entry, sizeof(entry), "%.*s %.*s ", (int)(name_end - line), line,
		 (int)(type_end - name_end - 1), name_end + 1);
	return find(texts->entries_before, entry, 1, found, sizeof(found)) &&
	       find(texts->entries_now, entry, 1, found, sizeof(found));
}

/* One line of what there was after setup's changes. */
static int reverse_line(struct setup *setup, const char *dir, const struct kind *kind,
			const struct texts *texts, const char *line)
{
	char before[POSTFIX_VALUE_MAX], now[POSTFIX_VALUE_MAX];
	const int was = find(texts->before, line, kind->is_entry, before, sizeof(before));

	/* The options of an entry that was there before are reversed one by one; an entry that
	 * was not is taken away as a whole. */
	if (is_of_folder(line) || (kind == &options && !has_service(texts, line)) ||
	    (was && (kind->is_entry || strcmp(before, line) == 0)) ||
	    !find(texts->now, line, kind->is_entry, now, sizeof(now)))
		return 0;
	if (strcmp(now, line) != 0) {
		setup_note(setup, "you have changed \"%.200s\" since; it stays as it is", now);
		return 0;
	}
	return was ? put_back(setup, dir, kind, before) : take_away(setup, dir, kind, line);
}

static int reverse_kind(struct setup *setup, const char *dir, const struct kind *kind)
{
	char line[POSTFIX_VALUE_MAX], other[POSTFIX_VALUE_MAX];
	struct texts texts;
	int ret = read_texts(&texts, setup, dir, kind->print);

	for (const char *at = texts.after; ret == 0 && *at != '\0';
	     at += strcspn(at, "\n"), at += *at == '\n') {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
		ret = reverse_line(setup, dir, kind, &texts, line);
	}
	/* What setup has taken away. */
	for (const char *at = texts.before; ret == 0 && *at != '\0';
	     at += strcspn(at, "\n"), at += *at == '\n') {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
		if (!is_of_folder(line) && (kind != &options || has_service(&texts, line)) &&
		    !find(texts.after, line, kind->is_entry, other, sizeof(other)) &&
		    !find(texts.now, line, kind->is_entry, other, sizeof(other)))
			ret = put_back(setup, dir, kind, line);
	}
	free_texts(&texts);
	return ret;
}

int setup_reverse(struct setup *setup, const char *base)
{
	char before[PATH_MAX], after[PATH_MAX];
	int is_changed[2];

	snprintf(before, sizeof(before), "%s/before", setup->record);
	snprintf(after, sizeof(after), "%s/after", setup->record);
	if (staging_copy(setup->postfix, base, setup->err) < 0)
		return -1;
	/* Without a record, nothing of it is setup's. */
	if (access(setup->record, F_OK) < 0)
		return 0;
	for (size_t i = 0; i < 2; i++)
		is_changed[i] = !staging_same(base, after, setup_files[i]) &&
				!staging_same(base, before, setup_files[i]);
	if ((is_changed[0] && reverse_kind(setup, base, &main_cf) < 0) ||
	    (is_changed[1] &&
	     (reverse_kind(setup, base, &entries) < 0 || reverse_kind(setup, base, &options) < 0)))
		return -1;
	for (size_t i = 0; i < 2; i++) {
		if (!is_changed[i] && staging_install(before, base, setup_files[i], setup->err) < 0)
			return -1;
	}
	return 0;
}
