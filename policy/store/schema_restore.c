/* schema_restore.c - see schema_restore.h. */
#include "policy/store/schema_restore.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "policy/store/backend.h"
#include "policy/store/schema.h"

#define PROBLEM 256

/* Removes what belongs to a file of that name, and the file itself. */
static void remove_files(const char *path, int with_file)
{
	static const char *const suffixes[] = { "-wal", "-shm", ".partial" };
	char name[PATH_MAX + 16];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		unlink(name);
	}
	if (with_file)
		unlink(path);
}

void pl_staged_drop(const struct pl_staged *staged)
{
	remove_files(staged->path, 1);
}

/* The backend of a database that can be put back, and where it is; NULL. */
static const struct pl_backend *find(const char *uri, const char **location_r, struct pl_error *err)
{
	const struct pl_backend *backend = pl_backend_find(uri, location_r, err);

	if (backend == NULL || backend->restore != NULL)
		return backend;
	pl_error_set(err, PL_ERR_INVALID,
		     "PostgreSQL has its own tool: pg_restore, with what pg_dump has written; "
		     "doc/operations.md has the steps");
	return NULL;
}

/* It is sound, of a version that this program knows, and of the newest one afterwards. */
static int check_and_migrate(struct pl_staged *staged, struct pl_error *err)
{
	char problem[PROBLEM];

	if (pl_schema_read_version(staged->uri, &staged->version, err) < 0)
		return -1;
	if (staged->version > PL_SCHEMA_VERSION)
		return pl_version_check(staged->version, err);
	if (pl_schema_verify(staged->uri, problem, sizeof(problem), err) < 0)
		return -1;
	if (problem[0] != '\0')
		return pl_error_set(err, PL_ERR_INVALID, "it is damaged: %s", problem);
	return pl_schema_migrate(staged->uri, NULL, NULL, err);
}

int pl_staged_make(struct pl_staged *staged_r, const char *uri, const char *backup,
		   void (*progress)(int left, int of), struct pl_error *err)
{
	const char *location;
	const struct pl_backend *backend = find(uri, &location, err);

	if (backend == NULL)
		return -1;
	if (snprintf(staged_r->path, sizeof(staged_r->path), "%s.restore", location) >=
	    (int)sizeof(staged_r->path))
		return pl_error_set(err, PL_ERR_INVALID, "%.64s...: the name is too long",
				    location);
	snprintf(staged_r->uri, sizeof(staged_r->uri), "%s%s", backend->scheme, staged_r->path);
	pl_staged_drop(staged_r);
	if (backend->backup(backup, staged_r->path, progress, err) == 0 &&
	    check_and_migrate(staged_r, err) == 0)
		return 0;
	pl_staged_drop(staged_r);
	return pl_error_prefix(err, "backup %s", backup);
}

/* The name is on the disk when its folder is. */
static void sync_folder(const char *path)
{
	char copy[PATH_MAX];
	int fd;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}

int pl_staged_put(const struct pl_staged *staged, const char *uri,
		  void (*progress)(int left, int of), struct pl_error *err)
{
	const char *location;
	const struct pl_backend *backend = find(uri, &location, err);

	if (backend == NULL)
		return -1;
	if (access(location, F_OK) == 0)
		return backend->restore(location, staged->path, progress, err) == 0
			       ? 0
			       : pl_backend_error(backend, location, err);
	/* A log without its database belongs to one that is gone. */
	remove_files(location, 0);
	if (rename(staged->path, location) < 0)
		return pl_error_set(err, PL_ERR_RETRY, "%s: %s", location, strerror(errno));
	sync_folder(location);
	return 0;
}
