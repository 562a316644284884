/* shared_driver.h - the drivers of this auth process, one for each policy file.
 *
 * The passdb and the userdb of the same policy file have the same driver, and with it the same
 * connections to the database. The first who asks makes it, the last who lets go ends it.
 */
#ifndef POSTLATCH_SHARED_DRIVER_H
#define POSTLATCH_SHARED_DRIVER_H

#include "dovecot-plugin/driver.h"

/* Never fails: without memory, the process ends. */
struct pl_driver *shared_driver_get(const char *policy_path);
/* Accepts NULL, and sets *driver to it. */
void shared_driver_release(struct pl_driver **driver);

#endif
