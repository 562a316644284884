/* index_page.c - see index_page.h. */
#include "portal/http/index_page.h"

#include <string.h>

#include "portal/http/pages.h"

void put_html(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
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
			putc(*text, out);
		}
	}
}

/* The placeholder that text begins with, and what stands for it; 0: none. */
static size_t find_placeholder(const struct request *request, const char *text,
			       const char **value_r)
{
	const struct {
		const char *name, *value;
	} placeholders[] = {
		{ "{{name}}", request->policy->portal_name },
		{ "{{language}}", language_tags[request_language(request)] },
	};

	for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++) {
		size_t len = strlen(placeholders[i].name);

		*value_r = placeholders[i].value;
		if (strncmp(text, placeholders[i].name, len) == 0)
			return len;
	}
	return 0;
}

int respond_index(const struct request *request, struct response *response, const struct page *page)
{
	FILE *out = open_memstream(&response->body, &response->body_len);
	const char *text = page->body, *end = page->body + page->len, *value;

	response->status = 200;
	response->type = page->type;
	if (out == NULL)
		return 0;
	while (text < end) {
		size_t len = find_placeholder(request, text, &value);

		if (len > 0)
			put_html(out, value);
		else
			putc(*text, out);
		text += len > 0 ? len : 1;
	}
	fclose(out);
	return 0;
}
