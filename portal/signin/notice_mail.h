/* notice_mail.h - a notice as a message (RFC 5322), in the language of the member. */
#ifndef POSTLATCH_PORTAL_NOTICE_MAIL_H
#define POSTLATCH_PORTAL_NOTICE_MAIL_H

#include "policy/account/notice.h"
#include "policy/settings/policy.h"
#include "portal/http/request.h"

/* The message, whose lines end with LF as sendmail takes them; the caller frees it. In both
 * languages where the notice names none. NULL: out of memory, or the notice is of another
 * version of the portal. */
char *notice_mail(const struct pl_policy *policy, const struct pl_notice *notice, size_t *len_r);

#endif
