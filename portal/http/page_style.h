/* page_style.h - the style sheets of the sign-in page as one text, which the page itself contains.
 *
 * On a slow line its form is there after one round trip then, before any other file. The content
 * security policy of the page names the digest of the text, so that no other style is taken (CSP
 * Level 3, 6.7.3.3).
 */
#ifndef POSTLATCH_PORTAL_PAGE_STYLE_H
#define POSTLATCH_PORTAL_PAGE_STYLE_H

#include "portal/http/page_files.h"

#define PAGE_STYLE_SOURCE 64

struct page_style {
	char *text;                     /* NULL: the folder has none of them */
	char source[PAGE_STYLE_SOURCE]; /* "'sha256-...'", or "" */
};

int page_style_make(const struct page_files *files, struct page_style *style_r,
		    struct pl_error *err);
void page_style_free(struct page_style *style);

#endif
