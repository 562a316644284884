/* zip.c - see zip.h. */
#include "portal/download/zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <stdlib.h>

struct zip {
	struct archive *archive;
	struct archive_entry *entry;
	locale_t locale; /* libarchive marks names as UTF-8 where the locale says that they are */
	FILE *out;
};

static int fail(struct zip *zip, const char *what, struct pl_error *err)
{
	const char *reason = archive_error_string(zip->archive);

	return pl_error_set(err, PL_ERR_INTERNAL, "libarchive cannot %s: %s", what,
			    reason == NULL ? "it gives no reason" : reason);
}

static la_ssize_t write_out(struct archive *archive, void *context, const void *bytes, size_t len)
{
	const struct zip *zip = context;

	(void)archive;
	if (zip->out == NULL || fwrite(bytes, 1, len, zip->out) == len)
		return (la_ssize_t)len;
	archive_set_error(archive, ARCHIVE_FATAL, "there is no memory for a page");
	return -1;
}

static int is_ready(struct zip *zip)
{
	zip->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	zip->entry = archive_entry_new();
	zip->archive = archive_write_new();
	return zip->locale != (locale_t)0 && zip->entry != NULL && zip->archive != NULL &&
	       archive_write_set_format_zip(zip->archive) == ARCHIVE_OK &&
	       archive_write_set_format_option(zip->archive, "zip", "compression", "store") ==
		       ARCHIVE_OK &&
	       archive_write_set_bytes_per_block(zip->archive, 0) == ARCHIVE_OK &&
	       archive_write_open2(zip->archive, zip, NULL, write_out, NULL, NULL) == ARCHIVE_OK;
}

int zip_new(struct zip **zip_r, struct pl_error *err)
{
	struct zip *zip = calloc(1, sizeof(*zip));

	*zip_r = NULL;
	if (zip == NULL || !is_ready(zip)) {
		zip_free(&zip);
		return pl_error_set(err, PL_ERR_RETRY, "libarchive cannot begin a ZIP archive");
	}
	*zip_r = zip;
	return 0;
}

void zip_write_to(struct zip *zip, FILE *out)
{
	zip->out = out;
}

int zip_begin_file(struct zip *zip, const char *name, int64_t size, int64_t at,
		   struct pl_error *err)
{
	locale_t before;
	int ret;

	archive_entry_clear(zip->entry);
	archive_entry_set_filetype(zip->entry, AE_IFREG);
	archive_entry_set_perm(zip->entry, 0644);
	archive_entry_set_size(zip->entry, size);
	archive_entry_set_mtime(zip->entry, (time_t)at, 0);
	before = uselocale(zip->locale);
	archive_entry_copy_pathname(zip->entry, name);
	ret = archive_write_header(zip->archive, zip->entry);
	uselocale(before);
	return ret == ARCHIVE_OK ? 0 : fail(zip, "begin a file", err);
}

int zip_put(struct zip *zip, const void *bytes, size_t len, struct pl_error *err)
{
	return archive_write_data(zip->archive, bytes, len) == (la_ssize_t)len
		       ? 0
		       : fail(zip, "write a file", err);
}

int zip_end_file(struct zip *zip, struct pl_error *err)
{
	return archive_write_finish_entry(zip->archive) == ARCHIVE_OK
		       ? 0
		       : fail(zip, "end a file", err);
}

int zip_finish(struct zip *zip, struct pl_error *err)
{
	return archive_write_close(zip->archive) == ARCHIVE_OK ? 0
							       : fail(zip, "end the archive", err);
}

void zip_free(struct zip **zip)
{
	if (*zip == NULL)
		return;
	(*zip)->out = NULL;
	archive_write_free((*zip)->archive);
	archive_entry_free((*zip)->entry);
	if ((*zip)->locale != (locale_t)0)
		freelocale((*zip)->locale);
	free(*zip);
	*zip = NULL;
}
