/* factor_failure.h - how often a member's second factor has failed in a row.
 *
 * Shared by the kinds and by recovery.c; see factor.h for the rule. Functions that write take
 * part in the caller's write transaction.
 */
#ifndef POSTLATCH_FACTOR_FAILURE_H
#define POSTLATCH_FACTOR_FAILURE_H

#include "policy/credential/factor.h"

/* The time until which no code is checked after so many failures; 0: one is checked now. */
int64_t pl_factor_wait_until(int failures, int64_t failed_at, int64_t now);
/* 1: look at the code; a failure is counted already, so that parallel guesses
 * count. 0: not to be looked at, the answer is WAIT or BLOCKED. -1 error. */
int pl_factor_enter(const struct pl_work *work, int64_t member_id, struct pl_code_answer *answer_r);
/* A right code was redeemed. */
int pl_factor_clear(struct pl_store *store, int64_t member_id, struct pl_error *err);
/* Ends the transaction of an attempt: commits what must be remembered, a right
 * or a wrong code, and undoes the rest. ret is what the attempt returned; its
 * answer stays only when it is safe in the database. */
int pl_factor_finish_commit(const struct pl_work *work, int ret, struct pl_code_answer *answer);

#endif
