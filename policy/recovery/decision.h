/* decision.h - what members have decided about recovery contacts, each decision a row.
 *
 * This room owns the tables recovery_decision, recovery_contact, recovery_change and
 * recovery_code. Rows of decisions are only added. They stay when the contacts are erased, and for
 * recovery_record_days when the member is gone: they say what was asked (number and digest of the
 * text), how it was answered, when and from where, and hold no contact.
 *
 * Functions that write take part in the caller's write transaction.
 */
#ifndef POSTLATCH_RECOVERY_DECISION_H
#define POSTLATCH_RECOVERY_DECISION_H

#include "policy/account/member.h"
#include "policy/base/network.h"
#include "policy/recovery/consent_text.h"

#define PL_DECISION_AGREE "agree"
#define PL_DECISION_REFUSE "refuse"
#define PL_DECISION_WITHDRAW "withdraw"

struct pl_decision {
	char what[16];       /* one of those above */
	int64_t text_number; /* of the text that was shown */
	char text_hash[PL_CONSENT_HASH], language[PL_CONSENT_LANGUAGE];
	int64_t at;
	char ip[PL_IP_TEXT], device[64];
};

/* The newest one: 1, 0 there is none, -1. */
int pl_decision_get(const struct pl_work *work, int64_t member_id, struct pl_decision *decision_r);
/* Calls each for all of a member, oldest first, until it returns non-zero. 0, or -1. */
int pl_decision_list(const struct pl_work *work, int64_t member_id,
		     int (*each)(const struct pl_decision *decision, void *context), void *context);
/* Records one, made now. 0, or -1. */
int pl_decision_add(const struct pl_work *work, const struct pl_account *account,
		    const struct pl_decision *decision);

#endif
