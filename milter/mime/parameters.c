/* parameters.c - see parameters.h. */
#include "milter/mime/parameters.h"

#include <stdio.h>
#include <string.h>

/* Of RFC 2045: a token has no spaces, control characters or tspecials. 8-bit characters are no part of it. */
static int is_token(char c)
{
	return c > ' ' && c < 0x7f && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* A folded line goes on: its CR and LF are no characters of the value. */
static int is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_space(struct mime_parameters *parameters)
{
	while (is_space(*parameters->next))
		parameters->next++;
}

/* What does not fit is left out, and noted. */
static void append(struct mime_parameters *parameters, char *buf, size_t size, size_t *used, char c)
{
	if (*used + 1 < size)
		buf[(*used)++] = c;
	else
		parameters->is_strict = 0;
	buf[*used] = '\0';
}

/* A token, with the slash that a type has in it. */
static void read_word(struct mime_parameters *parameters, char *buf, size_t size)
{
	size_t used = 0;
	const char *c = parameters->next;

	buf[0] = '\0';
	for (; is_token(*c) || *c == '/'; c++)
		append(parameters, buf, size, &used, lower(*c));
	parameters->next = c;
}

/* To the next semicolon, over quoted strings. */
static void skip_to_semicolon(struct mime_parameters *parameters)
{
	const char *c = parameters->next;
	int quoted = 0;

	for (; *c != '\0' && (quoted || *c != ';'); c++) {
		if (quoted && *c == '\\' && c[1] != '\0')
			c++;
		else if (*c == '"')
			quoted = !quoted;
	}
	parameters->next = c;
}

void mime_parameters_begin(struct mime_parameters *parameters, const char *value, char *word_r,
			   size_t size)
{
	*parameters = (struct mime_parameters){ .next = value, .is_strict = 1 };
	skip_space(parameters);
	read_word(parameters, word_r, size);
	if (!parameters->is_strict) /* it does not fit */
		word_r[0] = '\0';
	skip_space(parameters);
	if (*parameters->next != ';' && *parameters->next != '\0') {
		parameters->is_strict = 0;
		word_r[0] = '\0';
		skip_to_semicolon(parameters);
	}
	if (word_r[0] == '\0')
		parameters->is_strict = 0;
}

/* next stands behind the opening quotation mark. */
static void read_quoted(struct mime_parameters *parameters)
{
	size_t used = 0;
	const char *c = parameters->next;

	for (; *c != '\0' && *c != '"'; c++) {
		if (*c == '\r' || *c == '\n')
			continue;
		if (*c == '\\' && c[1] != '\0')
			c++;
		if ((unsigned char)*c > 0x7e || ((unsigned char)*c < ' ' && *c != '\t'))
			parameters->is_strict = 0;
		append(parameters, parameters->value, sizeof(parameters->value), &used, *c);
	}
	if (*c == '"')
		c++;
	else
		parameters->is_strict = 0;
	parameters->next = c;
	skip_space(parameters);
	if (*parameters->next != ';' && *parameters->next != '\0') {
		parameters->is_strict = 0;
		skip_to_semicolon(parameters);
	}
}

/* A token; or whatever stands there up to the semicolon, as some programs write names. */
static void read_unquoted(struct mime_parameters *parameters)
{
	size_t used = 0, kept = 0;
	const char *c = parameters->next;

	for (; *c != '\0' && *c != ';'; c++) {
		if (*c == '\r' || *c == '\n')
			continue;
		if (!is_token(*c) && !is_space(*c))
			parameters->is_strict = 0;
		if (!is_space(*c) && kept < used) /* a space within */
			parameters->is_strict = 0;
		append(parameters, parameters->value, sizeof(parameters->value), &used, *c);
		if (!is_space(*c))
			kept = used;
	}
	parameters->value[kept] = '\0';
	parameters->next = c;
	if (kept == 0)
		parameters->is_strict = 0;
}

int mime_parameters_next(struct mime_parameters *parameters)
{
	for (;;) {
		while (*parameters->next == ';' || is_space(*parameters->next))
			parameters->next++;
		if (*parameters->next == '\0')
			return 0;
		read_word(parameters, parameters->name, sizeof(parameters->name));
		if (strchr(parameters->name, '/') != NULL)
			parameters->is_strict = 0;
		skip_space(parameters);
		if (parameters->name[0] != '\0' && *parameters->next == '=')
			break;
		parameters->is_strict = 0;
		skip_to_semicolon(parameters);
	}
	parameters->next++;
	skip_space(parameters);
	parameters->value[0] = '\0';
	if (*parameters->next == '"') {
		parameters->next++;
		read_quoted(parameters);
	} else {
		read_unquoted(parameters);
	}
	return 1;
}
