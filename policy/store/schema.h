/* schema.h - the tables and their history.
 *
 * Migrations are only ever appended. Programs refuse a database that is older
 * or newer than they know; only `postlatch db init|migrate` changes a schema.
 */
#ifndef POSTLATCH_SCHEMA_H
#define POSTLATCH_SCHEMA_H

#include <stddef.h>
#include "policy/base/error.h"
#include "policy/store/version.h"

struct pl_migration {
	const char *title;
	const char *sql; /* several statements; {ID} becomes the backend's self-counting key */
};

/* What a database says in words of its own, as triggers. */
enum pl_dialect { PL_DIALECT_SQLITE, PL_DIALECT_POSTGRESQL, PL_DIALECTS };

/* Version N is what migrations 1 to N make, PL_SCHEMA_VERSION the newest. NULL for a
 * version that there is not. */
const struct pl_migration *pl_schema_migration(int version);
/* What belongs to that migration in a dialect; it is run after it. NULL for most. */
const char *pl_schema_in_dialect(int version, enum pl_dialect dialect);

/* Creates an empty database of the newest version; PL_ERR_CONFLICT when there
 * is one already. The file gets mode 0660; the caller sees to its owner. */
int pl_schema_create(const char *uri, struct pl_error *err);
/* The same. prepare is called before the tables are committed, and what it makes is there whenever
 * they are: keys, for example. It fails like pl_schema_create, and nothing is committed then. */
int pl_schema_create_with(const char *uri, int (*prepare)(void *context, struct pl_error *err),
			  void *context, struct pl_error *err);
/* Brings a database to the newest version, one transaction for each step.
 * from_r and to_r (may be NULL) tell what was done. */
int pl_schema_migrate(const char *uri, int *from_r, int *to_r, struct pl_error *err);
/* Writes a consistent copy of a database in use to a new file, mode 0600.
 * progress (may be NULL) hears how many pages are left of how many. */
int pl_schema_backup(const char *uri, const char *path, void (*progress)(int left, int of),
		     struct pl_error *err);
/* Has the database check itself; problem_r gets the first fault, "" when sound. */
int pl_schema_verify(const char *uri, char *problem_r, size_t size, struct pl_error *err);
/* The version of a database. */
int pl_schema_read_version(const char *uri, int *version_r, struct pl_error *err);

#endif
