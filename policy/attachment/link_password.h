/* link_password.h - passwords without which the files of a link cannot be fetched.
 *
 * Stored is a MAC of the password and the id of its link, with a key of verify.key, which the first
 * of its keys replaces when the password is given and right. Each try is
 * counted before the password is looked at: more than PL_LINK_TRIES wrong ones within
 * PL_LINK_TRIES_SECONDS are refused, whether right or wrong, until that time is over.
 */
#ifndef POSTLATCH_LINK_PASSWORD_H
#define POSTLATCH_LINK_PASSWORD_H

#include "policy/attachment/link.h"

#define PL_LINK_PASSWORD_MIN 6   /* characters */
#define PL_LINK_PASSWORD_MAX 128 /* bytes */
#define PL_LINK_TRIES 10
#define PL_LINK_TRIES_SECONDS 900

/* In the caller's write transaction. password "": it has none from now on. 1, 0 the link has ended,
 * -1; PL_ERR_INVALID: the password is too short or too long. */
int pl_link_set_password(const struct pl_work *work, const struct pl_keys *keys,
			 const struct pl_link *link, const char *password);

enum pl_link_try { PL_LINK_TRY_WRONG, PL_LINK_TRY_RIGHT, PL_LINK_TRY_LATER };

/* Counts a try in a write transaction of its own, which it commits. 0, or -1. wait_r: seconds until
 * there may be another one, with PL_LINK_TRY_LATER. */
int pl_link_try_password_commit(const struct pl_work *work, const struct pl_keys *keys,
				const struct pl_link *link, const char *password,
				enum pl_link_try *try_r, int64_t *wait_r);

#endif
