/* xml.c - see xml.h. */
#include "portal/setup/xml.h"

#include <stdint.h>
#include <string.h>

#include "policy/base/markup.h"

static int is_continuation(char c)
{
	return (c & 0xc0) == 0x80;
}

void xml_put_short(FILE *out, const char *text, size_t characters)
{
	for (; *text != '\0'; text++) {
		if (!is_continuation(*text) && characters-- == 0)
			return;
		if (strncmp(text, "\xef\xbf\xbe", 3) == 0 || strncmp(text, "\xef\xbf\xbf", 3) == 0)
			text += 2;
		else
			pl_put_markup_byte(out, *text);
	}
}

void xml_put(FILE *out, const char *text)
{
	xml_put_short(out, text, SIZE_MAX);
}

void xml_element(FILE *out, const char *name, const char *text)
{
	fprintf(out, "<%s>", name);
	xml_put(out, text);
	fprintf(out, "</%s>\n", name);
}
