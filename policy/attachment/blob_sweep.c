/* blob_sweep.c - what is in the folder of the blobs, and the removal of what no row names. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "policy/attachment/blob.h"
#include "policy/attachment/blob_s3.h"
#include "policy/attachment/blob_state.h"

struct found {
	int64_t size, used_at;
};

/* Whether it is there, old enough and unused: 1, 0 or -1. */
static int is_orphan(int shelf, const char *name, int64_t now, pl_blob_is_used *is_used,
		     void *context, struct found *found_r, struct pl_error *err)
{
	struct stat st;
	int used;

	*found_r = (struct found){ 0 };
	if (fstatat(shelf, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0
				       : pl_error_set(err, PL_ERR_RETRY, "blob %s: %s", name,
						      strerror(errno));
	found_r->size = st.st_size;
	found_r->used_at = st.st_atime > st.st_mtime ? st.st_atime : st.st_mtime;
	if ((int64_t)st.st_mtime > now - PL_BLOB_ORPHAN_AGE)
		return 0;
	used = is_used(context, name, err);
	return used < 0 ? -1 : !used;
}

/* Nobody can give an equal blob this name, and then a row, between the look and the removal. */
static int remove_orphan(struct pl_blobs *blobs, int shelf, const char *name, int64_t now,
			 pl_blob_is_used *is_used, void *context, struct pl_error *err)
{
	const int lock = blobs_take_lock(blobs, LOCK_EX, err);
	struct found found;
	int ret;

	if (lock < 0)
		return -1;
	ret = is_orphan(shelf, name, now, is_used, context, &found, err);
	if (ret == 1 && unlinkat(shelf, name, 0) < 0)
		ret = blobs_failed(blobs, name, err);
	close(lock);
	return ret;
}

/* One walk through the folder, to look or to remove. */
struct walk {
	struct pl_blobs *blobs;
	int64_t now;
	pl_blob_is_used *is_used;
	void *context;
	int only_looks;
	int64_t removed;
	struct pl_blobs_state state;
	struct copies copies; /* where there is a store */
	struct pl_error *err;
};

static int visit_blob(struct walk *walk, int shelf, const char *name)
{
	struct found found;
	int ret;

	if (!blob_is_name(name))
		return 0;
	ret = is_orphan(shelf, name, walk->now, walk->is_used, walk->context, &found, walk->err);
	walk->state.count++;
	walk->state.bytes += found.size;
	walk->state.orphans += ret == 1;
	if (ret == 0 && !walk->only_looks && blobs_have_s3(walk->blobs))
		return blobs_s3_add_copy(&walk->copies, name, found.size, found.used_at, walk->err);
	if (ret != 1 || walk->only_looks)
		return ret < 0 ? -1 : 0;
	ret = remove_orphan(walk->blobs, shelf, name, walk->now, walk->is_used, walk->context,
			    walk->err);
	walk->removed += ret == 1;
	return ret < 0 ? -1 : 0;
}

static int visit_incoming(struct walk *walk, int incoming, const char *name)
{
	struct stat st;

	if (name[0] == '.' || fstatat(incoming, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	walk->state.incoming++;
	if ((int64_t)st.st_mtime > walk->now - PL_BLOB_INCOMING_AGE)
		return 0;
	walk->state.orphans++;
	if (!walk->only_looks && unlinkat(incoming, name, 0) == 0)
		walk->removed++;
	return 0;
}

/* Visits all names of a folder below that of the blobs; fd is its descriptor, which is closed. */
static int visit_all(struct walk *walk, int fd,
		     int (*visit)(struct walk *walk, int folder, const char *name))
{
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int ret = 0;

	if (dir == NULL) {
		blobs_failed(walk->blobs, "", walk->err);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	rewinddir(dir); /* a copy of a descriptor shares its place */
	while (ret == 0 && (entry = readdir(dir)) != NULL)
		ret = visit(walk, dirfd(dir), entry->d_name);
	closedir(dir);
	return ret;
}

static int visit_shelf(struct walk *walk, int folder, const char *name)
{
	(void)folder;
	if (strlen(name) != 2 || strspn(name, "0123456789abcdef") != 2)
		return 0;
	return visit_all(walk, blobs_open_shelf(walk->blobs, name, 0), visit_blob);
}

static int walk_through(struct walk *walk)
{
	struct pl_blobs *blobs = walk->blobs;

	if (blobs->incoming >= 0 &&
	    visit_all(walk, fcntl(blobs->incoming, F_DUPFD_CLOEXEC, 0), visit_incoming) < 0)
		return -1;
	return visit_all(walk, fcntl(blobs->folder, F_DUPFD_CLOEXEC, 0), visit_shelf);
}

int pl_blobs_sweep(struct pl_blobs *blobs, int64_t now, pl_blob_is_used *is_used, void *context,
		   int64_t *removed_r, struct pl_error *err)
{
	struct walk walk = {
		.blobs = blobs, .now = now, .is_used = is_used, .context = context, .err = err
	};
	int ret = walk_through(&walk);

	if (ret == 0 && blobs_have_s3(blobs)) {
		ret = blobs_s3_evict(blobs, &walk.copies, err);
		if (ret == 0)
			ret = blobs_s3_sweep(blobs, now, is_used, context, &walk.removed, err);
	}
	free(walk.copies.copy);
	*removed_r = walk.removed;
	return ret;
}

int pl_blobs_look(struct pl_blobs *blobs, int64_t now, pl_blob_is_used *is_used, void *context,
		  struct pl_blobs_state *state_r, struct pl_error *err)
{
	struct walk walk = { .blobs = blobs,
			     .now = now,
			     .is_used = is_used,
			     .context = context,
			     .only_looks = 1,
			     .err = err };
	struct statvfs fs;
	const int ret = walk_through(&walk);

	*state_r = walk.state;
	if (ret == 0 && fstatvfs(blobs->folder, &fs) < 0)
		return blobs_failed(blobs, "", err);
	state_r->free_bytes = ret == 0 ? (int64_t)fs.f_bavail * (int64_t)fs.f_frsize : 0;
	return ret;
}
