/* database_file.c - see database_file.h. */
#include "ctl/check/database_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHITE " \t\r\n"

/* Cuts off white space behind the text; whether a backslash stood there, which is cut off, too. */
static int cut_end(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && strchr(WHITE, text[len - 1]) != NULL)
		len--;
	if (len > 0 && text[len - 1] == '\\') {
		text[len - 1] = '\0';
		return 1;
	}
	text[len] = '\0';
	return 0;
}

static void copy_value(const char *text, char *value, size_t size)
{
	size_t len;

	text += strspn(text, WHITE);
	len = strlen(text);
	if (len > 1 && (*text == '"' || *text == '\'') && text[len - 1] == *text) {
		text++;
		len -= 2;
	}
	snprintf(value, size, "%.*s", (int)len, text);
}

/* Copies what stands behind "name =". */
static int take(const char *line, const char *name, char *value, size_t size)
{
	const size_t len = strlen(name);

	line += strspn(line, WHITE);
	if (strncmp(line, name, len) != 0)
		return 0;
	line += len;
	line += strspn(line, WHITE);
	if (*line != '=')
		return 0;
	copy_value(line + 1, value, size);
	return 1;
}

/* A line with those that continue it: 1, or 0 at the end. */
static int read_line(FILE *file, char **part, size_t *part_size, char *line, size_t size)
{
	int continues = 1;

	line[0] = '\0';
	for (int first = 1; continues; first = 0) {
		const size_t len = strlen(line);

		if (getline(part, part_size, file) < 0)
			return !first;
		/* A comment does not end such a line. */
		if ((*part)[strspn(*part, WHITE)] == '#')
			continue;
		continues = cut_end(*part);
		snprintf(line + len, size - len, "%s%s", *part, continues ? " " : "");
	}
	return 1;
}

int database_file_value(const char *path, const char *name, char *value, size_t size)
{
	FILE *file = fopen(path, "re");
	char line[4096], *part = NULL;
	size_t part_size = 0;
	int found = 0;

	value[0] = '\0';
	if (file == NULL)
		return -1;
	while (read_line(file, &part, &part_size, line, sizeof(line)))
		found |= take(line, name, value, size);
	free(part);
	fclose(file);
	return found;
}
