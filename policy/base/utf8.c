/* utf8.c - see utf8.h. */
#include "policy/base/utf8.h"

#include <string.h>
#include <unictype.h>
#include <unistr.h>

int pl_is_utf8(const char *text)
{
	return pl_is_utf8_text(text, strlen(text));
}

int pl_is_utf8_text(const char *text, size_t len)
{
	return u8_check((const uint8_t *)text, len) == NULL;
}

size_t pl_space_at(const unsigned char *text, size_t len)
{
	ucs4_t character;
	int bytes = len == 0 ? -1 : u8_mbtoucr(&character, text, len);

	return bytes > 0 && uc_is_property_white_space(character) ? (size_t)bytes : 0;
}

size_t pl_utf8_fit(const char *text, size_t most)
{
	size_t len = strlen(text);

	if (len <= most)
		return len;
	for (len = most; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80; len--)
		continue;
	return len;
}

char *pl_utf8_copy(const char *text, char *buf, size_t size)
{
	const size_t len = pl_utf8_fit(text, size - 1);

	memcpy(buf, text, len);
	buf[len] = '\0';
	return buf;
}

/* The line and paragraph separators are categories of their own. */
int pl_is_of_name(uint32_t character)
{
	return !uc_is_general_category_withtable(character, UC_CATEGORY_MASK_Cc |
								    UC_CATEGORY_MASK_Zl |
								    UC_CATEGORY_MASK_Zp) &&
	       !uc_is_property_bidi_control(character);
}

int pl_is_label(const char *text, size_t max)
{
	const uint8_t *at = (const uint8_t *)text;
	size_t count = 0;
	int is_blank = 1;
	ucs4_t character;

	if (!pl_is_utf8(text))
		return 0;
	while ((at = u8_next(&character, at)) != NULL) {
		if (++count > max || !pl_is_of_name(character))
			return 0;
		if (!uc_is_property_white_space(character))
			is_blank = 0;
	}
	return !is_blank;
}
