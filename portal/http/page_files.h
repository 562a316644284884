/* page_files.h - reads the files of a folder, and of the folders below it, that are for browsers.
 *
 * Names that begin with a dot, and files of other types, are left out. Symbolic links are not
 * followed: one to a folder is left out, and one that has the name of a page is an error.
 */
#ifndef POSTLATCH_PORTAL_PAGE_FILES_H
#define POSTLATCH_PORTAL_PAGE_FILES_H

#include <stddef.h>

#include "policy/base/error.h"

#define PAGE_FILES_MAX 256

struct page {
	char *name;       /* below the folder: "lib/api.js" */
	const char *type; /* of its content; static */
	char *body;       /* with a NUL behind it */
	size_t len;
};

/* Sorted by name. */
struct page_files {
	size_t count;
	struct page page[PAGE_FILES_MAX];
};

/* PL_ERR_CONFIG: a file cannot be read or is too large, or there are too many files or folders.
 * The files are the caller's in any case, until page_files_free. */
int page_files_read(const char *folder, struct page_files *files_r, struct pl_error *err);
void page_files_free(struct page_files *files);
/* NULL: there is none of that name. */
const struct page *page_files_find(const struct page_files *files, const char *name);

#endif
