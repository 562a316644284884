/* store_sqlite.c - the SQLite backend. */
#include "policy/store/store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "policy/base/monotonic.h"
#include "policy/base/watch.h"

/* The auth process may keep so many KiB of pages, where SQLite's default is 2000. It
 * does not map the file: a fault of the disk would be a signal there, not an error. */
#define LOGIN_CACHE "-24576"
/* The command writes files of members, whose indexes do not all have the file's order: a page that
 * is in no cache is written to the journal and read again for each row. It takes what it uses. */
#define COMMAND_CACHE "-98304"
/* So do jobs of the console, of whose connections there are several. */
#define CONSOLE_CACHE "-16384"

#define SQL_MAX 2048
#define LOCK_PAUSE_MAX 10 /* milliseconds between two attempts to get a lock */
#define SHM_SLACK (1 << 20)

struct db {
	sqlite3 *handle;
	sqlite3_stmt *begin_read, *begin_write, *commit, *rollback;
	struct pl_watch watch;
	int wait_ms;              /* for a lock */
	int64_t locked_ms;        /* since when it is waited for */
	struct pl_budget *budget; /* NULL: none */
	char shm[PATH_MAX];
	int shm_read_only;
	ino_t shm_inode; /* as it was seen last; 0: not yet */
	off_t shm_size;  /* the largest that was seen */
};

/* What the caller can do about each of SQLite's faults. */
int pl_sqlite_failed(sqlite3 *handle, int code, struct pl_error *err)
{
	const char *words = handle != NULL ? sqlite3_errmsg(handle) : sqlite3_errstr(code);

	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return pl_error_set(err, PL_ERR_RETRY,
				    "the database is locked by another program (%s)", words);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return pl_error_set(err, PL_ERR_CONFIG,
				    "the database file is damaged (%s): put a backup in its place",
				    words);
	case SQLITE_FULL:
		return pl_error_set(err, PL_ERR_RETRY, "the disk of the database is full (%s)",
				    words);
	case SQLITE_READONLY:
		return pl_error_set(err, PL_ERR_RETRY,
				    "not writable (%s): the file, its -wal and -shm and their "
				    "folder "
				    "must be writable for group postlatch",
				    words);
	case SQLITE_CANTOPEN:
		return pl_error_set(err, PL_ERR_RETRY,
				    "cannot be opened (%s): see that it exists, `postlatch db "
				    "init` "
				    "makes it, and that this user may read and write it, its -wal, "
				    "its -shm and their folder",
				    words);
	case SQLITE_CONSTRAINT:
		return pl_error_set(err, PL_ERR_CONFLICT, "it already exists (%s)", words);
	case SQLITE_NOMEM:
	case SQLITE_IOERR:
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_INTERRUPT:
	case SQLITE_PROTOCOL:
	case SQLITE_NOLFS:
		return pl_error_set(err, PL_ERR_RETRY, "%s", words);
	default:
		return pl_error_set(err, PL_ERR_INTERNAL, "%s", words);
	}
}

/* SQLite maps the -shm file, so a process that reads a part of it that was truncated would be
 * killed by a signal. Nothing in the file must be kept, as SQLite makes it anew from the
 * -wal file when it finds zeros; a program that opens the database would lengthen it in the
 * same way. The file is not opened for that: closing it would drop SQLite's locks on it. Called
 * before SQLite reads the file in a new transaction; what is truncated during one, which is short,
 * is not noticed. */
