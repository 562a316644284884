/* problem.c - see problem.h. */
#include "portal/http/problem.h"

#include <stdio.h>

#include "portal/http/index_page.h"

#define RETRY_SECONDS 5

enum problem {
#define PROBLEM(id, title_en, text_en, title_ko, text_ko) PROBLEM_##id,
#include "portal/http/problem.def"
#undef PROBLEM
};

struct words {
	const char *title, *text;
};

static const struct words problems[][LANGUAGES] = {
#define PROBLEM(id, title_en, text_en, title_ko, text_ko) \
	{ { title_en, text_en }, { title_ko, text_ko } },
#include "portal/http/problem.def"
#undef PROBLEM
};

/* In the frame of the pages' own style sheet. */
static void print_page(FILE *out, enum language language, const char *name,
		       const struct words *words, const char *detail, int refresh)
{
	fprintf(out,
		"<!DOCTYPE html>\n<html lang=\"%s\">\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
		language_tags[language]);
	if (refresh)
		fprintf(out, "<meta http-equiv=\"refresh\" content=\"%d\">\n", RETRY_SECONDS);
	fprintf(out,
		"<title>%s</title>\n<link rel=\"stylesheet\" href=\"/web/css/base.css\">\n"
		"<body data-width=\"narrow\">\n<div id=\"frame\"><header><strong>",
		words->title);
	put_html(out, name);
	fprintf(out, "</strong></header><main><h1>%s</h1><p>%s</p>", words->title, words->text);
	if (!refresh)
		fprintf(out, "<small lang=\"en\">%s</small>", detail);
	fputs("</main></div>\n", out);
}

int respond_problem(const struct request *request, struct response *response, int status,
		    const char *detail)
{
	const enum language language = request_language(request);
	const int busy = status >= 500;
	FILE *out = open_memstream(&response->body, &response->body_len);

	response->status = status;
	response->type = "text/html; charset=utf-8";
	response->retry_after = busy ? RETRY_SECONDS : 0;
	if (out == NULL)
		return 0;
	print_page(out, language, request->policy->portal_name,
		   &problems[busy ? PROBLEM_BUSY : PROBLEM_REQUEST][language], detail, busy);
	fclose(out);
	return 0;
}
