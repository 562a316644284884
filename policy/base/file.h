/* file.h - reads whole files of bounded size. */
#ifndef POSTLATCH_FILE_H
#define POSTLATCH_FILE_H

#include <stddef.h>

#include "policy/base/error.h"

/* Reads a regular file of up to max bytes. name is its path below folder, a descriptor, or
 * AT_FDCWD; it may not be a symbolic link. The caller frees the bytes, behind which is a NUL that
 * len does not count. PL_ERR_CONFIG: it cannot be read, is no such file, or is too large; the error
 * does not have the name. */
int pl_file_read(int folder, const char *name, size_t max, char **bytes_r, size_t *len_r,
		 struct pl_error *err);

#endif
