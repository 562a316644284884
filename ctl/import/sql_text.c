/* sql_text.c - see sql_text.h. */
#include "ctl/import/sql_text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEAD 4096 /* bytes in which a dump says which program has written it */

static int head_has(const char *begin, size_t len, const char *words)
{
	return memmem(begin, len < HEAD ? len : HEAD, words, strlen(words)) != NULL;
}

static int is_binary(const char *begin, size_t len, struct pl_error *err)
{
	if (len >= 2 && memcmp(begin, "\x1f\x8b", 2) == 0)
		return pl_error_set(err, PL_ERR_INVALID, "it is compressed: unpack it with gunzip");
	if (len >= 5 && memcmp(begin, "PGDMP", 5) == 0)
		return pl_error_set(err, PL_ERR_INVALID,
				    "it is an archive of pg_dump: make a dump with --format=plain, "
				    "or "
				    "convert it with pg_restore --file=DUMP.sql");
	if (len >= 2 && (memcmp(begin, "\xff\xfe", 2) == 0 || memcmp(begin, "\xfe\xff", 2) == 0))
		return pl_error_set(err, PL_ERR_INVALID,
				    "it is UTF-16, as PowerShell writes it: let the program that "
				    "makes "
				    "the dump write the file by itself");
	if (head_has(begin, len, "SQLite format 3") || head_has(begin, len, "PRAGMA foreign_keys"))
		return pl_error_set(err, PL_ERR_INVALID,
				    "it is from SQLite: only dumps of MySQL, MariaDB and "
				    "PostgreSQL are "
				    "read; use `postlatch import csv`");
	return 0;
}

int sql_text_begin(struct sql_text *text, const char *begin, size_t len, struct pl_error *err)
{
	static const char *const mysql[] = { "MySQL dump", "MariaDB dump", "phpMyAdmin SQL Dump",
					     "-- Adminer" };

	memset(text, 0, sizeof(*text));
	if (len >= 3 && memcmp(begin, "\xef\xbb\xbf", 3) == 0) {
		begin += 3;
		len -= 3;
	}
	text->at = text->counted = begin;
	text->end = begin + len;
	text->line = 1;
	text->delimiter[0] = ';';
	text->err = err;
	if (is_binary(begin, len, err) < 0)
		return -1;
	text->dialect = SQL_POSTGRESQL;
	if (head_has(begin, len, "PostgreSQL database dump"))
		return 0;
	text->dialect = SQL_MYSQL;
	for (size_t i = 0; i < sizeof(mysql) / sizeof(mysql[0]); i++) {
		if (head_has(begin, len, mysql[i]))
			return 0;
	}
	return pl_error_set(err, PL_ERR_INVALID,
			    "it is not a dump of mysqldump, mariadb-dump, phpMyAdmin or pg_dump, "
			    "whose "
			    "first lines say so: make it without --compact");
}

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

int sql_put(struct sql_text *text, struct sql_bytes *bytes, char byte)
{
	if (bytes->len == bytes->room) {
		const size_t room = bytes->room == 0 ? 4096 : bytes->room * 2;
		char *data = room > SQL_DUMP_ROW_MAX ? NULL : realloc(bytes->data, room);

		if (data == NULL)
			return sql_text_error(text, "the row is too large");
		bytes->data = data;
		bytes->room = room;
	}
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

/* Takes what is between two of these quotes; bytes may be NULL, to pass over it. A doubled quote
 * stands for one. */
static int take_quoted(struct sql_text *text, char quote, int has_escapes, struct sql_bytes *bytes)
{
	text->at++;
	while (text->at < text->end) {
		char c = *text->at++;

		if (c == quote) {
			if (text->at == text->end || *text->at != quote)
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

static size_t word_length(const struct sql_text *text)
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

/* Passes over one thing in a statement that is not read. */
static int skip_one(struct sql_text *text)
{
	const char c = *text->at;
	const int mysql = text->dialect == SQL_MYSQL;
	int ret;

	if (c == '\'' || c == '"' || (c == '`' && mysql))
		return take_quoted(text, c, mysql && c != '`', NULL);
	ret = c == '$' && !mysql ? skip_dollar_quoted(text) : skip_comment(text);
	if (ret == 0)
		text->at += is_word(c) ? word_length(text) : 1;
	return ret < 0 ? -1 : 0;
}

int sql_skip_statement(struct sql_text *text)
{
	while (text->at < text->end) {
		if (sql_looking_at(text, text->delimiter)) {
			text->at += strlen(text->delimiter);
			return 0;
		}
		if (skip_one(text) < 0)
			return -1;
	}
	return cut_off(text);
}

int sql_take_word(struct sql_text *text, const char *word)
{
	const size_t len = strlen(word);

	if (word_length(text) != len || strncasecmp(text->at, word, len) != 0)
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
	const char quote = text->dialect == SQL_MYSQL ? '`' : '"';
	const int quoted = text->at < text->end && *text->at == quote;
	struct sql_bytes bytes = { .data = NULL };
	int ret = -1;

	if (quoted_r != NULL)
		*quoted_r = quoted;
	if (quoted) {
		ret = take_quoted(text, quote, 0, &bytes);
	} else {
		for (size_t left = word_length(text); left > 0; left--) {
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
	const size_t len = word_length(text);
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
		return take_quoted(text, '\'', text->dialect == SQL_MYSQL || (*word | 0x20) == 'e',
				   bytes);
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
		ret = take_quoted(text, '\'', has_escapes, bytes);
	else
		ret = take_worded(text, bytes, is_null_r);
	if (ret < 0 || sql_put(text, bytes, '\0') < 0)
		return -1;
	return sql_skip_blank(text);
}
