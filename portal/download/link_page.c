/* link_page.c - see link_page.h. */
#include "portal/download/link_page.h"

#include <stdio.h>
#include <time.h>

#include "policy/attachment/link_password.h"
#include "policy/base/markup.h"
#include "policy/base/size.h"
#include "portal/http/frame.h"
#include "portal/http/pages.h"
#include "portal/http/portal.h"

enum link_words {
#define LINK_WORDS(id, en, ko) WORDS_##id,
#include "portal/download/link_page.def"
#undef LINK_WORDS
};

static const char *const words[][LANGUAGES] = {
#define LINK_WORDS(id, en, ko) { [ENGLISH] = en, [KOREAN] = ko },
#include "portal/download/link_page.def"
#undef LINK_WORDS
};

static const struct {
	int status;
	enum link_words title, text;
} gone[] = {
	[LINK_UNKNOWN] = { 404, WORDS_NONE_TITLE, WORDS_NONE },
	[LINK_EXPIRED] = { 410, WORDS_EXPIRED_TITLE, WORDS_EXPIRED },
	[LINK_WITHDRAWN] = { 410, WORDS_WITHDRAWN_TITLE, WORDS_WITHDRAWN },
	[LINK_USED_UP] = { 410, WORDS_USED_UP_TITLE, WORDS_USED_UP },
	[LINK_TICKET_EXPIRED] = { 410, WORDS_TICKET_TITLE, WORDS_TICKET },
};

static FILE *begin(const struct request *request, struct response *response, int status,
		   enum link_words title)
{
	return frame_begin(request, response, status, words[title][request_language(request)], 0);
}

/* The words with a text, which needs no escaping, in the place of "%s". */
static void put_words(FILE *out, enum link_words which, enum language language, const char *text)
{
	const char *pattern = words[which][language];

	for (; *pattern != '\0'; pattern++) {
		if (pattern[0] == '%' && pattern[1] == 's') {
			fputs(text, out);
			pattern++;
		} else {
			putc(*pattern, out);
		}
	}
}

static void put_until(FILE *out, enum language language, int64_t expires_at)
{
	const time_t at = (time_t)expires_at;
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&at, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
	fputs("<p>", out);
	put_words(out, WORDS_UNTIL, language, text);
	fputs("</p>\n", out);
}

static void put_left(FILE *out, enum language language, int64_t left)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)left);
	put_words(out,
		  left <= 0   ? WORDS_LEFT_NONE
		  : left == 1 ? WORDS_LEFT_ONE
			      : WORDS_LEFT,
		  language, text);
}

static void begin_form(FILE *out, const char *token)
{
	fprintf(out, "<form method=\"post\" action=\"/l/%s\">", token);
}

/* Where there is a password, all buttons are in the one form that has its field. */
static void put_button(FILE *out, const struct link_page *page, const char *name,
		       const char *described, const char *label)
{
	if (!page->link->has_password)
		begin_form(out, page->token);
	fprintf(out, "<button type=\"submit\" name=\"file\" value=\"%s\"%s>%s</button>", name,
		described, label);
	if (!page->link->has_password)
		fputs("</form>", out);
}

static void put_file_button(FILE *out, enum language language, const struct link_page *page,
			    const struct pl_link_file *file)
{
	char name[24], described[64];

	snprintf(name, sizeof(name), "%lld", (long long)file->id);
	snprintf(described, sizeof(described), " aria-describedby=\"file-%s\"", name);
	fputs("<dd>", out);
	put_button(out, page, name, described, words[WORDS_DOWNLOAD][language]);
	fputs("</dd>", out);
}

/* Where that is more than one. */
static void put_all_button(FILE *out, enum language language, const struct link_page *page)
{
	size_t left = 0;

	for (size_t i = 0; i < page->count; i++)
		left += !pl_link_is_used_up(page->link, &page->files[i]);
	if (left < 2)
		return;
	fputs("<div>", out);
	put_button(out, page, "all", "", words[WORDS_DOWNLOAD_ALL][language]);
	fputs("</div>\n", out);
}

static void put_file(FILE *out, enum language language, const struct link_page *page,
		     const struct pl_link_file *file)
{
	fputs("<dl><dt>", out);
	pl_put_size(out, file->size);
	fprintf(out, " &middot; %s &middot; ",
		words[file->is_scanned ? WORDS_SCANNED : WORDS_NOT_SCANNED][language]);
	put_left(out, language, page->link->downloads_most - file->downloads);
	fprintf(out, "</dt><dd id=\"file-%lld\">", (long long)file->id);
	pl_put_markup(out, file->name);
	fputs("</dd>", out);
	if (!pl_link_is_used_up(page->link, file))
		put_file_button(out, language, page, file);
	fputs("</dl>\n", out);
}

/* fault: what is wrong with the password that was sent; NULL: nothing is. */
static void put_password(FILE *out, enum language language, const char *fault)
{
	fprintf(out,
		"<div data-field><label for=\"password\">%s</label><div><input type=\"password\" "
		"id=\"password\" name=\"password\" required autocomplete=\"off\" "
		"maxlength=\"%d\" aria-describedby=\"password-error\"%s></div>"
		"<p role=\"alert\" id=\"password-error\">%s</p></div>\n",
		words[WORDS_PASSWORD][language], PL_LINK_PASSWORD_MAX,
		fault == NULL ? "" : " aria-invalid=\"true\"", fault == NULL ? "" : fault);
}

static int respond_page(const struct request *request, struct response *response, int status,
			const struct link_page *page, const char *fault)
{
	const enum language language = request_language(request);
	FILE *out = begin(request, response, status, WORDS_TITLE);

	if (out == NULL)
		return 0;
	fprintf(out, "<p>%s</p>\n", words[WORDS_WHAT][language]);
	if (page->link->has_password) {
		fprintf(out, "<link rel=\"stylesheet\" href=\"%s/css/form.css\">",
			pages_folder(portal_pages(request->portal)));
		begin_form(out, page->token);
		put_password(out, language, fault);
	}
	for (size_t i = 0; i < page->count; i++)
		put_file(out, language, page, &page->files[i]);
	put_all_button(out, language, page);
	if (page->link->has_password)
		fputs("</form>\n", out);
	put_until(out, language, page->link->expires_at);
	return frame_end(out);
}

int respond_link_page(const struct request *request, struct response *response,
		      const struct link_page *page)
{
	return respond_page(request, response, 200, page, NULL);
}

int respond_wrong_password(const struct request *request, struct response *response,
			   const struct link_page *page)
{
	return respond_page(request, response, 403, page,
			    words[WORDS_PASSWORD_WRONG][request_language(request)]);
}

int respond_password_later(const struct request *request, struct response *response,
			   const struct link_page *page, int64_t wait)
{
	response->retry_after = wait < 1 ? 1 : (int)wait;
	return respond_page(request, response, 429, page,
			    words[WORDS_PASSWORD_LATER][request_language(request)]);
}

int respond_link_gone(const struct request *request, struct response *response, enum link_gone why)
{
	FILE *out = begin(request, response, gone[why].status, gone[why].title);

	if (out == NULL)
		return 0;
	fprintf(out, "<p>%s</p>\n", words[gone[why].text][request_language(request)]);
	return frame_end(out);
}
