/* console_cell.c - see console_cell.h. */
#include "portal/console/console_cell.h"

#include <string.h>

void console_put_cell(FILE *out, const char *text)
{
	fputs(text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL ? "\"'" : "\"", out);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}
