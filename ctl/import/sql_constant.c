/* sql_constant.c - the constants that are the values of a row; see sql_text.h. */
#include <string.h>
#include <strings.h>

#include "ctl/import/sql_text.h"

static int no_constant(struct sql_text *text)
{
	return sql_text_error(text, "a value is not a constant");
}

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
	return digits > 0 ? 0 : no_constant(text);
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
		       : no_constant(text);
}

/* ---- functions in which sqlite3 writes texts ---- */

/* Takes the punctuation and the text in quotes that must stand here, and appends it. */
static int take_argument(struct sql_text *text, char punctuation, struct sql_bytes *bytes)
{
	if (sql_take(text, punctuation) <= 0 || !sql_looking_at(text, "'"))
		return no_constant(text);
	return sql_take_quoted(text, '\'', 0, bytes) < 0 ? -1 : sql_skip_blank(text);
}

/* Replaces each of the words that are the end of the bytes in those from begin on, by a shorter
 * one, and takes the words away. */
static void replace(struct sql_bytes *bytes, size_t begin, size_t words, char by)
{
	const size_t len = bytes->len - words;
	size_t to = begin;

	for (size_t from = begin; from < words; to++) {
		const int found = words - from >= len &&
				  memcmp(bytes->data + from, bytes->data + words, len) == 0;

		bytes->data[to] = found ? by : bytes->data[from];
		from += found ? len : 1;
	}
	bytes->len = to;
}

/* ,'words',char(10)) behind a text. */
static int take_replacement(struct sql_text *text, struct sql_bytes *bytes, size_t begin)
{
	const size_t words = bytes->len;
	int by;

	if (take_argument(text, ',', bytes) < 0)
		return -1;
	if (bytes->len == words || sql_take(text, ',') <= 0)
		return no_constant(text);
	by = sql_looking_at(text, "char(10))") ? '\n' : '\r';
	if (by == '\r' && !sql_looking_at(text, "char(13))"))
		return no_constant(text);
	text->at += strlen("char(10))");
	replace(bytes, begin, words, (char)by);
	return 0;
}

/* replace(replace('text','\r',char(13)),'\n',char(10)) */
static int take_replaced(struct sql_text *text, struct sql_bytes *bytes)
{
	const size_t begin = bytes->len;
	int depth = 0, ret;

	while (sql_looking_at(text, "replace(replace(") && depth < 2) {
		text->at += strlen("replace(");
		depth++;
	}
	text->at += strlen("replace");
	ret = take_argument(text, '(', bytes);
	for (; ret == 0 && depth >= 0; depth--)
		ret = take_replacement(text, bytes, begin);
	return ret;
}

/* unistr('text'): \u000a is a control character, and \\ a backslash. */
static int take_unistr(struct sql_text *text, struct sql_bytes *bytes)
{
	const size_t begin = bytes->len;
	size_t to = begin;

	text->at += strlen("unistr");
	if (take_argument(text, '(', bytes) < 0)
		return -1;
	for (size_t from = begin; from < bytes->len; to++) {
		const char *at = bytes->data + from;
		const size_t left = bytes->len - from;

		if (*at != '\\') {
			bytes->data[to] = *at;
			from++;
		} else if (left >= 2 && at[1] == '\\') {
			bytes->data[to] = '\\';
			from += 2;
		} else if (left >= 6 && memcmp(at + 1, "u00", 3) == 0 && hex_digit(at[4]) >= 0 &&
			   hex_digit(at[4]) < 8 && hex_digit(at[5]) >= 0) {
			bytes->data[to] = (char)(hex_digit(at[4]) << 4 | hex_digit(at[5]));
			from += 6;
		} else {
			return no_constant(text);
		}
	}
	bytes->len = to;
	return sql_take(text, ')') > 0 ? 0 : no_constant(text);
}

int sql_take_constant(struct sql_text *text, struct sql_bytes *bytes, int *is_null_r)
{
	const int has_escapes = text->dialect == SQL_MYSQL;
	int ret;

	*is_null_r = 0;
	if (text->at < text->end && *text->at == '\'')
		ret = sql_take_quoted(text, '\'', has_escapes, bytes);
	else if (text->dialect == SQL_SQLITE && sql_looking_at(text, "replace("))
		ret = take_replaced(text, bytes);
	else if (text->dialect == SQL_SQLITE && sql_looking_at(text, "unistr("))
		ret = take_unistr(text, bytes);
	else
		ret = take_worded(text, bytes, is_null_r);
	if (ret < 0 || sql_put(text, bytes, '\0') < 0)
		return -1;
	return sql_skip_blank(text);
}
