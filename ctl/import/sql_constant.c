/* sql_constant.c - the constants that are the values of a row; see sql_text.h. */
#include <string.h>
#include <strings.h>

#include "ctl/import/sql_text.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Pairs of hexadecimal digits. */
static int take_hex(struct sql_text *text, struct sql_bytes *bytes)
{
	while (text->end - text->at >= 2 && hex_digit(text->at[0]) >= 0 &&
	       hex_digit(text->at[1]) >= 0) {
		if (sql_put(text, bytes,
			    (char)(hex_digit(text->at[0]) << 4 | hex_digit(text->at[1]))) < 0)
			return -1;
		text->at += 2;
	}
	return 0;
}

/* A sign is for the number, or for its exponent. */
static int take_number(struct sql_text *text, struct sql_bytes *bytes)
{
	const char *begin = text->at;
	int digits = 0;

	for (; text->at < text->end; text->at++) {
		const char c = *text->at;
		const int may_sign = text->at == begin || (text->at[-1] | 0x20) == 'e';

		if (!((c >= '0' && c <= '9') || c == '.' || (digits > 0 && (c | 0x20) == 'e') ||
		      (may_sign && (c == '-' || c == '+'))))
			break;
		digits += c >= '0' && c <= '9';
		if (sql_put(text, bytes, c) < 0)
			return -1;
	}
	return digits > 0 ? 0 : sql_text_error(text, "a value is not a constant");
}

/* NULL, true, false, 0x1f, X'1f', _binary 'text', E'text'. */
static int take_worded(struct sql_text *text, struct sql_bytes *bytes, int *is_null_r)
{
	const size_t len = sql_word_length(text);
	const char *word = text->at;
	const char *quote = word + len;

	if (len == 0)
		return take_number(text, bytes);
	if (len > 2 && word[0] == '0' && word[1] == 'x') {
		text->at += 2;
		return take_hex(text, bytes);
	}
	*is_null_r = len == 4 && strncasecmp(word, "null", 4) == 0;
	if (*is_null_r || (len == 4 && strncasecmp(word, "true", 4) == 0) ||
	    (len == 5 && strncasecmp(word, "false", 5) == 0)) {
		text->at += len;
		return *is_null_r ? 0 : sql_put(text, bytes, len == 4 ? '1' : '0');
	}
	while (*word == '_' && quote < text->end && *quote == ' ')
		quote++;
	if (quote == text->end || *quote != '\'' ||
	    (*word != '_' && (len > 1 || strchr("xXeEnN", *word) == NULL)))
		return take_number(text, bytes);
	text->at = quote;
	if ((*word | 0x20) != 'x')
		return sql_take_quoted(text, '\'',
				       text->dialect == SQL_MYSQL || (*word | 0x20) == 'e', bytes);
	text->at++;
	return take_hex(text, bytes) == 0 && text->at < text->end && *text->at++ == '\''
		       ? 0
		       : sql_text_error(text, "a value is not a constant");
}

int sql_take_constant(struct sql_text *text, struct sql_bytes *bytes, int *is_null_r)
{
	const int has_escapes = text->dialect == SQL_MYSQL;
	int ret;

	*is_null_r = 0;
	if (text->at < text->end && *text->at == '\'')
		ret = sql_take_quoted(text, '\'', has_escapes, bytes);
	else
		ret = take_worded(text, bytes, is_null_r);
	if (ret < 0 || sql_put(text, bytes, '\0') < 0)
		return -1;
	return sql_skip_blank(text);
}
