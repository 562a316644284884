/* markup.c - see markup.h. */
#include "policy/base/markup.h"

void pl_put_markup_byte(FILE *out, char c)
{
	switch (c) {
	case '&':
		fputs("&amp;", out);
		break;
	case '<':
		fputs("&lt;", out);
		break;
	case '>':
		fputs("&gt;", out);
		break;
	case '"':
		fputs("&quot;", out);
		break;
	default:
		putc(c, out);
	}
}

void pl_put_markup(FILE *out, const char *text)
{
	for (; *text != '\0'; text++)
		pl_put_markup_byte(out, *text);
}
