/* decoy.h - an app password that nobody is to use, so that whoever tries it gives himself away.
 *
 * A member or an administrator makes one and leaves it where a thief would look: in a note, a mail,
 * a file of passwords. It opens nothing, and is answered like any wrong password; the member and
 * the administrators of its domain are told by mail. It is stored as one that has expired, so that
 * a version that knows no decoys lets nobody in with it, either.
 */
#ifndef POSTLATCH_DECOY_H
#define POSTLATCH_DECOY_H

#include "policy/account/app_password_use.h"

#define PL_DECOY_TELL_SECONDS 3600  /* at most one alarm of a decoy in this time */
#define PL_DECOY_ADMINISTRATORS 100 /* so many are told at most */

/* Records that it was tried, and raises the alarm, in the caller's write transaction. One that has
 * been revoked meanwhile raises none. 0, or -1. */
int pl_decoy_tried(const struct pl_work *work, const struct pl_app_password_use *tried);

#endif
