/* confuse_text.c - see confuse_text.h. */
#include "policy/settings/confuse_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libconfuse's functions do not get a pointer of the caller's. */
static _Thread_local int reached_end;

int pl_confuse_end(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	(void)cfg;
	(void)opt;
	(void)argc;
	(void)argv;
	reached_end = 1;
	return 0;
}

/* Returns the last character of the comment. */
static char *blank_comment(char *text)
{
	size_t len = strcspn(text, "\n");

	memset(text, ' ', len);
	return text + len - 1;
}

/* Replaces comments by blanks, because libconfuse 3.3 counts a line that ends in a comment three
 * times, and all errors below it would name a wrong line. */
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

int pl_confuse_parse(cfg_t *cfg, const char *name, const char *text, int *whole_r)
{
	const int outer = reached_end; /* of a file that includes this one */
	char *marked;
	FILE *in;
	int len, ret = CFG_PARSE_ERROR;

	free(cfg->filename);
	cfg->filename = strdup(name);
	*whole_r = 0;
	len = asprintf(&marked, "%s\n" PL_CONFUSE_END_NAME "()\n", text);
	if (len < 0)
		return CFG_PARSE_ERROR;
	blank_comments(marked);
	in = fmemopen(marked, (size_t)len, "r");
	if (in != NULL) {
		reached_end = 0;
		ret = cfg_parse_fp(cfg, in);
		fclose(in);
		*whole_r = reached_end;
		reached_end = outer;
	}
	free(marked);
	return ret;
}
