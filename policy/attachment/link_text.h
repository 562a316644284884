/* link_text.h - the text that stands in a message instead of files that are not in it.
 *
 * There are two twins that say the same, one in plain text and one in HTML, which the milter puts
 * in the place of attachments (milter/mime/link_part.h), and webmail into the mail that is being
 * written. The sentences are link_text.def.
 *
 * In the place of the first file, number 0, there is the list of all, in those of the others the
 * name of each. Lines end with CR LF. Characters are UTF-8. Errors of out are ferror(out).
 */
#ifndef POSTLATCH_LINK_TEXT_H
#define POSTLATCH_LINK_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct pl_linked_file {
	const char *name; /* UTF-8, without control characters */
	uint64_t size;    /* bytes */
};

struct pl_link_text {
	const char *language; /* "ko", "en-US"; another one, or "": all languages */
	const char *url;
	const char *last_day; /* "2027-03-01" */
	const struct pl_linked_file *files;
	size_t count;
};

void pl_link_text_plain(FILE *out, const struct pl_link_text *link, size_t number);
/* An element to stand in a page, not a page. */
void pl_link_text_html(FILE *out, const struct pl_link_text *link, size_t number);

#endif
