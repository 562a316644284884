/* sign_in_count.h - counts what becomes of sign-ins at the page.
 *
 * Dovecot counts wrong passwords (policy/account/login_log.h), with the rule that refused them. All
 * else is known to the portal alone.
 */
#ifndef POSTLATCH_PORTAL_SIGN_IN_COUNT_H
#define POSTLATCH_PORTAL_SIGN_IN_COUNT_H

#include "policy/account/login_count.h"
#include "portal/http/request.h"

/* The kinds of proof of a sign-in that has succeeded; "account-password" is as in last_use.h. */
#define SIGN_IN_BY_PASSWORD "account-password"
#define SIGN_IN_BY_CODE "one-time-code"
#define SIGN_IN_BY_PASSKEY "passkey" /* after the password */
#define SIGN_IN_BY_PASSKEY_ALONE "passkey-alone"
#define SIGN_IN_BY_APPROVAL "approval"
#define SIGN_IN_BY_RECOVERY "recovery-code"
#define SIGN_IN_BY_DEVICE "trusted-device"
#define SIGN_IN_BY_NOTHING "unknown"

/* Counts one under the domain of the address, which is looked up; where that is impossible, under
 * no domain. The other strings are static. Never fails. */
void count_sign_in(const struct request *request, const char *address,
		   enum pl_login_outcome outcome, const char *credential, const char *rule);

#endif
