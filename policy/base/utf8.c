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
