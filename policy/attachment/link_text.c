/* link_text.c - see link_text.h. */
#include "policy/attachment/link_text.h"

#include <string.h>
#include <strings.h>

#include "policy/base/markup.h"
#include "policy/base/size.h"

#define LANGUAGES 2

static const struct {
	const char *tag, *one, *several, *other, *until, *address;
} words[LANGUAGES] = {
#define LINK_TEXT(...) { __VA_ARGS__ },
#include "policy/attachment/link_text.def"
#undef LINK_TEXT
};

/* The first language that is the wanted one, or all. */
static int is_in(const struct pl_link_text *link, size_t language)
{
	int is_known = 0;

	for (size_t i = 0; i < LANGUAGES; i++)
		is_known |= strncasecmp(link->language, words[i].tag, 2) == 0;
	return !is_known || strncasecmp(link->language, words[language].tag, 2) == 0;
}

/* Which files the part in that place names: all in the first, else the one. */

static size_t end_of(const struct pl_link_text *link, size_t number)
{
	return number == 0 ? link->count : number + 1;
}

static const char *sentence(const struct pl_link_text *link, size_t number, size_t language)
{
	if (number > 0)
		return words[language].other;
	return link->count > 1 ? words[language].several : words[language].one;
}

void pl_link_text_plain(FILE *out, const struct pl_link_text *link, size_t number)
{
	for (size_t i = 0; i < LANGUAGES; i++) {
		if (is_in(link, i))
			fprintf(out, "%s\r\n", sentence(link, number, i));
	}
	fputs("\r\n", out);
	for (size_t i = number; i < end_of(link, number); i++) {
		fprintf(out, "  * %s (", link->files[i].name);
		pl_put_size(out, link->files[i].size);
		fputs(")\r\n", out);
	}
	fprintf(out, "\r\n%s\r\n", link->url);
	for (size_t i = 0; i < LANGUAGES; i++) {
		if (is_in(link, i)) {
			fputs("\r\n", out);
			/* One of the catalogue's own sentences. */
			fprintf(out, words[i].until, link->last_day);
		}
	}
	fputs("\r\n", out);
}

void pl_link_text_html(FILE *out, const struct pl_link_text *link, size_t number)
{
	fputs("<div style=\"border:1px solid #b8c0cc;border-radius:6px;"
	      "padding:12px 16px;margin:8px 0;font-family:sans-serif\">\r\n",
	      out);
	for (size_t i = 0; i < LANGUAGES; i++) {
		if (is_in(link, i))
			fprintf(out, "<p lang=\"%s\">%s</p>\r\n", words[i].tag,
				sentence(link, number, i));
	}
	fputs("<ul>\r\n", out);
	for (size_t i = number; i < end_of(link, number); i++) {
		fputs("<li>", out);
		pl_put_markup(out, link->files[i].name);
		fputs(" (", out);
		pl_put_size(out, link->files[i].size);
		fputs(")</li>\r\n", out);
	}
	fputs("</ul>\r\n", out);
	for (size_t i = 0; i < LANGUAGES; i++) {
		if (!is_in(link, i))
			continue;
		fprintf(out, "<p lang=\"%s\"><a href=\"", words[i].tag);
		pl_put_markup(out, link->url);
		fprintf(out, "\">%s</a><br>", words[i].address);
		fprintf(out, words[i].until, link->last_day);
		fputs("</p>\r\n", out);
	}
	fputs("</div>\r\n", out);
}
