/* postfix_domains.c - see postfix_domains.h. */
#include "ctl/postfix_domains.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"

#define WORD_MAX 4096

int domain_names_add(struct domain_names *list, const char *name, struct pl_error *err)
{
	if (list->count == list->room) {
		size_t room = list->room == 0 ? 64 : list->room * 2;
		void *grown = realloc(list->names, room * sizeof(*list->names));

		if (grown == NULL)
			return pl_error_set(err, PL_ERR_RETRY, "out of memory");
		list->names = grown;
		list->room = room;
	}
	if (pl_domain_parse(name, list->names[list->count], err) < 0)
		return pl_error_prefix(err, "domain \"%.100s\"", name);
	list->count++;
	return 0;
}

void domain_names_free(struct domain_names *list)
{
	free(list->names);
	memset(list, 0, sizeof(*list));
}

/* What is read of one setting of Postfix. */
struct reading {
	const char *dir;
	const char *setting;
	const char *own_name; /* myhostname, which is left out; or NULL */
	struct domain_names *list;
	struct pl_error *err;
};

static int not_listed(const struct reading *reading, const char *word)
{
	return pl_error_set(reading->err, PL_ERR_CONFLICT,
			    "the domains of \"%.200s\" in Postfix's %s cannot be listed; write "
			    "them to a file, one on each line, for `postlatch domain import FILE`",
			    word, reading->setting);
}

static int is_of_machine(const struct reading *reading, const char *name)
{
	return reading->own_name != NULL &&
	       (strchr(name, '.') == NULL || strncmp(name, "localhost.", 10) == 0 ||
		strcmp(name, reading->own_name) == 0);
}

/* Keys of a table are names, and addresses where the table has mailboxes, too. */
static int take_name(const struct reading *reading, const char *name)
{
	if (*name == '\0' || strchr(name, '@') != NULL || is_of_machine(reading, name))
		return 0;
	return domain_names_add(reading->list, name, reading->err);
}

/* The output of `postmap -s`, "key<TAB>value" on each line, or a file that Postfix takes for a
 * list: words, and comments in lines of their own. */
static int take_lines(const struct reading *reading, char *text, const char *delimiters)
{
	char *line, *word;
	int ret = 0;

	while (ret == 0 && (line = strsep(&text, "\n")) != NULL) {
		if (*line == '#')
			continue;
		if (*delimiters == '\t') {
			line[strcspn(line, delimiters)] = '\0';
			ret = take_name(reading, line);
			continue;
		}
		while (ret == 0 && (word = strsep(&line, delimiters)) != NULL)
			ret = take_name(reading, word);
	}
	return ret;
}

static int take_table(const struct reading *reading, const char *table)
{
	const char *own = strncmp(table, "proxy:", 6) == 0 ? table + 6 : table;
	const char *const argv[] = { "postmap", "-s", own, NULL };
	const char *const argv_dir[] = { "postmap", "-c", reading->dir, "-s", own, NULL };
	char *text = ctl_run(reading->dir == NULL ? argv : argv_dir);
	int ret = text == NULL ? not_listed(reading, table) : take_lines(reading, text, "\t");

	free(text);
	return ret;
}

static int take_file(const struct reading *reading, const char *path)
{
	FILE *in = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;
	ssize_t len;
	int ret = 0;

	/* A file without NUL bytes is one piece. */
	len = in == NULL ? -1 : getdelim(&text, &size, '\0', in);
	if (in == NULL || ferror(in))
		ret = not_listed(reading, path);
	else if (len > 0)
		ret = take_lines(reading, text, ", \t\r");
	free(text);
	if (in != NULL)
		fclose(in);
	return ret;
}

static int take_word(const struct reading *reading, const char *word)
{
	if (*word == '!') /* takes away from what follows */
		return not_listed(reading, word);
	if (*word == '/')
		return take_file(reading, word);
	return strchr(word, ':') != NULL ? take_table(reading, word) : take_name(reading, word);
}

/* The words of a setting; braces hold one together, as in inline:{a=b, c=d}. */
static int take_words(const struct reading *reading, const char *text)
{
	char word[WORD_MAX];
	int ret = 0;

	while (ret == 0 && *(text += strspn(text, ", \t\r\n")) != '\0') {
		size_t len = 0;

		for (int depth = 0; text[len] != '\0'; len++) {
			depth += (text[len] == '{') - (text[len] == '}');
			if (depth == 0 && strchr(", \t\r\n", text[len]) != NULL)
				break;
		}
		if (len >= sizeof(word))
			return not_listed(reading, "a word that is too long");
		memcpy(word, text, len);
		word[len] = '\0';
		ret = take_word(reading, word);
		text += len;
	}
	return ret;
}

/* The value of a setting with $names replaced; the caller frees it. */
static char *postconf(const char *dir, const char *setting, struct pl_error *err)
{
	const char *const argv[] = { "postconf", "-x", "-h", setting, NULL };
	const char *const argv_dir[] = { "postconf", "-c", dir, "-x", "-h", setting, NULL };
	char *text = ctl_run(dir == NULL ? argv : argv_dir);

	if (text == NULL)
		pl_error_set(err, PL_ERR_CONFLICT,
			     "`postconf -x -h %s` cannot be run or fails; run it yourself to see "
			     "the reason",
			     setting);
	else
		text[strcspn(text, "\n")] = '\0';
	return text;
}

static int take_setting(struct reading *reading, const char *setting)
{
	char *value = postconf(reading->dir, setting, reading->err);
	int ret = -1;

	reading->setting = setting;
	if (value != NULL)
		ret = take_words(reading, value);
	free(value);
	return ret;
}

int postfix_domains(const char *dir, struct domain_names *list, struct pl_error *err)
{
	struct reading reading = { .dir = dir, .list = list, .err = err };
	char *own_name = postconf(dir, "myhostname", err);
	int ret = -1;

	if (own_name != NULL && take_setting(&reading, "virtual_mailbox_domains") == 0) {
		reading.own_name = own_name;
		ret = take_setting(&reading, "mydestination");
	}
	/* A small server whose members have its name as their domain. */
	if (ret == 0 && list->count == 0) {
		reading.own_name = "localhost";
		ret = take_setting(&reading, "mydestination");
	}
	free(own_name);
	return ret;
}
