/* member_times.h - what is known of a member's mailbox and account password: when mail was last
 * received, and the password last changed.
 */
#ifndef POSTLATCH_MEMBER_TIMES_H
#define POSTLATCH_MEMBER_TIMES_H

#include "policy/account/member.h"

struct pl_member_times {
	int64_t received_at;         /* 0: not known */
	int64_t password_changed_at; /* 0: not known */
};

/* Of a member that is not there (id 0 too), nothing is known. 0, or -1. */
int pl_member_times_get(struct pl_store *store, int64_t member_id, struct pl_member_times *times_r,
			struct pl_error *err);
/* Whoever changes the account password says so, in a write transaction: it is work->now. 0; -1,
 * which is PL_ERR_CONFLICT when there is no such member. */
int pl_member_note_password_change(const struct pl_work *work, const struct pl_address *address);

#endif
