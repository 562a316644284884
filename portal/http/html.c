/* html.c - see html.h. */
#include "portal/http/html.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

/* A script element ends at the first "</script", and "<!--" changes what counts as its end,
 * whatever the quotes (HTML 4.12.1.3). In JSON these characters stand in strings only, where they
 * may be escaped. */
void put_data(FILE *out, const char *id, const json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);

	if (text == NULL)
		return;
	fprintf(out, "<script type=\"application/json\" id=\"%s\">", id);
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '<' || *c == '>' || *c == '&')
			fprintf(out, "\\u%04x", (unsigned char)*c);
		else
			putc(*c, out);
	}
	fputs("</script>\n", out);
	OPENSSL_cleanse(text, strlen(text)); /* the CSRF token is in it */
	free(text);
}
