/* sql_text.c - see sql_text.h. */
#include "ctl/import/sql_text.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

size_t sql_text_line(struct sql_text *text)
{
	while (text->counted < text->at) {
		const char *newline =
			memchr(text->counted, '\n', (size_t)(text->at - text->counted));

		if (newline == NULL) {
			text->counted = text->at;
			break;
		}
		text->line++;
		text->counted = newline + 1;
	}
	return text->line;
}

int sql_text_error(struct sql_text *text, const char *sentence)
{
	return pl_error_set(text->err, PL_ERR_INVALID, "line %zu: %s", sql_text_line(text),
			    sentence);
}

static int cut_off(struct sql_text *text)
{
	return sql_text_error(text,
			      "the dump ends in the middle of a statement, so it is not whole");
}

int sql_looking_at(const struct sql_text *text, const char *bytes)
{
	const size_t len = strlen(bytes);

	return (size_t)(text->end - text->at) >= len && memcmp(text->at, bytes, len) == 0;
}

static void skip_line(struct sql_text *text)
{
	const char *newline = memchr(text->at, '\n', (size_t)(text->end - text->at));

	text->at = newline == NULL ? text->end : newline + 1;
}

/* Passes over what stands before the bytes, and over them. */
static int skip_past(struct sql_text *text, const char *bytes, size_t len)
{
	const char *found = memmem(text->at, (size_t)(text->end - text->at), bytes, len);

	if (found == NULL)
		return cut_off(text);
	text->at = found + len;
	return 0;
}

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

/* 1 a comment was passed over, 0 none stands here, -1. MySQL's conditional ones are comments, too:
 * no program that makes dumps puts rows into them. */
static int skip_comment(struct sql_text *text)
{
	if (sql_looking_at(text, "--") ||
	    (text->dialect == SQL_MYSQL && sql_looking_at(text, "#"))) {
		skip_line(text);
		return 1;
	}
	if (!sql_looking_at(text, "/*"))
		return 0;
	text->at += 2;
	return skip_past(text, "*/", 2) < 0 ? -1 : 1;
}

int sql_skip_blank(struct sql_text *text)
{
	int ret = 1;

	while (ret > 0) {
		while (text->at < text->end && is_blank(*text->at))
			text->at++;
		ret = skip_comment(text);
	}
	return ret;
}

/* Values can be secrets, so the smaller memory is wiped, which realloc() does not do. */
static int make_room(struct sql_text *text, struct sql_bytes *bytes)
{
	const size_t room = bytes->room == 0 ? 4096 : bytes->room * 2;
	char *data;

	if (room > SQL_DUMP_ROW_MAX)
		return sql_text_error(text, "the row is too large");
	data = malloc(room);
	if (data == NULL)
		return pl_error_set(text->err, PL_ERR_RETRY, "out of memory");
	if (bytes->len > 0) {
		memcpy(data, bytes->data, bytes->len);
		OPENSSL_cleanse(bytes->data, bytes->len);
	}
	free(bytes->data);
	bytes->data = data;
	bytes->room = room;
	return 0;
}

int sql_put(struct sql_text *text, struct sql_bytes *bytes, char byte)
{
	if (bytes->len == bytes->room && make_room(text, bytes) < 0)
		return -1;
	bytes->data[bytes->len++] = byte;
	return 0;
}

/* What MySQL means by a backslash and this character. */
static char mysql_escape(char c)
{
	switch (c) {
	case '0':
		return '\0';
	case 'b':
		return '\b';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'Z':
		return 0x1a;
	}
	return c;
}

int sql_take_quoted(struct sql_text *text, char quote, int has_escapes, struct sql_bytes *bytes)
{
	const char close = quote == '[' ? ']' : quote;

	text->at++;
	while (text->at < text->end) {
		char c = *text->at++;

		if (c == close) {
			if (text->at == text->end || *text->at != close)
				return 0;
			text->at++;
		} else if (c == '\\' && has_escapes) {
			if (text->at == text->end)
				break;
			c = mysql_escape(*text->at++);
		}
		if (bytes != NULL && sql_put(text, bytes, c) < 0)
			return -1;
	}
	return cut_off(text);
}

