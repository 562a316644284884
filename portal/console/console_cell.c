/* console_cell.c - see console_cell.h. */
#include "portal/console/console_cell.h"

#include <string.h>

/* Whether a spreadsheet may take it for a formula; some also read the wide forms of East Asia. */
static int is_formula(const char *text)
{
	static const char *const wide[] = { "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
					    "\xef\xbc\xa0" }; /* = + - @ */

	if (text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL)
		return 1;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
		if (strncmp(text, wide[i], strlen(wide[i])) == 0)
			return 1;
	}
	return 0;
}

void console_put_cell(FILE *out, const char *text)
{
	fputs(is_formula(text) ? "\"'" : "\"", out);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}
