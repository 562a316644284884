/* password_quality.h - whether a new password is good enough, as libpwquality has it.
 *
 * The rules are the machine's, /etc/security/pwquality.conf.
 */
#ifndef POSTLATCH_PORTAL_PASSWORD_QUALITY_H
#define POSTLATCH_PORTAL_PASSWORD_QUALITY_H

#include "policy/base/error.h"

/* Why not. */
struct password_reason {
	const char *code; /* that the pages have a sentence for */
	int number;       /* that the sentence names; 0: none */
};

/* user: the local part of the member's address. 1 good; 0 and the reason; -1 the rules, or the
 * words that are too common, cannot be read. */
int password_quality(const char *new, const char *old, const char *user,
		     struct password_reason *reason_r, struct pl_error *err);

#endif
