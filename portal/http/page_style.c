/* page_style.c - see page_style.h. */
#include "portal/http/page_style.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const sheets[] = { "css/base.css", "css/form.css" };
#define SHEETS (sizeof(sheets) / sizeof(sheets[0]))

static int name_source(const char *text, char *source_r, struct pl_error *err)
{
	unsigned char digest[32], base64[45];

	if (EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL) != 1)
		return pl_error_set(err, PL_ERR_INTERNAL, "pages: OpenSSL has no SHA-256");
	EVP_EncodeBlock(base64, digest, sizeof(digest));
	snprintf(source_r, PAGE_STYLE_SOURCE, "'sha256-%s'", (char *)base64);
	return 0;
}

int page_style_make(const struct page_files *files, struct page_style *style_r,
		    struct pl_error *err)
{
	size_t len = 0;
	FILE *out;

	*style_r = (struct page_style){ .text = NULL };
	if (page_files_find(files, sheets[0]) == NULL)
		return 0;
	out = open_memstream(&style_r->text, &len);
	if (out == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "pages: out of memory");
	for (size_t i = 0; i < SHEETS; i++) {
		const struct page *sheet = page_files_find(files, sheets[i]);

		if (sheet != NULL)
			fputs(sheet->body, out);
	}
	if (fclose(out) != 0)
		return pl_error_set(err, PL_ERR_RETRY, "pages: out of memory");
	/* It would end the element that it stands in. */
	if (strstr(style_r->text, "</") != NULL)
		return pl_error_set(err, PL_ERR_CONFIG, "%s: a style sheet of the pages has \"</\"",
				    sheets[0]);
	return name_source(style_r->text, style_r->source, err);
}

void page_style_free(struct page_style *style)
{
	free(style->text);
	style->text = NULL;
}