static int is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

size_t sql_word_length(const struct sql_text *text)
{
	size_t len = 0;

	while (text->at + len < text->end && is_word(text->at[len]))
		len++;
	return len;
}

/* $$ ... $$ and $tag$ ... $tag$, as PostgreSQL quotes bodies of functions. 1, 0 none, -1. */
static int skip_dollar_quoted(struct sql_text *text)
{
	const char *close = text->at + 1;
	size_t len;

	while (close < text->end && is_word(*close) && *close != '$')
		close++;
	if (close == text->end || *close != '$')
		return 0;
	len = (size_t)(close - text->at) + 1;
	close = text->at;
	text->at += len;
	return skip_past(text, close, len) < 0 ? -1 : 1;
}

/* Whether a quoted name begins here. SQLite keeps tables as they were written, and takes the quotes
 * of all other databases. */
static int quotes_name(const struct sql_text *text)
{
	static const char *const quotes[] = {
		[SQL_MYSQL] = "`", [SQL_POSTGRESQL] = "\"", [SQL_SQLITE] = "\"`['"
	};

	return text->at < text->end && *text->at != '\0' &&
	       strchr(quotes[text->dialect], *text->at) != NULL;
}

int sql_skip_one(struct sql_text *text)
{
	const char c = *text->at;
	int ret;

	if (c == '\'' || c == '"' || quotes_name(text))
		return sql_take_quoted(text, c, text->dialect == SQL_MYSQL && c != '`', NULL);
	ret = c == '$' && text->dialect == SQL_POSTGRESQL ? skip_dollar_quoted(text)
							  : skip_comment(text);
	if (ret == 0)
		text->at += is_word(c) ? sql_word_length(text) : 1;
	return ret < 0 ? -1 : 0;
}

int sql_skip_statement(struct sql_text *text)
{
	while (text->at < text->end) {
		if (sql_looking_at(text, text->delimiter)) {
			text->at += strlen(text->delimiter);
			return 0;
		}
		if (sql_skip_one(text) < 0)
			return -1;
	}
	return cut_off(text);
}

int sql_take_word(struct sql_text *text, const char *word)
{
	const size_t len = strlen(word);

	if (sql_word_length(text) != len || strncasecmp(text->at, word, len) != 0)
		return 0;
	text->at += len;
	return sql_skip_blank(text) < 0 ? -1 : 1;
}

int sql_take(struct sql_text *text, char punctuation)
{
	if (text->at == text->end || *text->at != punctuation)
		return 0;
	text->at++;
	return sql_skip_blank(text) < 0 ? -1 : 1;
}

int sql_take_name(struct sql_text *text, struct sql_column *name_r, int *quoted_r)
{
	const int quoted = quotes_name(text);
	struct sql_bytes bytes = { .data = NULL };
	int ret = -1;

	if (quoted_r != NULL)
		*quoted_r = quoted;
	if (quoted) {
		ret = sql_take_quoted(text, *text->at, 0, &bytes);
	} else {
		for (size_t left = sql_word_length(text); left > 0; left--) {
			ret = sql_put(text, &bytes, *text->at++);
			if (ret < 0)
				break;
		}
	}
	if (ret < 0 || bytes.len == 0 || bytes.len > SQL_DUMP_NAME_MAX ||
	    memchr(bytes.data, '\0', bytes.len) != NULL) {
		free(bytes.data);
		return sql_text_error(text,
				      "there is no name where one is needed, or it is too long");
	}
	memset(name_r, 0, sizeof(*name_r));
	memcpy(name_r->name, bytes.data, bytes.len);
	free(bytes.data);
	return sql_skip_blank(text);
}
