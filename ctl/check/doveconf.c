/* doveconf.c - see doveconf.h. */
#include "ctl/check/doveconf.h"

#include <stdio.h>
#include <string.h>

const struct doveconf_release *doveconf_release(const char *text)
{
	static const struct doveconf_release releases[] = {
		{ "# 2.4.", "mechanisms_filter", "listen", 1 },
		{ "", "mechanisms", "address", 0 }, /* 2.3 */
	};
	size_t i = 0;

	while (strncmp(text, releases[i].begins, strlen(releases[i].begins)) != 0)
		i++;
	return &releases[i];
}

/* The words of "word = yes" up to the block's end. */
static void read_list(const char *line, char *value, size_t size)
{
	size_t len = 0;

	value[0] = '\0';
	while ((line = strchr(line, '\n')) != NULL) {
		const char *word = line + strspn(line, " \n");
		size_t word_len = strcspn(word, " \n");

		if (*word == '}' || *word == '\0')
			return;
		if (strncmp(word + word_len, " = yes", 6) == 0 && len + word_len + 2 < size)
			len += (size_t)snprintf(value + len, size - len, "%s%.*s",
						len > 0 ? " " : "", (int)word_len, word);
		line = word;
	}
}

/* What stands behind "name = ". doveconf has in quotes what begins or ends with a blank, as
 * Debian's list of protocols does. */
static void read_value(const char *start, char *value, size_t size)
{
	size_t len = strcspn(start, "\n");

	if (len > 1 && start[0] == '"' && start[len - 1] == '"') {
		start++;
		len -= 2;
	}
	snprintf(value, size, "%.*s", (int)len, start);
}

/* Looks at lines with exactly this indent. */
static int find_value(const char *text, const char *name, size_t indent, char *value, size_t size)
{
	size_t len = strlen(name);

	for (const char *line = text; line != NULL && *line != '\0';) {
		const char *next = strchr(line, '\n');
		size_t depth = strspn(line, " ");
		const char *word = line + depth;

		if (depth == indent && strncmp(word, name, len) == 0 &&
		    strncmp(word + len, " = ", 3) == 0) {
			read_value(word + len + 3, value, size);
			return 1;
		}
		if (depth == indent && strncmp(word, name, len) == 0 &&
		    strncmp(word + len, " {\n", 3) == 0) {
			read_list(line, value, size);
			return 1;
		}
		line = next == NULL ? NULL : next + 1;
	}
	return 0;
}

int doveconf_value(const char *text, const char *name, char *value, size_t size)
{
	return find_value(text, name, 0, value, size);
}

int doveconf_block_value(const char *block, const char *name, char *value, size_t size)
{
	return find_value(block, name, strspn(block, " ") + 2, value, size);
}

/* Whether a line begins a block: "first_line", or for a kind alone "kind {" and "kind NAME {". */
static int begins_block(const char *word, const char *first_line, const char *kind)
{
	size_t len = strcspn(word, "\n"), kind_len;

	if (first_line != NULL)
		return strlen(first_line) == len && strncmp(word, first_line, len) == 0;
	kind_len = strlen(kind);
	return len > kind_len + 1 && strncmp(word, kind, kind_len) == 0 && word[kind_len] == ' ' &&
	       word[len - 1] == '{';
}

static const char *find_block(const char *text, const char *first_line, const char *kind)
{
	for (const char *line = text; line != NULL && *line != '\0';) {
		const char *next = strchr(line, '\n');

		if (next != NULL && begins_block(line + strspn(line, " "), first_line, kind))
			return line;
		line = next == NULL ? NULL : next + 1;
	}
	return NULL;
}

static const char *copy_block(const char *start, char *block, size_t size)
{
	const char *end = start;
	char closing[64];

	if (start == NULL)
		return NULL;
	snprintf(closing, sizeof(closing), "\n%*s}", (int)strspn(start, " "), "");
	while ((end = strstr(end, closing)) != NULL && end[strlen(closing)] != '\n' &&
	       end[strlen(closing)] != '\0')
		end++;
	if (end == NULL)
		return NULL;
	snprintf(block, size, "%.*s", (int)(end - start), start);
	return end + strlen(closing);
}

const char *doveconf_block(const char *text, const char *first_line, char *block, size_t size)
{
	return copy_block(find_block(text, first_line, NULL), block, size);
}

const char *doveconf_block_of(const char *text, const char *kind, char *block, size_t size)
{
	return copy_block(find_block(text, NULL, kind), block, size);
}

const char *doveconf_database(const char *text, const char *kind,
			      struct doveconf_database *database_r)
{
	char *block = database_r->block, *driver = database_r->driver;
	const char *rest = doveconf_block_of(text, kind, block, sizeof(database_r->block));

	if (rest != NULL &&
	    !doveconf_block_value(block, "driver", driver, sizeof(database_r->driver))) {
		const char *name = block + strspn(block, " ") + strlen(kind) + 1;

		snprintf(driver, sizeof(database_r->driver), "%.*s", (int)strcspn(name, " \n"),
			 name);
	}
	return rest;
}
