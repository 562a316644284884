/* lines.c - see lines.h. */
#include "sasl-relay/lines.h"

#include <string.h>

char *lines_end(struct lines *lines)
{
	return lines->bytes + lines->used;
}

size_t lines_room(const struct lines *lines)
{
	return sizeof(lines->bytes) - lines->used;
}

/* The length of the next whole line with its end, 0 when there is none. */
static size_t next_line(const struct lines *lines)
{
	const char *start = lines->bytes + lines->whole;
	const char *end = memchr(start, '\n', lines->used - lines->whole);

	return end == NULL ? 0 : (size_t)(end - start) + 1;
}

void lines_filled(struct lines *lines, size_t count)
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

/* "FAIL", an id, and among the fields behind them one of these: Dovecot says
 * code=temp_fail since 2.3, and temp before. Tabs within a field are escaped. */
static int is_temporary_failure(const char *line, size_t len)
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

int lines_filled_with_answers(struct lines *lines, size_t count)
{
	size_t len;

	lines->used += count;
	while ((len = next_line(lines)) > 0) {
		if (is_temporary_failure(lines->bytes + lines->whole, len - 1)) {
			explicit_bzero(lines->bytes + lines->whole, lines->used - lines->whole);
			lines->used = lines->whole;
			return 1;
		}
		lines->whole += len;
	}
	return 0;
}

int lines_too_long(const struct lines *lines)
{
	return lines->used == sizeof(lines->bytes) && lines->whole == 0;
}

void lines_sent(struct lines *lines, size_t count)
{
	size_t rest = lines->used - count;

	memmove(lines->bytes, lines->bytes + count, rest);
	explicit_bzero(lines->bytes + rest, count);
	lines->used = rest;
	lines->whole -= count;
}

void lines_wipe(struct lines *lines)
{
	explicit_bzero(lines->bytes, lines->used);
	lines->used = lines->whole = 0;
}
