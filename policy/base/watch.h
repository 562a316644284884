/* watch.h - detects whether a file has changed.
 *
 * A check is one stat(2); the file is not opened. A file that was replaced, rewritten, moved
 * away or whose mode was changed counts as changed, and a missing file counts as changed
 * once.
 */
#ifndef POSTLATCH_WATCH_H
#define POSTLATCH_WATCH_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct pl_watch {
	char path[PATH_MAX];
	int exists;
	dev_t dev;
	ino_t ino;
	off_t size;
	mode_t mode;
	struct timespec mtime, ctime;
};

/* Remembers the state of the file at path. A path that is too long is cut, and then never
 * exists. */
void pl_watch_set(struct pl_watch *watch, const char *path);
/* 1 when the state differs from the one remembered; the new state is then remembered. */
int pl_watch_changed(struct pl_watch *watch);
/* How long ago the file that was noted was written, in milliseconds by its mtime and the
 * system's clock: 0 when that is yet to come, INT64_MAX when there is no file. */
int64_t pl_watch_age_ms(const struct pl_watch *watch);
/* 1 when the path leads to another file (device and inode) than at pl_watch_set; a file that
 * was rewritten in place does not count. Remembers nothing. */
int pl_watch_replaced(const struct pl_watch *watch);

#endif
