/* references.c - see references.h. */
#include "milter/mime/references.h"

#include <string.h>

#include "milter/mime/decoder.h"

/* Resolves the escapes of the address. "" when they are wrong, or when the text has other ones. */
static void unescape(const char *text, char *id_r)
{
	char *out = id_r;

	for (; *text != '\0'; text++) {
		if (*text == '&' || (*text == '%' && (mime_hexadecimal(text[1]) < 0 ||
						      mime_hexadecimal(text[2]) < 0))) {
			*id_r = '\0';
			return;
		}
		if (*text == '%') {
			*out++ = (char)(mime_hexadecimal(text[1]) << 4 | mime_hexadecimal(text[2]));
			text += 2;
		} else {
			*out++ = *text;
		}
	}
	*out = '\0';
}

static void close_id(struct mime_references *references)
{
	char id[sizeof(references->id)];

	references->id[references->used] = '\0';
	unescape(references->id, id);
	references->found(references->context, id);
	references->is_open = 0;
	references->used = 0;
	references->matched = 0;
}

static void take(struct mime_references *references, unsigned char c)
{
	static const char scheme[] = "cid:";
	const char lower = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);

	if (references->is_open) {
		if (c <= ' ' || strchr("\"'<>()`", (char)c) != NULL) {
			close_id(references);
		} else if (references->used + 1 == sizeof(references->id)) {
			references->used = 0; /* too long for any of ours, or for certainty */
			close_id(references);
		} else {
			references->id[references->used++] = (char)c;
		}
		return;
	}
	if (lower != scheme[references->matched])
		references->matched = 0;
	if (lower == scheme[references->matched])
		references->matched++;
	references->is_open = references->matched == strlen(scheme);
}

void mime_references_text(struct mime_references *references, const unsigned char *bytes,
			  size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!references->is_open && references->matched == 0) {
			/* Most of a text has no reference. */
			while (i < count && (bytes[i] | 0x20) != 'c')
				i++;
			if (i == count)
				return;
		}
		take(references, bytes[i]);
	}
}

void mime_references_end(struct mime_references *references)
{
	if (references->is_open)
		close_id(references);
	references->matched = 0;
}
