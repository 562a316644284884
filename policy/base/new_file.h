/* new_file.h - creates a file that is either complete or does not exist.
 *
 * The file is written under the name PATH.partial beside PATH, and renamed to PATH when it is
 * on the disk. A program that is killed leaves at most PATH.partial, which the next one
 * replaces. Two programs that write the same file do not disturb each other: the second one is
 * refused. An existing file at PATH is never replaced, unless pl_new_file_begin_anew() says so.
 */
#ifndef POSTLATCH_NEW_FILE_H
#define POSTLATCH_NEW_FILE_H

#include <limits.h>
#include <sys/types.h>
#include "policy/base/error.h"

struct pl_new_file {
	int fd;           /* open for writing; pl_new_file_keep() and _drop() close it */
	const char *path; /* borrowed */
	char partial[PATH_MAX];
	int replaces; /* what is at path */
};

/* An empty file that belongs to this user and has this mode, whatever the umask.
 * PL_ERR_CONFLICT when there is something at path, or something that is not a file of this
 * user at PATH.partial; PL_ERR_RETRY while another program writes it. */
int pl_new_file_begin(struct pl_new_file *file, const char *path, mode_t mode,
		      struct pl_error *err);
/* The same for a file that takes the place of the one at path, in one step. */
int pl_new_file_begin_anew(struct pl_new_file *file, const char *path, mode_t mode,
			   struct pl_error *err);
/* Flushes the file to the disk and renames it to path. After -1, no file is left. */
int pl_new_file_keep(struct pl_new_file *file, struct pl_error *err);
/* Removes the file. */
void pl_new_file_drop(struct pl_new_file *file);

#endif
