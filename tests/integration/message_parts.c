/* message_parts - finds the parts of a message, and replaces one, for the tests.
 *
 * Usage: message_parts            prints a line "DEPTH TYPE BEGIN BODY END NAME" for each part
 *        message_parts PART       prints the message with a link instead of that part
 *
 * The message is read from standard input, its lines as they are. Offsets are from the beginning of its
 * body. The exit status is 1 when the message is to be left alone, and the reason is printed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/mime/edit.h"
#include "milter/mime/file_name.h"

#define MESSAGE_MAX 4000000
#define TYPE "multipart/alternative; boundary=\"=_link\""
#define LINK                                                                                      \
	"--=_link\r\nContent-Type: text/plain\r\n\r\nlink\r\n--=_link\r\nContent-Type: text/html" \
	"\r\n\r\n<p>link</p>\r\n--=_link--"

static char message[MESSAGE_MAX + 1];

static int read_body(void *context, uint64_t offset, unsigned char *bytes_r, size_t count)
{
	memcpy(bytes_r, (const char *)context + offset, count);
	return 0;
}

static int write_out(void *context, const unsigned char *bytes, size_t count)
{
	return fwrite(bytes, 1, count, context) == count ? 0 : -1;
}

/* As Postfix gives it to a milter: folded lines are one field. Returns the body. */
static const char *give_header(struct mime_scanner *scanner, char *text)
{
	while (*text != '\0' && strncmp(text, "\r\n", 2) != 0) {
		char *end = strstr(text, "\r\n"), *colon;

		while (end != NULL && (end[2] == ' ' || end[2] == '\t'))
			end = strstr(end + 2, "\r\n");
		if (end == NULL)
			return NULL;
		*end = '\0';
		colon = strchr(text, ':');
		if (colon == NULL)
			return NULL;
		*colon = '\0';
		mime_scanner_field(scanner, text, colon + 1);
		*colon = ':';
		*end = '\r';
		text = end + 2;
	}
	return *text == '\0' ? text : text + 2;
}

static void print_parts(const struct mime_part *parts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char name[MIME_FILE_NAME_MAX + 1];

		mime_file_name(parts[i].disposition, parts[i].type, name);
		printf("%u %s %llu %llu %llu %s\n", parts[i].depth,
		       parts[i].content.type[0] == '\0' ? "-" : parts[i].content.type,
		       (unsigned long long)parts[i].begin, (unsigned long long)parts[i].body,
		       (unsigned long long)parts[i].end, name);
	}
}

/* Only a part within another one: the header of the message stays. */
static int print_edited(const struct mime_part *parts, size_t count, size_t part, const char *type,
			const char *body)
{
	static const char text[] = "Content-Type: " TYPE "\r\n\r\n" LINK;
	const struct mime_replacement replacement = { part, text, strlen(text) };
	const struct mime_field field = { "Content-Type", type };
	const struct mime_edit edit = { parts,  count, &replacement, 1,
					&field, 1,     read_body,    (void *)body };

	if (part == 0 || part >= count || mime_has_parts(&parts[part].content)) {
		fprintf(stderr, "message_parts: there is no part %zu within another one\n", part);
		return 64;
	}
	if (mime_edit_holds(&edit) != 1) {
		puts("the result has other parts");
		return 1;
	}
	fwrite(message, 1, (size_t)(body - message), stdout);
	return mime_edit_write(&edit, write_out, stdout) == 0 ? 0 : 74;
}

int main(int argc, char **argv)
{
	const size_t size = fread(message, 1, MESSAGE_MAX, stdin);
	struct mime_scanner *scanner = mime_scanner_new();
	const char *body = scanner == NULL ? NULL : give_header(scanner, message);
	const struct mime_part *parts;
	size_t count;
	int status = 0, reason;

	if (body == NULL) {
		fprintf(stderr, "message_parts: the message has no header\n");
		return 65;
	}
	mime_scanner_body(scanner, (const unsigned char *)body, size - (size_t)(body - message));
	reason = mime_scanner_end(scanner);
	parts = mime_scanner_parts(scanner, &count);
	if (reason != MIME_NO_REASON) {
		puts(mime_reason_name((enum mime_reason)reason));
		status = 1;
	} else if (argc == 2) {
		status = print_edited(parts, count, (size_t)atol(argv[1]), parts[0].type, body);
	} else {
		print_parts(parts, count);
	}
	mime_scanner_free(&scanner);
	return status;
}
