/* blob_s3.c - see blob_s3.h. */
#include "policy/attachment/blob_s3.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "policy/attachment/s3.h"
#include "policy/base/monotonic.h"
#include "policy/base/random.h"

/* Others who want a blob wait so long for the one who fetches it. */
#define WAIT_MS 60000
#define LOOK_EVERY_MS 100
/* An object is left until it is twice as old as a blob in the folder: the clock of the store may
 * differ from ours by a quarter of an hour, and its time may be that at which it began to come. */
#define OBJECT_ORPHAN_AGE (2 * PL_BLOB_ORPHAN_AGE)
/* A sweep of objects takes no longer, so that a signal is answered soon. It begins at random, so
 * that each is reached sooner or later. */
#define SWEEP_MS 30000
#define ENOUGH 1
#define MEGABYTE INT64_C(1048576)
#define SOME_COPIES 1024

int blobs_have_s3(const struct pl_blobs *blobs)
{
	return blobs->policy->attachment_s3_url[0] != '\0';
}

int64_t pl_blobs_largest(const struct pl_policy *policy)
{
	return policy->attachment_s3_url[0] == '\0' ? INT64_MAX : PL_S3_LARGEST;
}

static int open_store(const struct pl_blobs *blobs, struct pl_s3 **s3_r, struct pl_error *err)
{
	if (pl_s3_open(blobs->policy, s3_r, err) < 0)
		return -1;
	pl_s3_on_progress(*s3_r, blobs->progress, blobs->context);
	return 0;
}

int blob_s3_put(const struct pl_blob *blob, const char *name, struct pl_error *err)
{
	struct pl_s3 *s3;
	int ret;

	if (blob->size > PL_S3_LARGEST)
		return pl_error_set(err, PL_ERR_RETRY,
				    "a file of more than 5 GB cannot be stored in %s",
				    blob->blobs->policy->attachment_s3_url);
	if (open_store(blob->blobs, &s3, err) < 0)
		return -1;
	ret = pl_s3_put(s3, name, blob->fd, blob->size, err);
	pl_s3_close(&s3);
	return ret;
}

/* -- fetching -- */

struct fetch {
	const struct pl_blobs *blobs;
	const char *name;
	int incoming;
	char path[PL_BLOB_NAME + 8]; /* in incoming */
	int fd;
};

