/* spool.c - see spool.h. */
#include "milter/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void spool_begin(struct spool *spool)
{
	*spool = (struct spool){ .fd = -1 };
}

void spool_end(struct spool *spool)
{
	if (spool->fd >= 0)
		close(spool->fd);
	free(spool->memory);
	spool_begin(spool);
}

static const char *folder(void)
{
	const char *named = getenv("TMPDIR");

	return named == NULL || *named != '/' ? "/var/tmp" : named;
}

/* Not every file system knows files without names from the start. */
static int open_file(struct pl_error *err)
{
	char path[PATH_MAX];
	int fd = open(folder(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);

	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "%s/postlatch-milter.XXXXXX", folder());
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0 && unlink(path) == 0)
		return fd;
	pl_error_set(err, PL_ERR_RETRY, "%s: a file for a message cannot be made: %s", folder(),
		     strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static int put(struct spool *spool, const unsigned char *bytes, size_t count, uint64_t offset,
	       struct pl_error *err)
{
	while (count > 0) {
		const ssize_t len = pwrite(spool->fd, bytes, count, (off_t)offset);

		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return pl_error_set(err, PL_ERR_RETRY, "%s: a message cannot be kept: %s",
					    folder(), strerror(errno));
		bytes += len;
		count -= (size_t)len;
		offset += (uint64_t)len;
	}
	return 0;
}

static int move_to_file(struct spool *spool, struct pl_error *err)
{
	spool->fd = open_file(err);
	if (spool->fd < 0 || put(spool, spool->memory, (size_t)spool->size, 0, err) < 0)
		return -1;
	free(spool->memory);
	spool->memory = NULL;
	return 0;
}

int spool_add(struct spool *spool, const unsigned char *bytes, size_t count, struct pl_error *err)
{
	if (spool->fd < 0 && spool->memory == NULL) {
		spool->memory = malloc(SPOOL_MEMORY);
		if (spool->memory == NULL)
			return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	}
	if (spool->fd < 0 && spool->size + count > SPOOL_MEMORY && move_to_file(spool, err) < 0)
		return -1;
	if (spool->fd < 0)
		memcpy(spool->memory + spool->size, bytes, count);
	else if (put(spool, bytes, count, spool->size, err) < 0)
		return -1;
	spool->size += count;
	return 0;
}

int spool_read(const struct spool *spool, uint64_t offset, unsigned char *bytes_r, size_t count)
{
	if (offset > spool->size || count > spool->size - offset)
		return -1;
	if (spool->fd < 0) {
		if (count > 0)
			memcpy(bytes_r, spool->memory + offset, count);
		return 0;
	}
	while (count > 0) {
		const ssize_t len = pread(spool->fd, bytes_r, count, (off_t)offset);

		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return -1;
		bytes_r += len;
		count -= (size_t)len;
		offset += (uint64_t)len;
	}
	return 0;
}
