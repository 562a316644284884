/* pages.c - see pages.h. */
#include "portal/http/pages.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGES_MAX 256
#define PAGE_BYTES_MAX (4 * 1024 * 1024)
#define FOLDERS_DEPTH_MAX 4
#define PREFIX "/web/"

/* Of a path below one that the single page answers. */
#define BELOW_SEGMENTS_MAX 4
#define BELOW_SEGMENT_CHARS_MAX 64
#define SEGMENT_CHARS "abcdefghijklmnopqrstuvwxyz0123456789-"

struct pages {
	size_t count;
	struct page page[PAGES_MAX];
	const struct page *index;
};

/* Paths that the single page answers itself; its script looks which it is. */
static const struct {
	const char *path;
	int below; /* and all paths below it */
} index_paths[] = {
	{ "/", 0 },
	{ "/sign-in", 1 },
	{ "/account", 1 },
	{ "/sign-out", 0 },
};

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

static int read_all(int fd, char *buf, size_t len)
{
	size_t used = 0;

	while (used < len) {
		ssize_t got = read(fd, buf + used, len - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -1;
		used += (size_t)got;
	}
	return 0;
}

static int make_etag(struct page *page)
{
	unsigned char digest[32];

	if (EVP_Q_digest(NULL, "SHA256", NULL, page->body, page->len, digest, NULL) != 1)
		return -1;
	snprintf(page->etag, sizeof(page->etag), "\"%02x%02x%02x%02x%02x%02x%02x%02x\"", digest[0],
		 digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7]);
	return 0;
}

/* Fills page from an open file. */
static int read_page(int fd, const char *name, struct page *page, struct pl_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return pl_error_set(err, PL_ERR_CONFIG, "page %s: %s", name, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size > PAGE_BYTES_MAX)
		return pl_error_set(err, PL_ERR_CONFIG, "page %s: not a file of up to %d bytes",
				    name, PAGE_BYTES_MAX);
	page->type = type_of(name);
	page->len = (size_t)st.st_size;
	page->body = malloc(page->len + 1);
	if (page->body == NULL || asprintf(&page->path, PREFIX "%s", name) < 0) {
		page->path = NULL;
		return pl_error_set(err, PL_ERR_RETRY, "page %s: out of memory", name);
	}
	page->body[page->len] = '\0';
	if (read_all(fd, page->body, page->len) < 0 || make_etag(page) < 0)
		return pl_error_set(err, PL_ERR_CONFIG, "page %s: cannot be read", name);
	return 0;
}

static int add_page(struct pages *pages, int folder, const char *entry, const char *name,
		    struct pl_error *err)
{
	int fd, ret;

	if (pages->count == PAGES_MAX)
		return pl_error_set(err, PL_ERR_CONFIG, "page %s: more than %d files", name,
				    PAGES_MAX);
	fd = openat(folder, entry, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return pl_error_set(err, PL_ERR_CONFIG, "page %s: %s", name, strerror(errno));
	ret = read_page(fd, name, &pages->page[pages->count++], err);
	close(fd);
	return ret;
}

static int read_folder(struct pages *pages, int fd, const char *name, int depth,
		       struct pl_error *err);

static int add_folder(struct pages *pages, int folder, const char *entry, const char *name,
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
	return read_folder(pages, fd, name, depth + 1, err);
}

/* below is "" or the path of the folder from the topmost one, with a slash behind it. Links are
 * not followed. */
static int add_entry(struct pages *pages, int folder, const char *below, const char *entry,
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
		return add_folder(pages, folder, entry, name, depth, err);
	return type_of(entry) == NULL ? 0 : add_page(pages, folder, entry, name, err);
}

/* Closes fd, which is the folder that is called name below the topmost one. */
static int read_folder(struct pages *pages, int fd, const char *name, int depth,
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
		ret = add_entry(pages, dirfd(dir), below, entry->d_name, depth, err);
	closedir(dir);
	return ret;
}

static int read_pages(const char *folder, struct pages *pages, struct pl_error *err)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return pl_error_set(err, PL_ERR_CONFIG, "folder of the pages %s: %s", folder,
				    strerror(errno));
	return read_folder(pages, fd, "", 0, err);
}

static const struct page *find(const struct pages *pages, const char *path)
{
	for (size_t i = 0; i < pages->count; i++) {
		if (strcmp(pages->page[i].path, path) == 0)
			return &pages->page[i];
	}
	return NULL;
}

int pages_load(const char *folder, struct pages **pages_r, struct pl_error *err)
{
	struct pages *pages = calloc(1, sizeof(*pages));
	int ret = -1;

	*pages_r = NULL;
	if (pages == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "pages: out of memory");
	if (read_pages(folder, pages, err) == 0) {
		pages->index = find(pages, PREFIX "index.html");
		ret = pages->index != NULL
			      ? 0
			      : pl_error_set(err, PL_ERR_CONFIG,
					     "folder of the pages %s: it has no index.html",
					     folder);
	}
	if (ret < 0)
		pages_free(&pages);
	*pages_r = pages;
	return ret;
}

void pages_free(struct pages **pages_p)
{
	struct pages *pages = *pages_p;

	*pages_p = NULL;
	if (pages == NULL)
		return;
	for (size_t i = 0; i < pages->count; i++) {
		free(pages->page[i].path);
		free(pages->page[i].body);
	}
	free(pages);
}

const struct page *pages_index(const struct pages *pages)
{
	return pages->index;
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

static int is_index(const char *path)
{
	for (size_t i = 0; i < sizeof(index_paths) / sizeof(index_paths[0]); i++) {
		const size_t len = strlen(index_paths[i].path);

		if (strncmp(path, index_paths[i].path, len) == 0 &&
		    (path[len] == '\0' || (index_paths[i].below && is_below(path + len))))
			return 1;
	}
	return 0;
}

const struct page *pages_find(const struct pages *pages, const char *path)
{
	return is_index(path) ? pages->index : find(pages, path);
}
