/* shared_driver.h - the drivers of this auth process, one for each policy file.
 *
 * The passdb and the userdb of the same policy file have the same driver, and with it the same
 * connections to the database. The first block that is asked opens it, the last one closes it.
 */
#ifndef POSTLATCH_SHARED_DRIVER_H
#define POSTLATCH_SHARED_DRIVER_H

#include "dovecot-plugin/driver.h"

struct pool; /* Dovecot's pool_t points to one */

/* What a passdb block and a userdb block have alike. */
struct driver_block {
	const char *policy_path;
	struct pl_driver *driver; /* NULL until it is needed: a worker may never be asked */
};

/* policy_file is the block's setting, empty for the default path, and is copied into pool, the
 * one of the block. */
void driver_block_init(struct driver_block *block, struct pool *pool, const char *policy_file);
/* The driver of the block, which keeps it. Never fails: without memory, the process ends. */
struct pl_driver *driver_block_get(struct driver_block *block);
/* Lets go of the driver, if the block has one. */
void driver_block_deinit(struct driver_block *block);

#endif
