/* auth_lines.c - see auth_lines.h. */
#include "dovecot/auth_lines.h"

#include <string.h>

char *auth_lines_end(struct auth_lines *lines)
{
	return lines->bytes + lines->used;
}

size_t auth_lines_room(const struct auth_lines *lines)
{
	return sizeof(lines->bytes) - lines->used;
}

/* The length of the next whole line with its end, 0 when there is none. */
static size_t next_line(const struct auth_lines *lines)
{
	const char *start = lines->bytes + lines->whole;
	const char *end = memchr(start, '\n', lines->used - lines->whole);

	return end == NULL ? 0 : (size_t)(end - start) + 1;
}

void auth_lines_filled(struct auth_lines *lines, size_t count)
{
	size_t len;

	lines->used += count;
	while ((len = next_line(lines)) > 0)
		lines->whole += len;
}

static int is(const char *field, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(field, word, len) == 0;
}

/* The fields follow "FAIL" and an id. Tabs within a field are escaped. */
int auth_line_is_temporary(const char *line, size_t len)
{
	const char *field = line, *end = line + len;

	for (int number = 0; field <= end; number++) {
		const char *tab = memchr(field, '\t', (size_t)(end - field));
		size_t size = (size_t)((tab == NULL ? end : tab) - field);

		if (number == 0 && !is(field, size, "FAIL"))
			return 0;
		if (number > 1 && (is(field, size, "code=temp_fail") || is(field, size, "temp")))
			return 1;
		field += size + 1;
	}
	return 0;
}

int auth_lines_filled_with_answers(struct auth_lines *lines, size_t count)
{
	size_t len;

	lines->used += count;
	while ((len = next_line(lines)) > 0) {
		if (auth_line_is_temporary(lines->bytes + lines->whole, len - 1)) {
			explicit_bzero(lines->bytes + lines->whole, lines->used - lines->whole);
			lines->used = lines->whole;
			return 1;
		}
		lines->whole += len;
	}
	return 0;
}

int auth_lines_too_long(const struct auth_lines *lines)
{
	return lines->used == sizeof(lines->bytes) && lines->whole == 0;
}

void auth_lines_sent(struct auth_lines *lines, size_t count)
{
	size_t rest = lines->used - count;

	memmove(lines->bytes, lines->bytes + count, rest);
	explicit_bzero(lines->bytes + rest, count);
	lines->used = rest;
	lines->whole -= count;
}

void auth_lines_wipe(struct auth_lines *lines)
{
	explicit_bzero(lines->bytes, lines->used);
	lines->used = lines->whole = 0;
}
