/* fuzz_message.c - the parts of a message that somebody submits.
 *
 * The input is a message; its body is handed over at once and in pieces whose sizes are in the first
 * bytes. Both ways find the same parts, these are where the delimiters are, and their content is
 * decoded to the same bytes whatever the pieces are.
 */
#include "tests/fuzz/fuzz.h"

#include "milter/mime/decoder.h"
#include "milter/mime/file_name.h"
#include "milter/mime/scanner.h"
#include "policy/base/utf8.h"

#define SIZES 8

/* Fields up to an empty line, each on one line. Returns where the body begins. */
static size_t give_header(struct mime_scanner *scanner, const uint8_t *data, size_t size)
{
	size_t at = 0;

	while (at < size) {
		const uint8_t *lf = memchr(data + at, '\n', size - at);
		const size_t len = lf == NULL ? size - at : (size_t)(lf - data) - at;
		char *line = strndup((const char *)data + at, len), *colon = strchr(line, ':');

		at += lf == NULL ? len : len + 1;
		if (colon == NULL) {
			free(line);
			break;
		}
		*colon = '\0';
		mime_scanner_field(scanner, line, colon + 1);
		free(line);
	}
	return at;
}

static void give_body(struct mime_scanner *scanner, const uint8_t *data, size_t size,
		      const uint8_t *sizes)
{
	size_t turn = 0;

	while (size > 0) {
		size_t piece = sizes == NULL ? size : (size_t)sizes[turn++ % SIZES] + 1;

		if (piece > size)
			piece = size;
		mime_scanner_body(scanner, data, piece);
		data += piece;
		size -= piece;
	}
}

static void check_place(const struct mime_part *parts, size_t number, const uint8_t *body,
			size_t size)
{
	const struct mime_part *part = &parts[number], *parent;
	const char *boundary;
	uint64_t at = part->begin;

	MUST(part->begin <= part->body && part->body <= part->end && part->end <= size);
	if (number == 0)
		return;
	MUST(part->parent >= 0 && (size_t)part->parent < number);
	parent = &parts[part->parent];
	boundary = parent->content.boundary;
	MUST(part->depth == parent->depth + 1 && mime_has_parts(&parent->content));
	MUST(part->begin >= parent->body && part->end <= parent->end);
	/* Behind the line of the delimiter, before the next one. */
	MUST(at >= 2 && body[at - 1] == '\n' && body[at - 2] == '\r');
	for (at -= 2; body[at - 1] == ' ' || body[at - 1] == '\t';)
		at--;
	MUST(at >= strlen(boundary) + 2);
	MUST(memcmp(body + at - strlen(boundary), boundary, strlen(boundary)) == 0);
	at = part->end;
	if (part->end > part->body || memcmp(body + at, "\r\n", 2) == 0)
		at += 2;
	MUST(memcmp(body + at, "--", 2) == 0);
	MUST(memcmp(body + at + 2, boundary, strlen(boundary)) == 0);
}

/* -1: it cannot be decoded. */
static ssize_t decode(enum mime_encoding encoding, const uint8_t *bytes, size_t count,
		      const uint8_t *sizes, unsigned char *out)
{
	struct mime_decoder decoder;
	size_t used = 0, turn = 0;

	mime_decoder_begin(&decoder, encoding);
	while (count > 0) {
		size_t piece = sizes == NULL ? count : (size_t)sizes[turn++ % SIZES] + 1, more;

		if (piece > count)
			piece = count;
		if (mime_decode(&decoder, bytes, piece, out + used, &more) < 0)
			return -1;
		used += more;
		bytes += piece;
		count -= piece;
	}
	return mime_decoder_end(&decoder) < 0 ? -1 : (ssize_t)used;
}

static void check_content(const struct mime_part *part, const uint8_t *body, const uint8_t *sizes)
{
	const size_t count = (size_t)(part->end - part->body);
	unsigned char *once = malloc(count + 8), *pieces = malloc(count + 8);
	char name[MIME_FILE_NAME_MAX + 1];
	ssize_t len;

	MUST(once != NULL && pieces != NULL);
	len = decode(part->content.encoding, body + part->body, count, NULL, once);
	MUST(decode(part->content.encoding, body + part->body, count, sizes, pieces) == len);
	MUST(len <= 0 || memcmp(once, pieces, (size_t)len) == 0);
	free(once);
	free(pieces);
	mime_file_name(part->disposition, part->type, name);
	MUST(name[0] == '\0' || pl_is_utf8(name));
	MUST(strpbrk(name, "/\\\r\n") == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mime_scanner *at_once = mime_scanner_new(), *in_pieces = mime_scanner_new();
	const uint8_t *sizes = data;
	const struct mime_part *parts, *again;
	size_t begin, count, count_again;
	int reason;

	MUST(at_once != NULL && in_pieces != NULL);
	if (size >= SIZES) {
		data += SIZES;
		size -= SIZES;
		begin = give_header(at_once, data, size);
		MUST(give_header(in_pieces, data, size) == begin);
		give_body(at_once, data + begin, size - begin, NULL);
		give_body(in_pieces, data + begin, size - begin, sizes);
		reason = mime_scanner_end(at_once);
		MUST(reason >= 0 && mime_scanner_end(in_pieces) == reason);
		parts = mime_scanner_parts(at_once, &count);
		again = mime_scanner_parts(in_pieces, &count_again);
		MUST(count >= 1 && count <= MIME_PARTS_MAX);
		for (size_t i = 0; reason == MIME_NO_REASON && i < count; i++) {
			MUST(count_again == count && again[i].begin == parts[i].begin);
			MUST(again[i].body == parts[i].body && again[i].end == parts[i].end);
			check_place(parts, i, data + begin, size - begin);
			check_content(&parts[i], data + begin, sizes);
		}
	}
	mime_scanner_free(&at_once);
	mime_scanner_free(&in_pieces);
	return 0;
}
