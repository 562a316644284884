/* disposition.c - see disposition.h. */
#include "portal/download/disposition.h"

#include <stdio.h>
#include <string.h>

/* RFC 8187 3.2.1: attr-char. */
static int is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!#$&+-.^_`|~", c) != NULL);
}

/* One '_' for each character; '%' is left out because some programs decode it. */
static void put_fallback(FILE *out, const char *name)
{
	for (; *name != '\0'; name++) {
		const unsigned char c = (unsigned char)*name;

		if ((c & 0xC0) == 0x80)
			continue;
		putc(c < ' ' || c > '~' || strchr("\"\\%;", c) != NULL ? '_' : c, out);
	}
}

char *disposition_of(const char *name)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		return NULL;
	fputs("attachment; filename=\"", out);
	put_fallback(out, name);
	fputs("\"; filename*=UTF-8''", out);
	for (; *name != '\0'; name++) {
		if (is_plain(*name))
			putc(*name, out);
		else
			fprintf(out, "%%%02X", (unsigned char)*name);
	}
	return fclose(out) == 0 ? text : NULL;
}