static int open_incoming(const struct pl_blobs *blobs, struct pl_error *err)
{
	int fd;

	/* This machine may have stored nothing yet. */
	if (blobs_make_folder(blobs, INCOMING, 0770) < 0)
		return blobs_failed(blobs, INCOMING, err);
	fd = openat(blobs->folder, INCOMING, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? blobs_failed(blobs, INCOMING, err) : fd;
}

static int is_there(const struct fetch *fetch)
{
	char path[PL_BLOB_NAME + 3];
	struct stat st;

	snprintf(path, sizeof(path), "%.2s/%s", fetch->name, fetch->name);
	return fstatat(fetch->blobs->folder, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Whether the file that is open is still the one of that path. */
static int is_same(const struct fetch *fetch)
{
	struct stat one, other;

	return fstat(fetch->fd, &one) == 0 &&
	       fstatat(fetch->incoming, fetch->path, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
	       one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* 1: the file is ours to write; 0: another one has it; -1. */
static int try_to_begin(struct fetch *fetch, struct pl_error *err)
{
	fetch->fd = openat(fetch->incoming, fetch->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
			   0660);
	if (fetch->fd < 0)
		return blobs_failed(fetch->blobs, INCOMING, err);
	if (flock(fetch->fd, LOCK_EX | LOCK_NB) == 0 && is_same(fetch))
		return 1;
	close(fetch->fd);
	fetch->fd = -1;
	return 0;
}

/* 1: it is ours to fetch; 0: it has come meanwhile; -1. */
static int begin_fetch(struct fetch *fetch, struct pl_error *err)
{
	const struct timespec while_ = { .tv_nsec = LOOK_EVERY_MS * 1000000L };
	const int64_t until_ms = pl_monotonic_ms() + WAIT_MS;
	int ret;

	while ((ret = try_to_begin(fetch, err)) == 0) {
		if (is_there(fetch))
			return 0;
		if (pl_monotonic_ms() > until_ms)
			return pl_error_set(err, PL_ERR_RETRY,
					    "another request is still fetching the same file from "
					    "%s",
					    fetch->blobs->policy->attachment_s3_url);
		nanosleep(&while_, NULL);
	}
	if (ret == 1 && is_there(fetch)) {
		unlinkat(fetch->incoming, fetch->path, 0);
		return 0;
	}
	return ret;
}

/* What is not whole leaves nothing. */
static int fetch_whole(struct fetch *fetch, struct pl_error *err)
{
	const struct pl_blobs *blobs = fetch->blobs;
	struct pl_s3 *s3;
	int64_t size;
	int ret;

	if (open_store(blobs, &s3, err) < 0)
		return -1;
	ret = ftruncate(fetch->fd, 0) < 0 ? blobs_failed(blobs, INCOMING, err)
					  : pl_s3_get(s3, fetch->name, fetch->fd, &size, err);
	pl_s3_close(&s3);
	if (ret == 1 &&
	    (blobs_finish(blobs, fetch->fd, err) < 0 ||
	     blobs_give_name(blobs, fetch->incoming, fetch->path, fetch->fd, fetch->name, err) < 0))
		ret = -1;
	return ret;
}

int blobs_s3_fetch(const struct pl_blobs *blobs, const char *name, struct pl_error *err)
{
	struct fetch fetch = { .blobs = blobs, .name = name, .fd = -1 };
	int ret;

	fetch.incoming = open_incoming(blobs, err);
	if (fetch.incoming < 0)
		return -1;
	snprintf(fetch.path, sizeof(fetch.path), "get-%s", name);
	ret = begin_fetch(&fetch, err);
	if (ret == 1) {
		ret = fetch_whole(&fetch, err);
		if (ret != 1)
			unlinkat(fetch.incoming, fetch.path, 0);
	} else if (ret == 0) {
		ret = 1;
	}
	if (fetch.fd >= 0)
		close(fetch.fd);
	close(fetch.incoming);
	return ret;
}

/* -- removing -- */

struct sweep {
	struct pl_s3 *s3;
	int64_t now;
	pl_blob_is_used *is_used;
	void *context;
	int64_t removed, until_ms;
	char until[3]; /* the digits at which it ends; "": with the last object */
	struct pl_error *err;
};

static int visit_object(void *context, const char *name, int64_t size, int64_t modified_at)
{
	struct sweep *sweep = context;
	int used;

	(void)size;
	if (pl_monotonic_ms() > sweep->until_ms ||
	    (sweep->until[0] != '\0' && strncmp(name, sweep->until, 2) >= 0))
		return ENOUGH;
	if (modified_at > sweep->now - OBJECT_ORPHAN_AGE)
		return 0;
	used = sweep->is_used(sweep->context, name, sweep->err);
	if (used != 0)
		return used < 0 ? -1 : 0;
	if (pl_s3_delete(sweep->s3, name, sweep->err) < 0)
		return -1;
	sweep->removed++;
	return 0;
}

int blobs_s3_sweep(const struct pl_blobs *blobs, int64_t now, pl_blob_is_used *is_used,
		   void *context, int64_t *removed, struct pl_error *err)
{
	struct sweep sweep = { .now = now,
			       .is_used = is_used,
			       .context = context,
			       .until_ms = pl_monotonic_ms() + SWEEP_MS,
			       .err = err };
	char begin[3];
	unsigned char chance;
	int ret;

	if (RAND_bytes(&chance, 1) != 1)
		return pl_error_set(err, PL_ERR_RETRY, "OpenSSL has no random bytes");
	if (open_store(blobs, &sweep.s3, err) < 0)
		return -1;
	pl_hex(&chance, 1, begin);
	ret = pl_s3_list(sweep.s3, begin, visit_object, &sweep, err);
	if (ret == 0) {
		snprintf(sweep.until, sizeof(sweep.until), "%s", begin);
		ret = pl_s3_list(sweep.s3, "", visit_object, &sweep, err);
	}
	pl_s3_close(&sweep.s3);
	*removed += sweep.removed;
	return ret < 0 ? -1 : 0;
}

/* -- copies -- */

int blobs_s3_add_copy(struct copies *copies, const char *name, int64_t size, int64_t used_at,
		      struct pl_error *err)
{
	if (copies->count == copies->room) {
		const size_t room = copies->room == 0 ? SOME_COPIES : 2 * copies->room;
		struct copy *more = reallocarray(copies->copy, room, sizeof(*more));

		if (more == NULL)
			return pl_error_set(err, PL_ERR_RETRY, "out of memory");
		copies->copy = more;
		copies->room = room;
	}
	copies->copy[copies->count] = (struct copy){ .size = size, .used_at = used_at };
	snprintf(copies->copy[copies->count].name, PL_BLOB_NAME, "%s", name);
	copies->count++;
	copies->bytes += size;
	return 0;
}

static int by_use(const void *one, const void *other)
{
	const struct copy *a = one, *b = other;

	return a->used_at < b->used_at ? -1 : a->used_at > b->used_at;
}

/* 1: it was removed; 0: the store does not have it; -1. */
static int remove_copy(const struct pl_blobs *blobs, struct pl_s3 *s3, const struct copy *copy,
		       struct pl_error *err)
{
	char path[PL_BLOB_NAME + 3];
	int64_t size;
	const int ret = pl_s3_has(s3, copy->name, &size, err);

	if (ret <= 0 || size != copy->size)
		return ret < 0 ? -1 : 0;
	snprintf(path, sizeof(path), "%.2s/%s", copy->name, copy->name);
	return unlinkat(blobs->folder, path, 0) == 0 || errno == ENOENT
		       ? 1
		       : blobs_failed(blobs, path, err);
}

int blobs_s3_evict(const struct pl_blobs *blobs, struct copies *copies, struct pl_error *err)
{
	const int64_t most = blobs->policy->attachment_s3_cache * MEGABYTE;
	struct pl_s3 *s3;
	int ret = 0;

	if (copies->bytes <= most)
		return 0;
	if (open_store(blobs, &s3, err) < 0)
		return -1;
	qsort(copies->copy, copies->count, sizeof(copies->copy[0]), by_use);
	for (size_t i = 0; ret >= 0 && copies->bytes > most && i < copies->count; i++) {
		ret = remove_copy(blobs, s3, &copies->copy[i], err);
		if (ret == 1)
			copies->bytes -= copies->copy[i].size;
	}
	pl_s3_close(&s3);
	return ret < 0 ? -1 : 0;
}
