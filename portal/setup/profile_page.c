/* profile_page.c - see profile_page.h. */
#include "portal/setup/profile_page.h"

#include <stdio.h>

#include "portal/http/frame.h"

enum profile_words {
#define PROFILE_WORDS(id, en, ko) WORDS_##id,
#include "portal/setup/profile_page.def"
#undef PROFILE_WORDS
};

static const char *const words[][LANGUAGES] = {
#define PROFILE_WORDS(id, en, ko) { [ENGLISH] = en, [KOREAN] = ko },
#include "portal/setup/profile_page.def"
#undef PROFILE_WORDS
};

static FILE *begin(const struct request *request, struct response *response, int status,
		   enum profile_words title)
{
	return frame_begin(request, response, status, words[title][request_language(request)], 0);
}

int respond_profile_page(const struct request *request, struct response *response, const char *path)
{
	const enum language language = request_language(request);
	FILE *out = begin(request, response, 200, WORDS_TITLE);

	if (out == NULL)
		return 0;
	fprintf(out, "<p>%s</p>\n<ol><li>%s</li><li>%s</li><li>%s</li></ol>\n",
		words[WORDS_WHAT][language], words[WORDS_STEP_DOWNLOAD][language],
		words[WORDS_STEP_IPHONE][language], words[WORDS_STEP_MAC][language]);
	fprintf(out, "<a data-button href=\"%s\">%s</a>\n", path, words[WORDS_DOWNLOAD][language]);
	return frame_end(out);
}

int respond_profile_gone(const struct request *request, struct response *response)
{
	FILE *out = begin(request, response, 410, WORDS_GONE_TITLE);

	if (out == NULL)
		return 0;
	fprintf(out, "<p>%s</p>\n", words[WORDS_GONE][request_language(request)]);
	return frame_end(out);
}
