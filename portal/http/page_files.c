/* page_files.c - see page_files.h. */
#include "portal/http/page_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/base/file.h"

#define PAGE_BYTES_MAX (4 * 1024 * 1024)
#define FOLDERS_DEPTH_MAX 4

static const struct {
	const char *ending, *type;
} types[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".mjs", "text/javascript; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".ico", "image/vnd.microsoft.icon" },
	{ ".woff2", "font/woff2" },
	{ ".json", "application/json" },
};

/* NULL: a file that is none for browsers. */
static const char *type_of(const char *name)
{
	const char *ending = strrchr(name, '.');

	for (size_t i = 0; ending != NULL && i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(ending, types[i].ending) == 0)
			return types[i].type;
	}
	return NULL;
}

static int add_page(struct page_files *files, int folder, const char *entry, const char *name,
		    struct pl_error *err)
{
	struct page *page = &files->page[files->count];

	if (files->count == PAGE_FILES_MAX)
		return pl_error_set(err, PL_ERR_CONFIG, "page %s: more than %d files", name,
				    PAGE_FILES_MAX);
	if (pl_file_read(folder, entry, PAGE_BYTES_MAX, &page->body, &page->len, err) < 0)
		return pl_error_prefix(err, "page %s", name);
	page->type = type_of(name);
	page->name = strdup(name);
	files->count++;
	return page->name != NULL ? 0
				  : pl_error_set(err, PL_ERR_RETRY, "page %s: out of memory", name);
}

static int read_folder(struct page_files *files, int fd, const char *name, int depth,
		       struct pl_error *err);

static int add_folder(struct page_files *files, int folder, const char *entry, const char *name,
		      int depth, struct pl_error *err)
{
	int fd;

	if (depth == FOLDERS_DEPTH_MAX)
		return pl_error_set(err, PL_ERR_CONFIG,
				    "folder of the pages %s: more than %d folders deep", name,
				    FOLDERS_DEPTH_MAX);
	fd = openat(folder, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return pl_error_set(err, PL_ERR_CONFIG, "folder of the pages %s: %s", name,
				    strerror(errno));
	return read_folder(files, fd, name, depth + 1, err);
}

/* below is "" or the path of the folder from the topmost one, with a slash behind it. Links are
 * not followed. */
static int add_entry(struct page_files *files, int folder, const char *below, const char *entry,
		     int depth, struct pl_error *err)
{
	char name[PATH_MAX];
	struct stat st;

	if (entry[0] == '.')
		return 0;
	if (snprintf(name, sizeof(name), "%s%s", below, entry) >= (int)sizeof(name))
		return pl_error_set(err, PL_ERR_CONFIG, "page %s: its name is too long", entry);
	if (fstatat(folder, entry, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return pl_error_set(err, PL_ERR_CONFIG, "page %s: %s", name, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return add_folder(files, folder, entry, name, depth, err);
	return type_of(entry) == NULL ? 0 : add_page(files, folder, entry, name, err);
}

/* Closes fd, which is the folder that is called name below the topmost one. */
static int read_folder(struct page_files *files, int fd, const char *name, int depth,
		       struct pl_error *err)
{
	DIR *dir = fdopendir(fd);
	char below[PATH_MAX];
	struct dirent *entry;
	int ret = 0;

	if (dir == NULL) {
		close(fd);
		return pl_error_set(err, PL_ERR_RETRY, "folder of the pages %s: out of memory",
				    name);
	}
	snprintf(below, sizeof(below), "%s%s", name, name[0] == '\0' ? "" : "/");
	while (ret == 0 && (entry = readdir(dir)) != NULL)
		ret = add_entry(files, dirfd(dir), below, entry->d_name, depth, err);
	closedir(dir);
	return ret;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct page *)a)->name, ((const struct page *)b)->name);
}

int page_files_read(const char *folder, struct page_files *files_r, struct pl_error *err)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	files_r->count = 0;
	if (fd < 0)
		return pl_error_set(err, PL_ERR_CONFIG, "folder of the pages %s: %s", folder,
				    strerror(errno));
	if (read_folder(files_r, fd, "", 0, err) < 0)
		return -1;
	qsort(files_r->page, files_r->count, sizeof(files_r->page[0]), compare);
	return 0;
}

void page_files_free(struct page_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		free(files->page[i].name);
		free(files->page[i].body);
	}
	files->count = 0;
}

const struct page *page_files_find(const struct page_files *files, const char *name)
{
	const struct page key = { .name = (char *)name };

	return bsearch(&key, files->page, files->count, sizeof(key), compare);
}
