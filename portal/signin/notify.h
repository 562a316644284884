/* notify.h - mail that tells a member about a sensitive change of the account. */
#ifndef POSTLATCH_PORTAL_NOTIFY_H
#define POSTLATCH_PORTAL_NOTIFY_H

#include "policy/settings/policy.h"
#include "portal/http/request.h"

/* What the mail says about where the change came from, and its language. */
struct notify_origin {
	enum language language; /* LANGUAGES: all, when it is not known which the member reads */
	int64_t at;             /* seconds since 1970 */
	const char *ip;         /* in text; "": not told */
	char device[128];       /* what the browser calls itself; "": unknown */
};

/* What a request tells of its origin. Its ip lives as long as the request. */
struct notify_origin notify_origin_of(const struct request *request);
/* Sends a mail to address through the sendmail command. what names a row of notify.def:
 * "factor-registered", "recovery-used" and so on. Best effort: never waits for the command, and
 * a mail that cannot be sent is logged. */
void notify_member(const struct pl_policy *policy, struct notify_origin origin, const char *address,
		   const char *what);
/* Sends the notices that programs without mail have left (policy/account/notice.h). 0, or -1. */
int notify_pending(const struct pl_work *work, const struct pl_policy *policy);

#endif
