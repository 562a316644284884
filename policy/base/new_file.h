/* new_file.h - a file that is there whole, or not at all.
 *
 * It is written beside its place, under the name PATH.partial, and comes to its place when
 * it is on the disk. A program that is killed leaves PATH.partial at most, which the next
 * one begins anew. Two that write the same file do not disturb each other: the second is
 * refused. What is at PATH is never replaced.
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
};

/* An empty file that belongs to this user and has this mode, whatever the umask.
 * PL_ERR_CONFLICT when there is something at path, or something that is not a file of this
 * user at PATH.partial; PL_ERR_RETRY while another program writes it. */
int pl_new_file_begin(struct pl_new_file *file, const char *path, mode_t mode,
		      struct pl_error *err);
/* Has the disk keep it and moves it to its place; nothing is left of it after -1. */
int pl_new_file_keep(struct pl_new_file *file, struct pl_error *err);
/* Removes it. */
void pl_new_file_drop(struct pl_new_file *file);

#endif
