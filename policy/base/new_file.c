/* new_file.c - see new_file.h. */
#include "policy/base/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int failed(const char *path, struct pl_error *err)
{
	return pl_error_set(err, PL_ERR_RETRY, "%s: %s", path, strerror(errno));
}

static int is_there(const char *path, struct pl_error *err)
{
	return pl_error_set(err, PL_ERR_CONFLICT, "%s: it already exists and is not overwritten",
			    path);
}

/* Whether the file that is locked still has this name: another program may have renamed or
 * removed it before this one got the lock. Nothing is written to a file that does not belong to
 * this user, or that has a second name, because another user may have made it. */
static int check_partial(const struct pl_new_file *file, struct pl_error *err)
{
	struct stat ours, named;

	if (fstat(file->fd, &ours) < 0)
		return failed(file->partial, err);
	if (lstat(file->partial, &named) < 0 || named.st_dev != ours.st_dev ||
	    named.st_ino != ours.st_ino)
		return pl_error_set(err, PL_ERR_RETRY,
				    "%s: another program has just been writing it", file->path);
	if (!S_ISREG(ours.st_mode) || ours.st_uid != geteuid() || ours.st_nlink != 1)
		return pl_error_set(err, PL_ERR_CONFLICT,
				    "%s: it is not a file that this user left there; remove it",
				    file->partial);
	return 0;
}

static int lock_partial(const struct pl_new_file *file, struct pl_error *err)
{
	if (flock(file->fd, LOCK_EX | LOCK_NB) == 0)
		return check_partial(file, err);
	return errno == EWOULDBLOCK ? pl_error_set(err, PL_ERR_RETRY,
						   "%s: another program is writing it", file->path)
				    : failed(file->partial, err);
}

static int begin(struct pl_new_file *file, const char *path, mode_t mode, struct pl_error *err)
{
	file->path = path;
	if (snprintf(file->partial, sizeof(file->partial), "%s.partial", path) >=
	    (int)sizeof(file->partial))
		return pl_error_set(err, PL_ERR_INVALID, "%.64s...: the name is too long", path);
	file->fd =
		open(file->partial, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (file->fd < 0)
		return failed(file->partial, err);
	if (lock_partial(file, err) < 0) {
		close(file->fd);
		return -1;
	}
	if (ftruncate(file->fd, 0) < 0 || fchmod(file->fd, mode) < 0) {
		failed(file->partial, err);
		pl_new_file_drop(file);
		return -1;
	}
	return 0;
}

int pl_new_file_begin(struct pl_new_file *file, const char *path, mode_t mode, struct pl_error *err)
{
	struct stat st;

	file->replaces = 0;
	return lstat(path, &st) == 0 ? is_there(path, err) : begin(file, path, mode, err);
}

int pl_new_file_begin_anew(struct pl_new_file *file, const char *path, mode_t mode,
			   struct pl_error *err)
{
	file->replaces = 1;
	return begin(file, path, mode, err);
}

/* Some file systems do not support a rename that replaces nothing; there, the check at the
 * beginning and the lock must be enough. */
static int move(const struct pl_new_file *file)
{
	if (file->replaces)
		return rename(file->partial, file->path);
	if (renameat2(AT_FDCWD, file->partial, AT_FDCWD, file->path, RENAME_NOREPLACE) == 0)
		return 0;
	return errno == EINVAL || errno == ENOSYS ? rename(file->partial, file->path) : -1;
}

/* The name is on the disk when the directory is; some file systems cannot flush one. */
static void sync_folder(const char *path)
{
	char copy[PATH_MAX];
	int fd;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

int pl_new_file_keep(struct pl_new_file *file, struct pl_error *err)
{
	int ret = 0;

	if (fsync(file->fd) < 0)
		ret = failed(file->partial, err);
	else if (move(file) < 0)
		ret = errno == EEXIST ? is_there(file->path, err) : failed(file->path, err);
	if (ret < 0) {
		pl_new_file_drop(file);
		return -1;
	}
	sync_folder(file->path);
	close(file->fd);
	return 0;
}

void pl_new_file_drop(struct pl_new_file *file)
{
	unlink(file->partial); /* while the lock is held */
	close(file->fd);
}
