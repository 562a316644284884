/* input.c - reads files whose names are arguments; see command.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"

#define ROOM 65536

const char *ctl_input_name(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* 0, or -1 when it cannot be read, has more than most bytes, or memory is short. */
static int read_stream(FILE *in, size_t most, char **text_r, size_t *len_r)
{
	size_t room = ROOM;
	char *text = malloc(room + 1);

	*len_r = 0;
	while (text != NULL) {
		size_t got = fread(text + *len_r, 1, room - *len_r, in);
		char *grown;

		*len_r += got;
		if (got == 0 || *len_r > most)
			break;
		if (*len_r < room)
			continue;
		grown = realloc(text, (room *= 2) + 1);
		if (grown == NULL)
			free(text);
		text = grown;
	}
	*text_r = text;
	if (text == NULL || ferror(in))
		return -1;
	text[*len_r] = '\0';
	return 0;
}

int ctl_read_input(const char *path, size_t most, char **text_r, size_t *len_r,
		   struct pl_error *err)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	int ret;

	*text_r = NULL;
	if (in == NULL)
		return pl_error_set(err, PL_ERR_INVALID, "%s: %s", path, strerror(errno));
	ret = read_stream(in, most, text_r, len_r);
	if (ret < 0)
		pl_error_set(err, errno == EISDIR ? PL_ERR_INVALID : PL_ERR_RETRY,
			     "%s cannot be read: %s", ctl_input_name(path), strerror(errno));
	else if (*len_r > most)
		ret = pl_error_set(err, PL_ERR_INVALID, "%s has more than %zu bytes",
				   ctl_input_name(path), most);
	if (in != stdin)
		fclose(in);
	if (ret == 0)
		return 0;
	free(*text_r);
	*text_r = NULL;
	return -1;
}
