/* pages.h - the files of web/ and of the folders below it, read into memory at start.
 *
 * Only what lay there then is ever served, so no path of a request is looked up in a file system.
 * /web/NAME is the file NAME, such as lib/api.js; the paths of the single page (/sign-in,
 * /account, /account/devices, ...) are its index.html.
 */
#ifndef POSTLATCH_PORTAL_PAGES_H
#define POSTLATCH_PORTAL_PAGES_H

#include <stddef.h>

#include "policy/base/error.h"

struct page {
	char *path;       /* "/web/lib/api.js" */
	const char *type; /* static */
	char *body;       /* with a NUL behind it */
	size_t len;
	char etag[20]; /* in quotes */
};

struct pages;

/* PL_ERR_CONFIG when the folder cannot be read or has no index.html. */
int pages_load(const char *folder, struct pages **pages_r, struct pl_error *err);
void pages_free(struct pages **pages);
/* The page that the paths of the single page have; it has placeholders (index_page.h). */
const struct page *pages_index(const struct pages *pages);
/* NULL: there is no such page. */
const struct page *pages_find(const struct pages *pages, const char *path);

#endif
