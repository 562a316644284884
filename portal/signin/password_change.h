/* password_change.h - has an account password changed by postlatch-password (password_socket). */
#ifndef POSTLATCH_PORTAL_PASSWORD_CHANGE_H
#define POSTLATCH_PORTAL_PASSWORD_CHANGE_H

#include "policy/settings/policy.h"

#define PASSWORD_CHANGE_REASON 512

enum password_change {
	PASSWORD_CHANGED,
	PASSWORD_WRONG,   /* the old one is not the member's */
	PASSWORD_REFUSED, /* the new one */
	PASSWORD_LATER,   /* nothing has changed, and the error says why */
	PASSWORD_UNKNOWN, /* whether it has changed; the error says why */
};

struct password_change_request {
	const char *member, *old, *new;
};

/* Waits as long as the command may take. reason_r is the operator's sentence with
 * PASSWORD_REFUSED; "": none. */
enum password_change password_change(const struct pl_policy *policy,
				     const struct password_change_request *asked,
				     char reason_r[PASSWORD_CHANGE_REASON], struct pl_error *err);

#endif
