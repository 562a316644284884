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

int respond_problem(const struct request *request, struct response *response, int status,
		    const char *detail)
{
	const int busy = status >= 500;
	const struct words *words =
		&problems[busy ? PROBLEM_BUSY : PROBLEM_REQUEST][request_language(request)];
	FILE *out = frame_begin(request, response, status, words->title, busy ? RETRY_SECONDS : 0);

	response->retry_after = busy ? RETRY_SECONDS : 0;
	if (out == NULL)
		return 0;
	fprintf(out, "<p>%s</p>", words->text);
	if (!busy)
		fprintf(out, "<small lang=\"en\">%s</small>", detail);
	return frame_end(out);
}
