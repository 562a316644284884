/* confirmation.h - codes that confirm targets outside of the operator's domains.
 *
 * A code is mailed to the target, and stored as its HMAC. It is good for a day and for a few tries;
 * a new one replaces it. Which codes were mailed to whom is counted in the table forward_code,
 * which no removal empties, so that nobody is sent many of them.
 *
 * Functions take part in the caller's write transaction.
 */
#ifndef POSTLATCH_FORWARD_CONFIRMATION_H
#define POSTLATCH_FORWARD_CONFIRMATION_H

#include "policy/base/day.h"
#include "policy/forward/forward.h"
#include "policy/outbox/contact_message.h"

#define PL_TARGET_CODE_LIFE PL_DAY_SECONDS
#define PL_TARGET_CODE_TRIES 5
/* In 24 hours. */
#define PL_TARGET_CODES_OF_MEMBER 10
#define PL_TARGET_CODES_TO_TARGET 3

/* Mails a code to a target that is not confirmed; language, ip and device of asker say who asks.
 * 1; 0 the member has asked for as many as there may be; -1. It is 1 as well where the target has
 * been sent as many as there may be, by whomever, and gets none: nobody learns what others do. */
int pl_target_code_mail(const struct pl_work *work, const struct pl_keys *verify,
			const struct pl_account *account, const struct pl_forward_target *target,
			const struct pl_contact_message *asker);
/* Confirms the target if the code is right: 1, 0 when it is not, or not any more, or -1. The caller
 * commits with 0 as well, which counts the try. */
int pl_target_confirm(const struct pl_work *work, const struct pl_keys *verify,
		      const struct pl_policy *policy, const struct pl_account *account,
		      int64_t target_id, const char *code);

#endif
