/* s3_probe.c - whether a store does what Postlatch needs of it, for `postlatch check`. */
#include <errno.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "policy/attachment/s3.h"
#include "policy/base/random.h"

#define NAME_BYTES 32
#define CONTENT "Postlatch was here.\n"

/* The first page is enough. */
static int stop(void *context, const char *name, int64_t size, int64_t modified_at)
{
	(void)context;
	(void)name;
	(void)size;
	(void)modified_at;
	return 1;
}

static int draw_name(char name_r[PL_HEX_TEXT(NAME_BYTES)], struct pl_error *err)
{
	unsigned char bytes[NAME_BYTES];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return pl_error_set(err, PL_ERR_RETRY, "OpenSSL has no random bytes");
	pl_hex(bytes, sizeof(bytes), name_r);
	return 0;
}

/* A file that has no name, with these bytes; or -1. */
static int new_file(const char *content, struct pl_error *err)
{
	const ssize_t len = (ssize_t)strlen(content);
	const int fd = memfd_create("postlatch", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, content, (size_t)len) == len)
		return fd;
	pl_error_set(err, PL_ERR_RETRY, "a file in memory: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static int store_and_fetch(struct pl_s3 *s3, const char *name, int from, int to,
			   struct pl_error *err)
{
	int64_t size;
	int ret;

	if (pl_s3_put(s3, name, from, (int64_t)strlen(CONTENT), err) < 0)
		return -1;
	ret = pl_s3_get(s3, name, to, &size, err);
	if (ret == 0)
		ret = pl_error_set(err, PL_ERR_RETRY,
				   "the store does not have an object that it has taken");
	return ret < 0 || pl_s3_delete(s3, name, err) < 0 ? -1 : 0;
}

int pl_s3_probe(struct pl_s3 *s3, struct pl_error *err)
{
	char name[PL_HEX_TEXT(NAME_BYTES)];
	int from, to, ret = -1;

	if (pl_s3_list(s3, "", stop, NULL, err) < 0 || draw_name(name, err) < 0)
		return -1;
	from = new_file(CONTENT, err);
	to = from < 0 ? -1 : new_file("", err);
	if (to >= 0)
		ret = store_and_fetch(s3, name, from, to, err);
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	return ret;
}
