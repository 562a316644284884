/* pages.c - see pages.h. */
#include "portal/http/pages.h"

#include <stdlib.h>
#include <string.h>

#include "policy/base/fingerprint.h"
#include "portal/http/page_imports.h"

#define FIRST_MODULE "main.js"
#define PREFIX "/web/"

/* Of a path below one that the single page answers. */
#define BELOW_SEGMENTS_MAX 4
#define BELOW_SEGMENT_CHARS_MAX 64
#define SEGMENT_CHARS "abcdefghijklmnopqrstuvwxyz0123456789-"

/* What main.js loads for one part of the pages, at a path and below it. */
static const struct {
	const char *path, *module;
} parts[] = {
	{ "/account", "account/account.js" },
	{ "/console", "console/console.js" },
	{ "/approve", "approve/approve.js" },
};
#define PART_COUNT (sizeof(parts) / sizeof(parts[0]))

struct pages {
	struct page_files files;
	const struct page *index;
	char folder[sizeof(PREFIX) - 1 + PL_FINGERPRINT_TEXT];
	struct page_imports imports[PART_COUNT + 1]; /* the last: without a part */
	struct page_style style;
};

/* Paths that the single page answers itself; its script looks which it is. */
static const struct {
	const char *path;
	int below; /* and all paths below it */
} index_paths[] = {
	{ "/", 0 },        { "/sign-in", 1 },          { "/account", 1 },
	{ "/console", 1 }, { "/sign-out", 0 },         { "/consent", 0 },
	{ "/approve", 0 }, { "/recovery-contact", 0 }, { "/forgotten-password", 1 },
};

/* With a version, so that modules of two versions never come together. */
static int name_folder(struct pages *pages, struct pl_error *err)
{
	struct pl_fingerprint version;

	pl_fingerprint_begin(&version);
	for (size_t i = 0; i < pages->files.count; i++)
		pl_fingerprint_add(&version, pages->files.page[i].name, pages->files.page[i].body,
				   pages->files.page[i].len);
	memcpy(pages->folder, PREFIX, sizeof(PREFIX));
	return pl_fingerprint_end(&version, pages->folder + sizeof(PREFIX) - 1, err);
}

static int load(struct pages *pages, const char *folder, struct pl_error *err)
{
	if (page_files_read(folder, &pages->files, err) < 0)
		return -1;
	pages->index = page_files_find(&pages->files, "index.html");
	if (pages->index == NULL)
		return pl_error_set(err, PL_ERR_CONFIG,
				    "folder of the pages %s: it has no index.html", folder);
	page_imports_find(&pages->files, FIRST_MODULE, &pages->imports[PART_COUNT]);
	for (size_t i = 0; i < PART_COUNT; i++) {
		pages->imports[i] = pages->imports[PART_COUNT];
		page_imports_add(&pages->files, parts[i].module, &pages->imports[i]);
	}
	return page_style_make(&pages->files, &pages->style, err) < 0 ? -1
								      : name_folder(pages, err);
}

int pages_load(const char *folder, struct pages **pages_r, struct pl_error *err)
{
	struct pages *pages = calloc(1, sizeof(*pages));

	*pages_r = pages;
	if (pages == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "pages: out of memory");
	if (load(pages, folder, err) == 0)
		return 0;
	pages_free(pages_r);
	return -1;
}

void pages_free(struct pages **pages_p)
{
	struct pages *pages = *pages_p;

	*pages_p = NULL;
	if (pages == NULL)
		return;
	page_files_free(&pages->files);
	page_style_free(&pages->style);
	free(pages);
}

const struct page *pages_index(const struct pages *pages)
{
	return pages->index;
}

const struct page_style *pages_style(const struct pages *pages)
{
	return &pages->style;
}

const char *pages_folder(const struct pages *pages)
{
	return pages->folder;
}

const struct page_imports *pages_imports(const struct pages *pages, const char *path)
{
	size_t part = 0;

	while (part < PART_COUNT && strncmp(path, parts[part].path, strlen(parts[part].path)) != 0)
		part++;
	return &pages->imports[part];
}

/* Whether text is "/account/devices/17" without what it is below: plain segments, and few. */
static int is_below(const char *text)
{
	for (int count = 0; *text != '\0'; count++) {
		size_t len = text[0] == '/' ? strspn(text + 1, SEGMENT_CHARS) : 0;

		if (len == 0 || len > BELOW_SEGMENT_CHARS_MAX || count == BELOW_SEGMENTS_MAX)
			return 0;
		text += 1 + len;
	}
	return 1;
}

int pages_is_index(const char *path)
{
	for (size_t i = 0; i < sizeof(index_paths) / sizeof(index_paths[0]); i++) {
		const size_t len = strlen(index_paths[i].path);

		if (strncmp(path, index_paths[i].path, len) == 0 &&
		    (path[len] == '\0' || (index_paths[i].below && is_below(path + len))))
			return 1;
	}
	return 0;
}

const struct page *pages_named(const struct pages *pages, const char *name)
{
	return page_files_find(&pages->files, name);
}

const struct page *pages_find(const struct pages *pages, const char *path)
{
	const size_t len = strlen(pages->folder);
	const struct page *page;

	if (strncmp(path, pages->folder, len) != 0 || path[len] != '/')
		return NULL;
	page = page_files_find(&pages->files, path + len + 1);
	/* It is to be filled in, and differs from browser to browser. */
	return page == pages->index ? NULL : page;
}
