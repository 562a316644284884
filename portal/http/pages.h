/* pages.h - the files of web/ and of the folders below it, read into memory at start.
 *
 * Only what lay there then is ever served, so no path of a request is looked up in a file system.
 * /web/VERSION/NAME is the file NAME, such as lib/api.js. The version is a digest of all files:
 * browsers keep what has such an address for ever, and a page that was loaded before an upgrade
 * does not get modules of the new version, but none. The paths of the single page (/sign-in,
 * /account, /account/devices, /console, ...) are index.html, filled in (index_page.h).
 */
#ifndef POSTLATCH_PORTAL_PAGES_H
#define POSTLATCH_PORTAL_PAGES_H

#include "portal/http/page_files.h"
#include "portal/http/page_style.h"

struct pages;
struct page_imports;

/* PL_ERR_CONFIG when the folder cannot be read or has no index.html. */
int pages_load(const char *folder, struct pages **pages_r, struct pl_error *err);
void pages_free(struct pages **pages);
/* Whether the single page answers a path. */
int pages_is_index(const char *path);
const struct page *pages_index(const struct pages *pages);
/* What the sign-in page has in it instead of links to its style sheets. */
const struct page_style *pages_style(const struct pages *pages);
/* Where the other files are: "/web/VERSION". */
const char *pages_folder(const struct pages *pages);
/* The modules that main.js imports, and theirs; without main.js itself. At a path of the account
 * pages or the console also those that it loads for them. */
const struct page_imports *pages_imports(const struct pages *pages, const char *path);
/* The file of a name, such as lib/api.js. NULL: there is none. */
const struct page *pages_named(const struct pages *pages, const char *name);
/* The file that a path of that folder names. NULL: there is none. */
const struct page *pages_find(const struct pages *pages, const char *path);

#endif
