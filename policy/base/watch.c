/* watch.c - see watch.h. */
#include "policy/base/watch.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void look(struct pl_watch *watch)
{
	struct stat st;

	if (stat(watch->path, &st) < 0) {
		watch->exists = 0;
		return;
	}
	watch->exists = 1;
	watch->dev = st.st_dev;
	watch->ino = st.st_ino;
	watch->size = st.st_size;
	watch->mode = st.st_mode;
	watch->mtime = st.st_mtim;
	watch->ctime = st.st_ctim;
}

static int same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

void pl_watch_set(struct pl_watch *watch, const char *path)
{
	memset(watch, 0, sizeof(*watch));
	snprintf(watch->path, sizeof(watch->path), "%s", path);
	look(watch);
}

int pl_watch_changed(struct pl_watch *watch)
{
	const struct pl_watch before = *watch;

	look(watch);
	if (!before.exists || !watch->exists)
		return before.exists != watch->exists;
	return before.dev != watch->dev || before.ino != watch->ino || before.size != watch->size ||
	       before.mode != watch->mode || !same_time(&before.mtime, &watch->mtime) ||
	       !same_time(&before.ctime, &watch->ctime);
}

int64_t pl_watch_age_ms(const struct pl_watch *watch)
{
	struct timespec now;
	int64_t age_ms;

	if (!watch->exists)
		return INT64_MAX;
	clock_gettime(CLOCK_REALTIME, &now);
	age_ms = ((int64_t)now.tv_sec - watch->mtime.tv_sec) * 1000 +
		 (now.tv_nsec - watch->mtime.tv_nsec) / 1000000;
	return age_ms < 0 ? 0 : age_ms;
}

int pl_watch_replaced(const struct pl_watch *watch)
{
	struct stat st;

	if (stat(watch->path, &st) < 0)
		return watch->exists;
	return !watch->exists || st.st_dev != watch->dev || st.st_ino != watch->ino;
}
