#include "doveconf.h"

#include <stdio.h>
#include <string.h>

/* Looks at lines with exactly this indent. */
static int find_value(const char *text, const char *name, size_t indent, char *value, size_t size)
{
	size_t len = strlen(name);

	for (const char *line = text; line != NULL && *line != '\0';) {
		const char *next = strchr(line, '\n');
		size_t depth = strspn(line, " ");
		const char *word = line + depth;

		if (depth == indent && strncmp(word, name, len) == 0 && strncmp(word + len, " = ", 3) == 0) {
			const char *start = word + len + 3;

			snprintf(value, size, "%.*s", (int)strcspn(start, "\n"), start);
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

/* Where a line starts that is first_line behind some indent. */
static const char *find_line(const char *text, const char *first_line)
{
	size_t len = strlen(first_line);

	for (const char *line = text; line != NULL && *line != '\0';) {
		const char *word = line + strspn(line, " ");
		const char *next = strchr(line, '\n');

		if (strncmp(word, first_line, len) == 0 && word[len] == '\n')
			return line;
		line = next == NULL ? NULL : next + 1;
	}
	return NULL;
}

const char *doveconf_block(const char *text, const char *first_line, char *block, size_t size)
{
	const char *start = text == NULL ? NULL : find_line(text, first_line);
	const char *end = start;
	char closing[64];

	if (start == NULL)
		return NULL;
	snprintf(closing, sizeof(closing), "\n%*s}", (int)strspn(start, " "), "");
	while ((end = strstr(end, closing)) != NULL && end[strlen(closing)] != '\n' && end[strlen(closing)] != '\0')
		end++;
	if (end == NULL)
		return NULL;
	snprintf(block, size, "%.*s", (int)(end - start), start);
	return end + strlen(closing);
}
