/* profile_link.h - a link that hands an app password over to a device, once.
 *
 * A new app password is known to the page that shows it, and to nobody else. For a device that is
 * set up by a profile, the page gives it back, and it waits for five minutes in the database,
 * sealed under a key that is derived from the link's token. Of the token only a digest is stored,
 * so that neither the database nor the key files show the password. Whoever opens the link first
 * has it; the link, and what waited, are gone then.
 *
 * Functions that write take part in the caller's write transaction.
 */
#ifndef POSTLATCH_PROFILE_LINK_H
#define POSTLATCH_PROFILE_LINK_H

#include "policy/base/seal.h"
#include "policy/credential/app_password.h"

#define PL_PROFILE_LINK_SECONDS 300

struct pl_profile_link {
	struct pl_address address;           /* of the member */
	struct pl_app_password app_password; /* id, member_id, label and limits */
	struct pl_sealed sealed;
};

/* Makes a link to a profile with this app password of the member, in which spaces and case do not
 * matter, and ends earlier ones of the same. 1 and its token, which the caller wipes; 0 when the
 * member has no such app password, or the text is another one; -1. */
int pl_profile_link_make(const struct pl_work *work, const struct pl_keys *keys,
			 const struct pl_account *account, int64_t app_password_id,
			 const struct pl_secret *password, struct pl_secret *token_r);
/* Looks where a link leads, and leaves it as it is. 1; 0 when it is none, was used, or its time is
 * over, or that of its app password; -1. */
int pl_profile_link_get(const struct pl_work *work, const struct pl_secret *token,
			struct pl_profile_link *link_r);
/* Uses up the link: 1 and the app password, 0 when another was faster, -1. */
int pl_profile_link_redeem(const struct pl_work *work, const struct pl_secret *token,
			   const struct pl_profile_link *link, struct pl_secret *password_r);

/* Ends all links of a member. 0 or -1. */
int pl_profile_link_end_all(const struct pl_work *work, int64_t member_id);

#endif
