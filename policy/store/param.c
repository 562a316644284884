/* param.c - finds and numbers the names in a statement's text; see param.h. */
#include "policy/store/param.h"

#include <stdio.h>
#include <string.h>

static const char name_chars[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

static int is_name(const struct pl_sql_names *names, int place, const char *text, size_t len)
{
	return names->name[place].len == len && memcmp(names->name[place].text, text, len) == 0;
}

/* The place of a name of the text, which gets one when it is new. -1: too many. */
static int place_of(struct pl_sql_names *names, const char *text, size_t len)
{
	for (int i = 0; i < names->count; i++) {
		if (is_name(names, i, text, len))
			return i;
	}
	if (names->count == PL_SQL_PARAMS_MAX)
		return -1;
	names->name[names->count].text = text;
	names->name[names->count].len = len;
	return names->count++;
}

/* The length of what is copied as it is: quoted text, a cast, or one character. */
static size_t plain_len(const char *sql)
{
	const char *end;

	if (*sql == '\'' || *sql == '"') {
		end = strchr(sql + 1, *sql);
		return end == NULL ? strlen(sql) : (size_t)(end + 1 - sql);
	}
	return sql[0] == ':' && sql[1] == ':' ? 2 : 1;
}

int pl_sql_text(const char *sql, char mark, char *buf, size_t size, struct pl_sql_names *names_r)
{
	size_t used = 0, len;

	names_r->count = 0;
	while (*sql != '\0') {
		const size_t name = *sql == ':' ? strspn(sql + 1, name_chars) : 0;
		int place;

		if (name > 0) {
			place = place_of(names_r, sql + 1, name);
			if (place < 0)
				return -1;
			len = (size_t)snprintf(buf + used, size - used, "%c%d", mark, place + 1);
			sql += 1 + name;
			if (len >= size - used)
				return -1;
		} else {
			len = plain_len(sql);
			if (len >= size - used)
				return -1;
			memcpy(buf + used, sql, len);
			sql += len;
		}
		used += len;
	}
	buf[used] = '\0';
	return 0;
}

int pl_sql_names_find(const struct pl_sql_names *names, const char *name, int expected)
{
	const size_t len = strlen(name);

	if (expected < names->count && is_name(names, expected, name, len))
		return expected;
	for (int i = 0; i < names->count; i++) {
		if (is_name(names, i, name, len))
			return i;
	}
	return -1;
}
