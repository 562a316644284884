/* zip.h - a ZIP archive that is written while it is sent (PKWARE APPNOTE 6.3).
 *
 * Nothing is compressed: what people send as large files mostly is already, and a download should
 * cost little. Sizes follow the bytes (4.4.4, bit 3), since nothing is read twice; names are UTF-8
 * (bit 11); files and archives over 4 GB are of the kind "zip64" (4.5.3).
 *
 * First zip_begin_file(), zip_put() and zip_end_file() for each file, then zip_finish(). What they
 * write goes to the stream of zip_write_to(). Each returns 0, or -1 and the error, after which the
 * archive is only good for zip_free().
 */
#ifndef POSTLATCH_PORTAL_DOWNLOAD_ZIP_H
#define POSTLATCH_PORTAL_DOWNLOAD_ZIP_H

#include <stdint.h>
#include <stdio.h>

#include "policy/base/error.h"

struct zip;

int zip_new(struct zip **zip_r, struct pl_error *err);
/* Borrowed until the next call of it. NULL: what is written is lost. */
void zip_write_to(struct zip *zip, FILE *out);
/* name is UTF-8 without '/'; at: seconds since 1970, which is shown as the file's time. */
int zip_begin_file(struct zip *zip, const char *name, int64_t size, int64_t at,
		   struct pl_error *err);
int zip_put(struct zip *zip, const void *bytes, size_t len, struct pl_error *err);
int zip_end_file(struct zip *zip, struct pl_error *err);
/* Writes the directory, with which it is whole. */
int zip_finish(struct zip *zip, struct pl_error *err);
/* Accepts NULL. */
void zip_free(struct zip **zip);

#endif
