/* fuzz_lines.c - Dovecot's auth protocol, as it passes through the SASL relay.
 *
 * The input is handed over in pieces, whose sizes are in its first bytes, and what
 * is whole is taken away in between. Whatever the pieces, what goes out is the same:
 * the lines up to the first temporary failure.
 */
#include "tests/fuzz/fuzz.h"

#include "dovecot/auth_lines.h"

#define SIZES 8

/* What comes out, and how it ended. */
struct passed {
	char *bytes;
	size_t count;
	int temporary, too_long;
};

static void take_whole(struct auth_lines *lines, struct passed *passed, size_t most)
{
	size_t count = lines->whole < most ? lines->whole : most;

	MUST(lines->whole <= lines->used && lines->used <= AUTH_LINES_BYTES);
	memcpy(passed->bytes + passed->count, lines->bytes, count);
	passed->count += count;
	auth_lines_sent(lines, count);
}

static void pass(struct auth_lines *lines, const uint8_t *data, size_t size, const uint8_t *sizes,
		 struct passed *passed)
{
	size_t turn = 0;

	while (size > 0 && !passed->temporary && !passed->too_long) {
		size_t piece = sizes == NULL ? size : (size_t)sizes[turn++ % SIZES] * 64 + 1;

		if (piece > size)
			piece = size;
		if (piece > auth_lines_room(lines))
			piece = auth_lines_room(lines);
		memcpy(auth_lines_end(lines), data, piece);
		data += piece;
		size -= piece;
		passed->temporary = auth_lines_filled_with_answers(lines, piece);
		passed->too_long = auth_lines_too_long(lines);
		take_whole(lines, passed, sizes == NULL ? AUTH_LINES_BYTES : piece + 1);
	}
	while (lines->whole > 0)
		take_whole(lines, passed, AUTH_LINES_BYTES);
}

/* A line as the sentence above says it, told in another way than the code does. */
static int says_temporary(const char *line, size_t len)
{
	char *text = malloc(len + 2);
	int is;

	MUST(text != NULL);
	memcpy(text, line, len);
	/* Every field ends with a tab; a NUL is in no word that counts. */
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\0')
			text[i] = '?';
	}
	strcpy(text + len, "\t");
	is = strncmp(text, "FAIL\t", 5) == 0 && strchr(text + 5, '\t') != NULL &&
	     (strstr(strchr(text + 5, '\t'), "\tcode=temp_fail\t") != NULL ||
	      strstr(strchr(text + 5, '\t'), "\ttemp\t") != NULL);
	free(text);
	return is;
}

static void check(const struct passed *passed, const uint8_t *data, size_t size)
{
	const char *line = passed->bytes, *end;

	MUST(memcmp(passed->bytes, data, passed->count) == 0);
	MUST(passed->count == 0 || passed->bytes[passed->count - 1] == '\n');
	for (; line < passed->bytes + passed->count; line = end + 1) {
		end = memchr(line, '\n', (size_t)(passed->bytes + passed->count - line));
		MUST(!says_temporary(line, (size_t)(end - line)));
	}
	if (passed->temporary) {
		line = (const char *)data + passed->count;
		end = memchr(line, '\n', size - passed->count);
		MUST(end != NULL && says_temporary(line, (size_t)(end - line)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct auth_lines lines;
	struct passed at_once, in_pieces;
	const uint8_t *sizes = data;

	if (size < SIZES)
		return 0;
	data += SIZES;
	size -= SIZES;
	at_once = (struct passed){ .bytes = malloc(size + 1) };
	in_pieces = (struct passed){ .bytes = malloc(size + 1) };
	MUST(at_once.bytes != NULL && in_pieces.bytes != NULL);
	pass(&lines, data, size, NULL, &at_once);
	auth_lines_wipe(&lines);
	pass(&lines, data, size, sizes, &in_pieces);
	auth_lines_wipe(&lines);
	MUST(at_once.count == in_pieces.count && at_once.temporary == in_pieces.temporary);
	MUST(at_once.too_long == in_pieces.too_long);
	check(&at_once, data, size);
	free(at_once.bytes);
	free(in_pieces.bytes);
	return 0;
}
