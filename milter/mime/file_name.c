/* file_name.c - see file_name.h. */
#include "milter/mime/file_name.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistr.h>

#include "milter/mime/charset.h"
#include "milter/mime/decoder.h"
#include "milter/mime/encoded_words.h"
#include "milter/mime/parameters.h"
#include "policy/base/utf8.h"

#define SEGMENTS_MAX 32
#define EXTENSION_MAX 16
#define RAW_MAX (2 * MIME_VALUE_MAX)

/* A name that is put together. */
struct raw {
	char bytes[RAW_MAX + 1];
	size_t count;
	char charset[40];
};

/* The first parameter of the field that has the name. */
static int find(const char *field, const char *name, struct mime_parameters *parameters)
{
	char word[80];

	mime_parameters_begin(parameters, field, word, sizeof(word));
	while (mime_parameters_next(parameters)) {
		if (strcmp(parameters->name, name) == 0)
			return 1;
	}
	return 0;
}

static void put(struct raw *raw, char c)
{
	if (raw->count < RAW_MAX && c != '\0')
		raw->bytes[raw->count++] = c;
}

/* RFC 2231 section 4: "%" and two hexadecimal digits are a byte. */
static void put_extended(struct raw *raw, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == '%' && mime_hexadecimal(value[1]) >= 0 &&
		    mime_hexadecimal(value[2]) >= 0) {
			put(raw,
			    (char)(mime_hexadecimal(value[1]) << 4 | mime_hexadecimal(value[2])));
			value += 2;
		} else {
			put(raw, *value);
		}
	}
}

/* charset "'" language "'" value; without these, all of it is the value. */
static const char *take_charset(struct raw *raw, const char *value)
{
	const char *language = strchr(value, '\''), *text;

	text = language == NULL ? NULL : strchr(language + 1, '\'');
	if (text == NULL)
		return value;
	snprintf(raw->charset, sizeof(raw->charset), "%.*s", (int)(language - value), value);
	return text + 1;
}

/* NAME*0, NAME*1* and so on. How many there are. */
static int put_segments(struct raw *raw, const char *field, const char *name)
{
	struct mime_parameters parameters;
	int count;

	for (count = 0; count < SEGMENTS_MAX; count++) {
		char wanted[48];

		snprintf(wanted, sizeof(wanted), "%s*%d", name, count);
		if (find(field, wanted, &parameters)) {
			for (const char *c = parameters.value; *c != '\0'; c++)
				put(raw, *c);
			continue;
		}
		strcat(wanted, "*");
		if (!find(field, wanted, &parameters))
			break;
		put_extended(raw,
			     count == 0 ? take_charset(raw, parameters.value) : parameters.value);
	}
	return count;
}

static void read_name(const char *field, const char *name, char *utf8, size_t size)
{
	struct mime_parameters parameters;
	struct raw raw = { .count = 0 };
	char extended[48];

	if (field == NULL)
		return;
	snprintf(extended, sizeof(extended), "%s*", name);
	if (find(field, extended, &parameters))
		put_extended(&raw, take_charset(&raw, parameters.value));
	else if (put_segments(&raw, field, name) == 0 && find(field, name, &parameters))
		mime_decode_words(parameters.value, utf8, size);
	/* Encoded words are in the continuations of some programs. */
	raw.bytes[raw.count] = '\0';
	if (raw.charset[0] == '\0' && strstr(raw.bytes, "=?") != NULL)
		mime_decode_words(raw.bytes, utf8, size);
	else
		mime_to_utf8(raw.charset, raw.bytes, raw.count, utf8, size);
}

/* Programs go by the extension. */
static void cut(const char *name, char name_r[MIME_FILE_NAME_MAX + 1])
{
	const char *dot = strrchr(name, '.');
	const size_t extension = dot == NULL ? 0 : strlen(dot);

	if (strlen(name) <= MIME_FILE_NAME_MAX || extension > EXTENSION_MAX) {
		pl_utf8_copy(name, name_r, MIME_FILE_NAME_MAX + 1);
		return;
	}
	pl_utf8_copy(name, name_r, MIME_FILE_NAME_MAX + 1 - extension);
	strcat(name_r, dot == NULL ? "" : dot);
}

/* What stands behind the last slash or backslash, of the characters that may be in a name. */
static void clean(const char *utf8, char name_r[MIME_FILE_NAME_MAX + 1])
{
	char kept[RAW_MAX * 3 + 1];
	size_t used = 0, begin;
	const uint8_t *at = (const uint8_t *)utf8, *next;
	ucs4_t character;

	while ((next = u8_next(&character, at)) != NULL) {
		if (character == '/' || character == '\\') {
			used = 0;
		} else if (pl_is_of_name(character)) {
			memcpy(kept + used, at, (size_t)(next - at));
			used += (size_t)(next - at);
		}
		at = next;
	}
	while (used > 0 && kept[used - 1] == ' ')
		used--;
	kept[used] = '\0';
	begin = strspn(kept, " ");
	cut(kept + begin, name_r);
	if (strcmp(name_r, ".") == 0 || strcmp(name_r, "..") == 0)
		name_r[0] = '\0';
}

void mime_file_name(const char *disposition, const char *type, char name_r[MIME_FILE_NAME_MAX + 1])
{
	char utf8[RAW_MAX * 3 + 1] = "";

	read_name(disposition, "filename", utf8, sizeof(utf8));
	if (utf8[0] == '\0')
		read_name(type, "name", utf8, sizeof(utf8));
	clean(utf8, name_r);
}

void mime_file_name_of(const char *text, const char *extension, char name_r[MIME_FILE_NAME_MAX + 1])
{
	const size_t len = strlen(text), dot = strlen(extension) + 1;
	char name[RAW_MAX * 3 + 1];

	pl_utf8_copy(text, name, sizeof(name) - dot);
	/* A subject may have slashes, behind which the name would begin. */
	for (char *c = name; *c != '\0'; c++) {
		if (*c == '/' || *c == '\\')
			*c = '-';
	}
	if (strspn(name, " .") == strlen(name)) {
		name_r[0] = '\0';
		return;
	}
	if (len < dot || text[len - dot] != '.' ||
	    strcasecmp(text + len - dot + 1, extension) != 0) {
		strcat(name, ".");
		strcat(name, extension);
	}
	clean(name, name_r);
}
