/* watch.h - has a file changed since we last looked?
 *
 * A look is one stat(2): nothing is opened. Replaced, rewritten, moved away and
 * chmod'ed files all count as changed, and a missing file counts as changed
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

/* Notes how path looks now. A path that does not fit is cut: it never exists. */
void pl_watch_set(struct pl_watch *watch, const char *path);
/* 1 when the file looks different from what was noted, which is then noted anew. */
int pl_watch_changed(struct pl_watch *watch);
/* How long ago the file that was noted was written, in milliseconds by its mtime and the
 * system's clock: 0 when that is yet to come, INT64_MAX when there is no file. */
int64_t pl_watch_age_ms(const struct pl_watch *watch);
/* 1 when the path no longer leads to the same file (device and inode) as was
 * noted by pl_watch_set; rewriting in place does not count. Notes nothing. */
int pl_watch_replaced(const struct pl_watch *watch);

#endif
