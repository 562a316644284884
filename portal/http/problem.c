/* problem.c - see problem.h. */
#include "portal/http/problem.h"

#include <stdio.h>

#include "portal/http/frame.h"

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

static void print_page(FILE *out, const struct request *request, const struct words *words,
		       const char *detail, int refresh)
{
	frame_begin(out, request, words->title, refresh);
	fprintf(out, "<p>%s</p>", words->text);
	if (refresh == 0)
		fprintf(out, "<small lang=\"en\">%s</small>", detail);
	frame_end(out);
}

int respond_problem(const struct request *request, struct response *response, int status,
		    const char *detail)
{
	const int busy = status >= 500;
	FILE *out = open_memstream(&response->body, &response->body_len);

	response->status = status;
	response->type = "text/html; charset=utf-8";
	response->retry_after = busy ? RETRY_SECONDS : 0;
	if (out == NULL)
		return 0;
	print_page(out, request,
		   &problems[busy ? PROBLEM_BUSY : PROBLEM_REQUEST][request_language(request)],
		   detail, busy ? RETRY_SECONDS : 0);
	fclose(out);
	return 0;
}
