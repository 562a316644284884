/* store_sqlite_create.c - makes the file of a new database; see store_sqlite.h. */
#include "policy/store/store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether somebody who made it was killed before there were tables. */
static int is_unfinished(const char *path)
{
	sqlite3 *handle = NULL;
	sqlite3_stmt *stmt = NULL;
	struct stat st;
	int is_empty = 0;

	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return 0;
	if (sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(handle, "SELECT COUNT(*) FROM sqlite_master", -1, &stmt, NULL) ==
		    SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		is_empty = sqlite3_column_int(stmt, 0) == 0;
	sqlite3_finalize(stmt);
	sqlite3_close_v2(handle);
	return is_empty;
}

int pl_sqlite_create(const char *path, struct pl_error *err)
{
	sqlite3 *handle = NULL;
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0660);
	int code;

	if (fd < 0 && errno == EEXIST) {
		fd = is_unfinished(path) ? open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC) : -1;
		errno = EEXIST;
	}
	if (fd < 0)
		return pl_error_set(err, errno == EEXIST ? PL_ERR_CONFLICT : PL_ERR_RETRY, "%s",
				    errno == EEXIST ? "it already exists and is not changed"
						    : strerror(errno));
	/* The umask may have taken the group's bits away. */
	if (fchmod(fd, 0660) < 0) {
		close(fd);
		return pl_error_set(err, PL_ERR_RETRY, "chmod: %s", strerror(errno));
	}
	close(fd);
	code = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(handle, "PRAGMA journal_mode = WAL;", NULL, NULL, NULL);
	if (code != SQLITE_OK)
		pl_sqlite_failed(handle, code, err);
	sqlite3_close_v2(handle);
	return code == SQLITE_OK ? 0 : -1;
}
