/* fuzz_message.c - the parts of a message that somebody submits.
 *
 * The input is a message; its body is handed over at once and in pieces whose sizes are in the first
 * bytes. Both ways find the same parts, these are where the delimiters are, and their content is
 * decoded to the same bytes whatever the pieces are. Then files are taken out of it: what was found
 * to be right is written, and read again has the parts that were not taken out, byte for byte.
 */
#include "tests/fuzz/fuzz.h"

#include "milter/message.h"
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

/* The whole way: the new message. */
struct written {
	unsigned char *bytes;
	size_t used, room;
};

static int write_new(void *context, const unsigned char *bytes, size_t count)
{
	struct written *written = context;

	if (written->used + count > written->room) {
		written->room = 2 * (written->used + count) + 4096;
		written->bytes = realloc(written->bytes, written->room);
		MUST(written->bytes != NULL);
	}
	if (count > 0)
		memcpy(written->bytes + written->used, bytes, count);
	written->used += count;
	return 0;
}

static int count_content(void *context, const unsigned char *bytes, size_t count)
{
	(void)bytes;
	*(uint64_t *)context += count;
	return 0;
}

static size_t begin_message(struct message *message, const uint8_t *data, size_t size)
{
	struct pl_error err;
	size_t at = 0;

	while (at < size) {
		const uint8_t *lf = memchr(data + at, '\n', size - at);
		const size_t len = lf == NULL ? size - at : (size_t)(lf - data) - at;
		char *line = strndup((const char *)data + at, len), *colon = strchr(line, ':');

		at += lf == NULL ? len : len + 1;
		if (colon != NULL)
			*colon = '\0';
		MUST(colon == NULL || message_field(message, line, colon + 1, &err) == 0);
		free(line);
		if (colon == NULL)
			break;
	}
	return at;
}

static const struct message_file *file_of(const struct message_file *files, size_t count,
					  size_t part)
{
	for (size_t i = 0; i < count; i++) {
		if (files[i].part == part)
			return &files[i];
	}
	return NULL;
}

/* The old parts that stayed, in their order, among the new ones. */
static void check_new(struct message *message, const struct mime_part *old, size_t old_count,
		      const uint8_t *body, const struct written *new)
{
	struct mime_scanner *scanner = mime_scanner_new();
	const struct mime_part *parts;
	const struct message_change *changes;
	size_t count, change_count, file_count, at = 0;
	const struct message_file *files = message_files(message, &file_count);

	MUST(scanner != NULL);
	changes = message_changes(message, &change_count);
	for (size_t i = 0; i < change_count; i++) {
		if (changes[i].value != NULL)
			mime_scanner_field(scanner, changes[i].name, changes[i].value);
	}
	/* A field that is very long is not kept. */
	if (change_count == 0 && old[0].type == NULL) {
		mime_scanner_free(&scanner);
		return;
	}
	if (change_count == 0)
		mime_scanner_field(scanner, "Content-Type", old[0].type);
	mime_scanner_body(scanner, new->bytes, new->used);
	MUST(mime_scanner_end(scanner) == MIME_NO_REASON);
	parts = mime_scanner_parts(scanner, &count);
	for (size_t i = 0; i < old_count; i++, at++) {
		const size_t len = (size_t)(old[i].end - old[i].begin);

		MUST(at < count && parts[at].depth == old[i].depth);
		if (file_of(files, file_count, i) != NULL) {
			MUST(strcmp(parts[at].content.type, "multipart/alternative") == 0);
			at += 2;
		} else if (!mime_has_parts(&old[i].content)) {
			MUST(parts[at].end - parts[at].begin == len);
			MUST(len == 0 ||
			     memcmp(new->bytes + parts[at].begin, body + old[i].begin, len) == 0);
		}
	}
	MUST(at == count);
	mime_scanner_free(&scanner);
}

static void take_out(const uint8_t *data, size_t size, const uint8_t *sizes,
		     const struct mime_part *parts, size_t part_count)
{
	const struct message_limits limits = {
		.sizes = { .threshold = sizes[0], .sum = 2 * sizes[1] + 1, .least = 1, .most = 100 }
	};
	struct message *message = message_new();
	struct written new = { NULL, 0, 0 };
	const struct message_file *files;
	const char *reason;
	struct pl_error err;
	size_t begin, count;

	MUST(message != NULL);
	begin = begin_message(message, data, size);
	MUST(message_body(message, data + begin, (size - begin) / 2, &err) == 0);
	MUST(message_body(message, data + begin + (size - begin) / 2,
			  size - begin - (size - begin) / 2, &err) == 0);
	if (message_plan(message, &limits, &reason, &err) == 1) {
		files = message_files(message, &count);
		MUST(count > 0 && count <= 100 && parts != NULL);
		for (size_t i = 0; i < count; i++) {
			uint64_t sum = 0;

			MUST(files[i].part < part_count && files[i].name[0] != '\0');
			MUST(pl_is_utf8(files[i].name) &&
			     strpbrk(files[i].name, "/\\\r\n") == NULL);
			MUST(message_content(message, i, count_content, &sum) == 0);
			MUST(sum == files[i].size);
		}
		if (message_build(message, "https://f.test/l/0", "2027-03-01", &err) == 1) {
			MUST(message_write(message, write_new, &new) == 0);
			check_new(message, parts, part_count, data + begin, &new);
		}
	}
	free(new.bytes);
	message_free(&message);
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
		take_out(data, size, sizes, reason == MIME_NO_REASON ? parts : NULL, count);
	}
	mime_scanner_free(&at_once);
	mime_scanner_free(&in_pieces);
	return 0;
}
