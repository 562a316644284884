/* schema_restore.h - puts a database back from a backup, in two steps.
 *
 * First the backup is copied to a file beside the database, checked there, and migrated when it is
 * of an older version: so the backup stays as it is, and what is put back is always of this
 * program's version. The caller changes in this copy what must not come back. Then all of it takes
 * the place of what the database holds, in one transaction, while programs use it. Only for
 * databases that are files.
 */
#ifndef POSTLATCH_SCHEMA_RESTORE_H
#define POSTLATCH_SCHEMA_RESTORE_H

#include <limits.h>
#include "policy/base/error.h"

struct pl_staged {
	char path[PATH_MAX];
	char uri[PATH_MAX + 16];
	int version; /* of the backup */
};

/* Makes the copy, mode 0600. What a run that was killed has left is replaced. PL_ERR_INVALID for a
 * backup that is damaged, PL_ERR_CONFIG for one of a newer version. */
int pl_staged_make(struct pl_staged *staged_r, const char *uri, const char *backup,
		   void (*progress)(int left, int of), struct pl_error *err);
/* Where there is no database, the copy becomes it, with its owner and mode, and is gone. */
int pl_staged_put(const struct pl_staged *staged, const char *uri,
		  void (*progress)(int left, int of), struct pl_error *err);
/* Removes the copy. */
void pl_staged_drop(const struct pl_staged *staged);

#endif
