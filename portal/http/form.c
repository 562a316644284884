/* form.c - see form.h. */
#include "portal/http/form.h"

#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The byte that "%XX" stands for, or -1; NUL is none that we take. */
static int escaped(const char *text)
{
	int high = text[0] == '\0' ? -1 : hex_digit(text[0]);
	int low = high < 0 ? -1 : hex_digit(text[1]);

	return low < 0 || (high == 0 && low == 0) ? -1 : high << 4 | low;
}

static int decode(char *text, int plus_is_space)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++) {
		int byte = *from == '+' && plus_is_space ? ' ' : *from;

		if (*from == '%') {
			byte = escaped(from + 1);
			if (byte < 0)
				return -1;
			from += 2;
		}
		*to++ = (char)byte;
	}
	*to = '\0';
	return 0;
}

int form_decode(char *text)
{
	return decode(text, 1);
}

int percent_decode(char *text)
{
	return decode(text, 0);
}

/* Length of the UTF-8 character (RFC 3629) at text, of which len bytes are left; 0: none. */
static size_t character(const unsigned char *text, size_t len)
{
	static const struct {
		unsigned char mask, lead;
		size_t len;
		unsigned long least;
	} forms[] = {
		{ 0x80, 0x00, 1, 0 },
		{ 0xe0, 0xc0, 2, 0x80 },
		{ 0xf0, 0xe0, 3, 0x800 },
		{ 0xf8, 0xf0, 4, 0x10000 },
	};

	for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
		unsigned long code;

		if ((text[0] & forms[f].mask) != forms[f].lead)
			continue;
		if (forms[f].len > len)
			return 0;
		code = text[0] & (unsigned char)~forms[f].mask;
		for (size_t i = 1; i < forms[f].len; i++) {
			if ((text[i] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (text[i] & 0x3f);
		}
		if (code < forms[f].least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
			return 0;
		/* C0, DEL and C1. */
		return code < 0x20 || (code >= 0x7f && code <= 0x9f) ? 0 : forms[f].len;
	}
	return 0;
}

int text_is_clean(const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t step = character((const unsigned char *)text + at, len - at);

		if (step == 0)
			return 0;
		at += step;
	}
	return 1;
}

static int is_there(const struct request_field *fields, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(fields[i].name, name) == 0)
			return 1;
	}
	return 0;
}

/* "name=value" or "name". */
static int parse_pair(char *pair, struct request_field *field_r)
{
	char *equals = strchr(pair, '=');
	char *value = equals == NULL ? pair + strlen(pair) : equals + 1;

	if (equals != NULL)
		*equals = '\0';
	if (form_decode(pair) < 0 || form_decode(value) < 0 || *pair == '\0' ||
	    !text_is_clean(pair, strlen(pair)) || !text_is_clean(value, strlen(value)) ||
	    strlen(value) > REQUEST_FIELD_BYTES)
		return -1;
	*field_r = (struct request_field){ pair, value };
	return 0;
}

int form_parse(char *text, struct request_field fields_r[REQUEST_FIELDS_MAX], size_t *count_r,
	       int *repeated_r)
{
	char *rest = text, *pair;

	*count_r = 0;
	while ((pair = strsep(&rest, "&")) != NULL) {
		struct request_field field;

		if (*pair == '\0')
			continue;
		if (*count_r == REQUEST_FIELDS_MAX || parse_pair(pair, &field) < 0)
			return -1;
		if (is_there(fields_r, *count_r, field.name))
			*repeated_r = 1;
		fields_r[(*count_r)++] = field;
	}
	return 0;
}

int cookie_find(const char *cookies, const char *name, const char **value_r, size_t *len_r)
{
	size_t name_len = strlen(name);

	while (*(cookies += strspn(cookies, "; \t")) != '\0') {
		size_t len = strcspn(cookies, ";");

		if (len > name_len && strncmp(cookies, name, name_len) == 0 &&
		    cookies[name_len] == '=') {
			*value_r = cookies + name_len + 1;
			*len_r = len - name_len - 1;
			return 1;
		}
		cookies += len;
	}
	return 0;
}
