/* candidates.c - see candidates.h. */
#include "milter/mime/candidates.h"

#include <string.h>
#include <strings.h>

static int is_one_of(const char *text, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (strcasecmp(text, *list) == 0)
			return 1;
	}
	return 0;
}

/* Only of such a part is it known that its parts can do without one another. */
static int is_place(const struct mime_part *parts, size_t number)
{
	int parent = parts[number].parent;

	if (parent >= 0 && strcmp(parts[parent].content.type, "multipart/mixed") != 0)
		return 0;
	for (; parent >= 0; parent = parts[parent].parent) {
		const char *type = parts[parent].content.type;

		if (strcmp(type, "multipart/mixed") != 0 &&
		    strcmp(type, "multipart/alternative") != 0)
			return 0;
	}
	return 1;
}

/* Programs act on them, or take them apart. */
static int is_acted_on(const struct mime_content *content, const char *file_name)
{
	static const char *const types[] = { "text/calendar",
					     "application/ics",
					     "application/ms-tnef",
					     "application/vnd.ms-tnef",
					     "application/pgp-keys",
					     "application/pkcs7-mime",
					     "application/pkcs7-signature",
					     NULL };
	static const char *const names[] = { "winmail.dat", "win.dat", "smime.p7m", "smime.p7s",
					     NULL };

	if (mime_is(content, "message") && strcmp(content->type, "message/rfc822") != 0)
		return 1;
	return is_one_of(content->type, types) || is_one_of(file_name, names);
}

int mime_is_candidate(const struct mime_part *parts, size_t number, const char *file_name)
{
	const struct mime_content *content = &parts[number].content;
	/* What has no type is text. */
	const int is_text =
		content->type[0] == '\0' ? !content->has_type : mime_is(content, "text");

	if (mime_has_parts(content) || !is_place(parts, number) || is_acted_on(content, file_name))
		return 0;
	return !is_text || content->disposition == MIME_ATTACHMENT || file_name[0] != '\0';
}

/* The largest that is not taken; the first of equal ones. NULL: there is none. */
static struct mime_candidate *largest(struct mime_candidate *candidates, size_t count)
{
	struct mime_candidate *found = NULL;

	for (size_t i = 0; i < count; i++) {
		if (!candidates[i].is_taken && (found == NULL || candidates[i].size > found->size))
			found = &candidates[i];
	}
	return found;
}

size_t mime_choose(struct mime_candidate *candidates, size_t count,
		   const struct mime_limits *limits)
{
	uint64_t left = 0;
	size_t taken = 0;

	for (size_t i = 0; i < count; i++) {
		candidates[i].is_taken = 0;
		left += candidates[i].size;
	}
	while (taken < limits->most) {
		struct mime_candidate *candidate = largest(candidates, count);

		if (candidate == NULL || candidate->size < limits->least ||
		    (candidate->size < limits->threshold && left < limits->sum))
			break;
		candidate->is_taken = 1;
		left -= candidate->size;
		taken++;
	}
	return taken;
}
