/* digest.h - what administrators are told once a week, by mail, of the domains that are theirs.
 *
 * A week begins on Monday at 06:00 UTC by the database's clock. Whoever has become an administrator
 * since is told at once. Programs, which have keys, are told nothing.
 */
#ifndef POSTLATCH_ADMIN_DIGEST_H
#define POSTLATCH_ADMIN_DIGEST_H

#include "policy/admin/administrator.h"

#define PL_DIGEST_UNUSED_DAYS 90 /* an app password that was not used for so long */
#define PL_DIGEST_ENDING_DAYS 14 /* what expires until then */
#define PL_DIGEST_ORIGINS 5      /* with the most wrong guesses of the week */

/* When the week of that time began. */
int64_t pl_digest_week(int64_t now);
/* Tells each administrator who was not told this week, in a transaction of its own, so that others
 * write between them; of several programs that do so at once, one tells. Does nothing where
 * administrator_digest is off. 0, or -1. */
int pl_digest_tell(const struct pl_work *work, const struct pl_policy *policy);

#endif
