/* csv_cell.c - see csv_cell.h. */
#include "policy/admin/csv_cell.h"

#include <string.h>

/* Some also read the wide forms of East Asia. */
int pl_csv_cell_is_formula(const char *text)
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

int pl_csv_cell_is_protected(const char *text)
{
	return text[0] == '\'' && pl_csv_cell_is_formula(text + strspn(text, "'"));
}

void pl_csv_cell_put(FILE *out, const char *text)
{
	fputs(pl_csv_cell_is_formula(text) || pl_csv_cell_is_protected(text) ? "\"'" : "\"", out);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

const char *pl_csv_cell_text(const char *text)
{
	return pl_csv_cell_is_protected(text) ? text + 1 : text;
}