static int repair_shm(struct db *db, struct pl_error *err)
{
	struct stat st;

	if (lstat(db->shm, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	if (st.st_ino != db->shm_inode) {
		db->shm_inode = st.st_ino;
		db->shm_size = st.st_size;
	}
	if (st.st_size >= db->shm_size) {
		db->shm_size = st.st_size;
		return 0;
	}
	/* What is left of it would look whole. Others may have made it larger since it was seen. */
	if (truncate(db->shm, 0) == 0 && truncate(db->shm, db->shm_size + SHM_SLACK) == 0)
		return 0;
	return pl_error_set(err, PL_ERR_RETRY,
			    "%s was truncated and cannot be repaired: %s; let this program write "
			    "it, "
			    "or stop all programs that use the database and delete it",
			    db->shm, strerror(errno));
}

static void describe(const char *path, char *buf, size_t size)
{
	snprintf(buf, size, "%s", path);
}

static int script(void *db_p, const char *sql, struct pl_error *err)
{
	struct db *db = db_p;
	int code;

	if (repair_shm(db, err) < 0)
		return -1;
	code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
	return code == SQLITE_OK ? 0 : pl_sqlite_failed(db->handle, code, err);
}

static int prepare_handle(struct db *db, const char *sql, sqlite3_stmt **stmt_r,
			  struct pl_error *err)
{
	int code;

	if (repair_shm(db, err) < 0)
		return -1;
	code = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, stmt_r, NULL);
	return code == SQLITE_OK ? 0 : pl_sqlite_failed(db->handle, code, err);
}

static int is_reader(enum pl_role role)
{
	return role == PL_ROLE_LOGIN || role == PL_ROLE_MILTER;
}

/* SQLite calls it for as long as another connection holds a lock; 0: give up. */
static int wait_for_lock(void *db_p, int times)
{
	struct db *db = db_p;
	const int64_t now = pl_monotonic_ms();
	int left, pause;
	struct timespec sleep = { 0 };

	if (times == 0)
		db->locked_ms = now;
	left = pl_budget_limit(db->budget, db->wait_ms - (int)(now - db->locked_ms));
	if (left <= 0)
		return 0;
	pause = times < LOCK_PAUSE_MAX ? times + 1 : LOCK_PAUSE_MAX;
	sleep.tv_nsec = (pause < left ? pause : left) * 1000000L;
	nanosleep(&sleep, NULL);
	pl_budget_spend(db->budget, now);
	return 1;
}

static void set_budget(void *db_p, struct pl_budget *budget)
{
	struct db *db = db_p;

	db->budget = budget;
}

static int configure(struct db *db, enum pl_role role, struct pl_error *err)
{
	db->wait_ms = role == PL_ROLE_LOGIN ? PL_STORE_WAIT_LOGIN : PL_STORE_WAIT;
	sqlite3_busy_handler(db->handle, wait_for_lock, db);
	if (script(db,
		   "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; "
		   "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;",
		   err) < 0)
		return -1;
	if (is_reader(role) && script(db, "PRAGMA query_only = ON;", err) < 0)
		return -1;
	if (role == PL_ROLE_LOGIN && script(db, "PRAGMA cache_size = " LOGIN_CACHE ";", err) < 0)
		return -1;
	if (role == PL_ROLE_CONSOLE &&
	    script(db, "PRAGMA cache_size = " CONSOLE_CACHE ";", err) < 0)
		return -1;
	if (role == PL_ROLE_COMMAND &&
	    script(db, "PRAGMA cache_size = " COMMAND_CACHE ";", err) < 0)
		return -1;
	if (prepare_handle(db, "BEGIN", &db->begin_read, err) < 0 ||
	    prepare_handle(db, "BEGIN IMMEDIATE", &db->begin_write, err) < 0 ||
	    prepare_handle(db, "COMMIT", &db->commit, err) < 0 ||
	    prepare_handle(db, "ROLLBACK", &db->rollback, err) < 0)
		return -1;
	return 0;
}

static void close_db(void *db_p)
{
	struct db *db = db_p;

	sqlite3_finalize(db->begin_read);
	sqlite3_finalize(db->begin_write);
	sqlite3_finalize(db->commit);
	sqlite3_finalize(db->rollback);
	(void)repair_shm(db, NULL);
	sqlite3_close_v2(db->handle);
	free(db);
}

static int is_read_only(const char *path)
{
	return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) < 0 && errno != ENOENT;
}

