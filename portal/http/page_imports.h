/* page_imports.h - which modules a module imports, so that a browser can be told of all of them
 * before it has read the first one. */
#ifndef POSTLATCH_PORTAL_PAGE_IMPORTS_H
#define POSTLATCH_PORTAL_PAGE_IMPORTS_H

#include "portal/http/page_files.h"

struct page_imports {
	size_t count;
	const struct page *page[PAGE_FILES_MAX]; /* the files' */
};

/* What the file called name imports statically, and what that does, each once and without the
 * first one. Import by call, import("./x.js"), is for what a page needs later, and not followed.
 * Specifiers begin with "./" or "../"; one that leads to no file is left out. */
void page_imports_find(const struct page_files *files, const char *name,
		       struct page_imports *imports_r);
/* Adds the file called name, and what it imports, to imports that were found. */
void page_imports_add(const struct page_files *files, const char *name,
		      struct page_imports *imports);

#endif
