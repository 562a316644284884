/* restored.h - what must not come back with a backup of the database. */
#ifndef POSTLATCH_RESTORED_H
#define POSTLATCH_RESTORED_H

#include "policy/account/audit.h"

/* Ends all sessions, with the tokens and applications that hang on them, and the trust of all
 * devices: some were revoked since the backup, or have other values by now. One-time codes that are
 * good now are used up. The audit record names the backup. 0, or -1; in the caller's write
 * transaction. */
int pl_restored(const struct pl_work *work, const char *backup);

#endif