static int open_db(const char *path, enum pl_role role, void **db_r, struct pl_error *err)
{
	struct db *db = calloc(1, sizeof(*db));
	int code;

	*db_r = NULL;
	if (db == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	/* SQLite counts its memory under one lock for the whole process, which the
	 * two threads of the auth process would wait for in each login. Nobody asks
	 * for the sum. Without effect once SQLite is in use, which does not matter. */
	if (role == PL_ROLE_LOGIN)
		sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	/* Noted before it is opened: a file put there in between is noticed. */
	pl_watch_set(&db->watch, path);
	snprintf(db->shm, sizeof(db->shm), "%s-shm", path);
	db->shm_read_only = is_read_only(db->shm);
	code = sqlite3_open_v2(path, &db->handle,
			       SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
			       NULL);
	if (code != SQLITE_OK) {
		pl_sqlite_failed(db->handle, code, err);
		close_db(db);
		return -1;
	}
	if (configure(db, role, err) < 0) {
		close_db(db);
		return -1;
	}
	*db_r = db;
	return 0;
}

/* SQLite opens the -shm file once for all connections of a process. A reader
 * that got it read-only would keep the process from writing for ever, so it is
 * opened again when that has been fixed. */
static int replaced(const void *db_p)
{
	const struct db *db = db_p;

	return pl_watch_replaced(&db->watch) || (db->shm_read_only && !is_read_only(db->shm));
}

/* SQLite's reports have several lines. */
static void copy_line(const char *text, char *line, size_t size)
{
	snprintf(line, size, "%s", text);
	for (; *line != '\0'; line++) {
		if (*line == '\n')
			*line = ' ';
	}
}

/* Pages, tables and indexes. */
static int verify_pages(struct db *db, char *problem_r, size_t size, struct pl_error *err)
{
	sqlite3_stmt *stmt;
	int code;

	if (prepare_handle(db, "PRAGMA integrity_check(1)", &stmt, err) < 0)
		return -1;
	code = sqlite3_step(stmt);
	if (code == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") != 0)
		copy_line((const char *)sqlite3_column_text(stmt, 0), problem_r, size);
	sqlite3_finalize(stmt);
	return code == SQLITE_ROW ? 0 : pl_sqlite_failed(db->handle, code, err);
}

/* Rows that refer to others: that these are there. */
static int verify_references(struct db *db, char *problem_r, size_t size, struct pl_error *err)
{
	sqlite3_stmt *stmt;
	int code;

	if (prepare_handle(db, "PRAGMA foreign_key_check", &stmt, err) < 0)
		return -1;
	code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		snprintf(problem_r, size,
			 "a row of table %s refers to one of table %s that is not there",
			 (const char *)sqlite3_column_text(stmt, 0),
			 (const char *)sqlite3_column_text(stmt, 2));
	sqlite3_finalize(stmt);
	return code == SQLITE_ROW || code == SQLITE_DONE ? 0
							 : pl_sqlite_failed(db->handle, code, err);
}

static int verify_db(void *db_p, char *problem_r, size_t size, struct pl_error *err)
{
	problem_r[0] = '\0';
	if (verify_pages(db_p, problem_r, size, err) < 0)
		return -1;
	return problem_r[0] == '\0' ? verify_references(db_p, problem_r, size, err) : 0;
}

/* Runs one of the kept transaction statements. */
static int run_kept(struct db *db, sqlite3_stmt *stmt, struct pl_error *err)
{
	int code = sqlite3_step(stmt);

	if (code != SQLITE_DONE)
		pl_sqlite_failed(db->handle, code, err);
	sqlite3_reset(stmt);
	return code == SQLITE_DONE ? 0 : -1;
}

static int begin(void *db_p, int write, struct pl_error *err)
{
	struct db *db = db_p;

	if (repair_shm(db, err) < 0)
		return -1;
	return run_kept(db, write ? db->begin_write : db->begin_read, err);
}

static int commit(void *db_p, struct pl_error *err)
{
	struct db *db = db_p;

	return run_kept(db, db->commit, err);
}

static void rollback(void *db_p)
{
	struct db *db = db_p;

	if (!sqlite3_get_autocommit(db->handle))
		run_kept(db, db->rollback, NULL);
}

/* Runs sql with a table's name and, where it has a second place, a value. */
static int run_counter(struct db *db, const char *sql, const char *table, int64_t value,
		       int64_t *value_r, struct pl_error *err)
{
	sqlite3_stmt *stmt;
	int code;

	if (prepare_handle(db, sql, &stmt, err) < 0)
		return -1;
	sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
	if (sqlite3_bind_parameter_count(stmt) > 1)
		sqlite3_bind_int64(stmt, 2, value);
	code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		*value_r = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return code == SQLITE_ROW || code == SQLITE_DONE ? 0
							 : pl_sqlite_failed(db->handle, code, err);
}

static int counter(void *db, const char *table, int64_t *value_r, struct pl_error *err)
{
	*value_r = 0;
	return run_counter(db, "SELECT seq FROM sqlite_sequence WHERE name = ?", table, 0, value_r,
			   err);
}

static int set_counter(void *db, const char *table, int64_t value, struct pl_error *err)
{
	return run_counter(db, "DELETE FROM sqlite_sequence WHERE name = ?", table, 0, NULL, err) <
			       0
		       ? -1
		       : run_counter(db, "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)",
				     table, value, NULL, err);
}

static int prepare(void *db, const char *sql, void **stmt_r, struct pl_error *err)
{
	sqlite3_stmt *stmt = NULL;
	int ret = prepare_handle(db, sql, &stmt, err);

	*stmt_r = stmt;
	return ret;
}

static void finish(void *stmt)
{
	sqlite3_finalize(stmt);
}

static int columns(void *stmt)
{
	return sqlite3_column_count(stmt);
}

static const char *column_name(void *stmt, int index)
{
	const char *name = sqlite3_column_name(stmt, index);

	return name == NULL ? "" : name;
}

static int bind_int(void *stmt, int index, int64_t value)
{
	return sqlite3_bind_int64(stmt, index + 1, value) == SQLITE_OK ? 0 : -1;
}

static int bind_text(void *stmt, int index, const char *text)
{
	int code = text == NULL ? sqlite3_bind_null(stmt, index + 1)
				: sqlite3_bind_text(stmt, index + 1, text, -1, SQLITE_STATIC);

	return code == SQLITE_OK ? 0 : -1;
}

static int bind_blob(void *stmt, int index, const void *data, size_t len)
{
	return sqlite3_bind_blob64(stmt, index + 1, data, len, SQLITE_STATIC) == SQLITE_OK ? 0 : -1;
}

static int step(void *db_p, void *stmt, struct pl_error *err)
{
	struct db *db = db_p;
	int code;

	/* A statement that is a transaction of its own. */
	if (sqlite3_get_autocommit(db->handle) && !sqlite3_stmt_busy(stmt) &&
	    repair_shm(db, err) < 0)
		return -1;
	code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		return 1;
	return code == SQLITE_DONE ? 0 : pl_sqlite_failed(db->handle, code, err);
}

static void reset(void *stmt)
{
	sqlite3_reset(stmt);
}

static int64_t changes(void *db)
{
	return sqlite3_changes64(((struct db *)db)->handle);
}

/* RETURNING keeps its row in a table of its own, which takes longer than the insertion does. */
static int64_t last_id(void *db)
{
	return sqlite3_last_insert_rowid(((struct db *)db)->handle);
}

static int64_t col_int(void *stmt, int index)
{
	return sqlite3_column_int64(stmt, index);
}

static const char *col_text(void *stmt, int index)
{
	return (const char *)sqlite3_column_text(stmt, index);
}

static const void *col_blob(void *stmt, int index, size_t *len_r)
{
	const void *data = sqlite3_column_blob(stmt, index);

	*len_r = (size_t)sqlite3_column_bytes(stmt, index);
	return data;
}

static enum pl_kind col_kind(void *stmt, int index)
{
	switch (sqlite3_column_type(stmt, index)) {
	case SQLITE_NULL:
		return PL_KIND_NULL;
	case SQLITE_INTEGER:
		return PL_KIND_INT;
	case SQLITE_BLOB:
		return PL_KIND_BLOB;
	default:
		return PL_KIND_TEXT;
	}
}

/* INSERT with a place for each column. */
static int prepare_insert(struct db *db, const struct pl_row_source *source, sqlite3_stmt **stmt_r,
			  struct pl_error *err)
{
	char places[3 * PL_COLUMNS_MAX] = "", sql[SQL_MAX], *out = places;

	for (int i = 0; i < source->column_count; i++)
		out = stpcpy(out, i == 0 ? "?" : ", ?");
	snprintf(sql, sizeof(sql), "INSERT INTO %s (%s) VALUES (%s)", source->table,
		 source->columns, places);
	return prepare_handle(db, sql, stmt_r, err);
}

static int bind_field(sqlite3_stmt *stmt, int index, const struct pl_field *field)
{
	switch (field->kind) {
	case PL_KIND_NULL:
		return bind_text(stmt, index, NULL);
	case PL_KIND_INT:
		return bind_int(stmt, index, field->number);
	case PL_KIND_TEXT:
		return bind_text(stmt, index, field->data);
	case PL_KIND_BLOB:
		return bind_blob(stmt, index, field->data, field->len);
	}
	return -1;
}

static int insert_row(struct db *db, sqlite3_stmt *stmt, const struct pl_field *row, int columns,
		      struct pl_error *err)
{
	int ret = 0;

	for (int i = 0; i < columns && ret == 0; i++)
		ret = bind_field(stmt, i, &row[i]);
	if (ret < 0)
		return pl_sqlite_failed(db->handle, sqlite3_errcode(db->handle), err);
	ret = step(db, stmt, err);
	sqlite3_reset(stmt);
	return ret;
}

static int insert_many(void *db, const struct pl_row_source *source, struct pl_error *err)
{
	struct pl_field row[PL_COLUMNS_MAX];
	sqlite3_stmt *stmt;
	int ret;

	if (prepare_insert(db, source, &stmt, err) < 0)
		return -1;
	while ((ret = source->next(source->context, row, err)) == 1) {
		ret = insert_row(db, stmt, row, source->column_count, err);
		if (ret < 0)
			break;
	}
	sqlite3_finalize(stmt);
	return ret;
}

const struct pl_backend pl_backend_sqlite = {
	.scheme = "sqlite:",
	.dialect = PL_DIALECT_SQLITE,
	.id_column = "INTEGER PRIMARY KEY AUTOINCREMENT",
	.byte_order = "COLLATE BINARY",
	.clock = "0",
	.param_mark = '?',
	.describe = describe,
	.open = open_db,
	.close = close_db,
	.replaced = replaced,
	.set_budget = set_budget,
	.create = pl_sqlite_create,
	.backup = pl_sqlite_backup,
	.restore = pl_sqlite_restore,
	.verify = verify_db,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.begin_long = begin,
	.counter = counter,
	.set_counter = set_counter,
	.insert_many = insert_many,
	.script = script,
	.prepare = prepare,
	.finish = finish,
	.columns = columns,
	.column_name = column_name,
	.bind_int = bind_int,
	.bind_text = bind_text,
	.bind_blob = bind_blob,
	.step = step,
	.reset = reset,
	.changes = changes,
	.last_id = last_id,
	.col_int = col_int,
	.col_text = col_text,
	.col_blob = col_blob,
	.col_kind = col_kind,
};
