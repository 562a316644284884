/* store_sqlite_backup.c - a copy of a database that others write to meanwhile, and back.
 *
 * SQLite's backup begins again when it finds that another program has written between two
 * steps, unless its source is within a read transaction: so one is open from the first page
 * to the last, and the copy is of the moment at which it began. Writers are not held up: they
 * append to the -wal file, which grows for as long as the copy takes, and is written back and
 * used anew after that. VACUUM INTO would read as steadily, but builds every table and index
 * anew, tells nothing of how far it is, and makes a file that is not in WAL mode.
 *
 * The way back is the same in the other direction: SQLite writes all pages in one transaction of
 * the database in use. Its readers go on with what there was until that is committed, its writers
 * wait, and of a run that is killed nothing is left. The file itself stays, with owner and mode,
 * so no program has to be stopped or to open another one.
 */
#include "policy/store/store_sqlite.h"

#include <sqlite3.h>

#include "policy/base/new_file.h"

#define PAGES 1024 /* between two words of progress */
/* A program that closes the database last may be writing its log back, which takes its time. */
#define WAIT 30000

static int run(sqlite3 *handle, const char *sql, struct pl_error *err)
{
	int code = sqlite3_exec(handle, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : pl_sqlite_failed(handle, code, err);
}

static int open_db(const char *path, sqlite3 **handle_r, struct pl_error *err)
{
	int code = sqlite3_open_v2(path, handle_r, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE,
				   NULL);

	return code == SQLITE_OK ? 0 : pl_sqlite_failed(*handle_r, code, err);
}

/* The transaction begins with what is read first. */
static int open_source(const char *path, sqlite3 **handle_r, struct pl_error *err)
{
	if (open_db(path, handle_r, err) < 0)
		return -1;
	sqlite3_busy_timeout(*handle_r, WAIT);
	return run(*handle_r, "BEGIN; SELECT COUNT(*) FROM sqlite_schema", err);
}

/* Nobody sees the copy before it is whole, and then it is synced: no journal, and no syncs
 * in between. */
static int open_copy(const char *path, sqlite3 **handle_r, struct pl_error *err)
{
	if (open_db(path, handle_r, err) < 0)
		return -1;
	return run(*handle_r, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", err);
}

static int copy_pages(sqlite3 *from, sqlite3 *to, void (*progress)(int left, int of),
		      struct pl_error *err)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
	int code;

	if (backup == NULL)
		return pl_sqlite_failed(to, sqlite3_errcode(to), err);
	do {
		code = sqlite3_backup_step(backup, PAGES);
		if (progress != NULL)
			progress(sqlite3_backup_remaining(backup),
				 sqlite3_backup_pagecount(backup));
	} while (code == SQLITE_OK);
	sqlite3_backup_finish(backup);
	if (code == SQLITE_FULL)
		return pl_error_set(err, PL_ERR_RETRY, "the disk is full");
	return code == SQLITE_DONE ? 0 : pl_sqlite_failed(to, code, err);
}

static int write_copy(sqlite3 *from, const char *path, void (*progress)(int left, int of),
		      struct pl_error *err)
{
	struct pl_new_file file;
	sqlite3 *to = NULL;
	int ret = -1;

	if (pl_new_file_begin(&file, path, 0600, err) < 0)
		return -1;
	if (open_copy(file.partial, &to, err) == 0)
		ret = copy_pages(from, to, progress, err);
	sqlite3_close_v2(to);
	if (ret < 0)
		pl_new_file_drop(&file);
	else
		ret = pl_new_file_keep(&file, err);
	return ret;
}

int pl_sqlite_backup(const char *location, const char *path, void (*progress)(int left, int of),
		     struct pl_error *err)
{
	sqlite3 *from = NULL;
	int ret = -1;

	if (open_source(location, &from, err) == 0)
		ret = write_copy(from, path, progress, err);
	sqlite3_close_v2(from);
	return ret;
}

int pl_sqlite_restore(const char *location, const char *path, void (*progress)(int left, int of),
		      struct pl_error *err)
{
	sqlite3 *from = NULL, *to = NULL;
	int ret = -1;

	if (open_source(path, &from, err) == 0 && open_db(location, &to, err) == 0) {
		sqlite3_busy_timeout(to, WAIT);
		ret = run(to, "PRAGMA synchronous = FULL", err);
	}
	if (ret == 0)
		ret = copy_pages(from, to, progress, err);
	/* The log has become as large as the database. While others read, it stays so. */
	if (ret == 0)
		sqlite3_exec(to, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
	sqlite3_close_v2(to);
	sqlite3_close_v2(from);
	return ret;
}
