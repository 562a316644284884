/* file.c - see file.h. */
#include "policy/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* -1, also when the file has become shorter. */
static int read_all(int fd, char *bytes, size_t len)
{
	size_t used = 0;

	while (used < len) {
		ssize_t got = read(fd, bytes + used, len - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -1;
		used += (size_t)got;
	}
	return 0;
}

static int read_open(int fd, size_t max, char **bytes_r, size_t *len_r, struct pl_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return pl_error_set(err, PL_ERR_CONFIG, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return pl_error_set(err, PL_ERR_CONFIG, "it is not a regular file");
	if ((size_t)st.st_size > max)
		return pl_error_set(err, PL_ERR_CONFIG, "it is larger than %zu bytes", max);
	*len_r = (size_t)st.st_size;
	*bytes_r = malloc(*len_r + 1);
	if (*bytes_r == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	if (read_all(fd, *bytes_r, *len_r) == 0) {
		(*bytes_r)[*len_r] = '\0';
		return 0;
	}
	free(*bytes_r);
	*bytes_r = NULL;
	return pl_error_set(err, PL_ERR_CONFIG, "it cannot be read to its end");
}

int pl_file_read(int folder, const char *name, size_t max, char **bytes_r, size_t *len_r,
		 struct pl_error *err)
{
	/* Of a pipe in its place nobody would wait for the other end. */
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int ret;

	*bytes_r = NULL;
	if (fd < 0)
		return pl_error_set(err, PL_ERR_CONFIG, "%s", strerror(errno));
	ret = read_open(fd, max, bytes_r, len_r, err);
	close(fd);
	return ret;
}
