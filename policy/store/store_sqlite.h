/* store_sqlite.h - what the files of the SQLite backend share.
 *
 * store_sqlite_create.c makes the file of a database, store_sqlite_backup.c copies one in use;
 * store_sqlite.c is the backend, with all else. They alone see libsqlite3.
 */
#ifndef POSTLATCH_STORE_SQLITE_H
#define POSTLATCH_STORE_SQLITE_H

#include "policy/store/backend.h"

struct sqlite3; /* SQLite's */

/* The fault that code stands for; handle has SQLite's words for it, or is NULL. Returns -1. */
int pl_sqlite_failed(struct sqlite3 *handle, int code, struct pl_error *err);

/* See struct pl_backend. An empty file in WAL mode; O_EXCL keeps an older one safe. */
int pl_sqlite_create(const char *path, struct pl_error *err);
int pl_sqlite_backup(const char *location, const char *path, void (*progress)(int left, int of),
		     struct pl_error *err);
int pl_sqlite_restore(const char *location, const char *path, void (*progress)(int left, int of),
		      struct pl_error *err);

#endif
