/* factor.h - a member's second factors, of whatever kinds (policy/settings/factor_kind.def).
 *
 * Here is what holds for all of them together: which are registered and since when, recovery codes,
 * and the removal of all. How one is registered and how it is redeemed is in the file of its kind.
 *
 * Failures are counted per member, apart from those of passwords, and only a
 * right code or an administrator's reset clears them: five are free, then each
 * one costs a wait that doubles from 30 s to an hour, and after a hundred in a
 * row no kind is accepted any more (NIST SP 800-63B 3.2.2).
 *
 * Functions that write take part in the caller's write transaction; those named
 * _commit have their own.
 */
#ifndef POSTLATCH_FACTOR_H
#define POSTLATCH_FACTOR_H

#include "policy/account/member.h"
#include "policy/base/keys.h"
#include "policy/outbox/notice.h"

#define PL_FACTOR_FREE_FAILURES 5
#define PL_FACTOR_MAX_FAILURES 100

enum pl_code_result {
	PL_CODE_RIGHT,
	PL_CODE_WRONG,
	PL_CODE_USED,    /* right, but used before (or older than one that was) */
	PL_CODE_WAIT,    /* too many failures; not looked at */
	PL_CODE_BLOCKED, /* PL_FACTOR_MAX_FAILURES in a row; not looked at */
	PL_CODE_NONE,    /* nothing is registered, or the session has no registration that pends */
	PL_CODE_CLONED,  /* a passkey whose counter has gone back: there are two of it */
};

struct pl_code_answer {
	enum pl_code_result result;
	int64_t wait; /* seconds, with PL_CODE_WAIT */
};

struct pl_factor_state {
	unsigned int kinds; /* that are registered, a set; 0: there is no second factor */
	/* When and from where a factor was registered last. */
	int64_t registered_at;
	char registered_ip[PL_IP_TEXT];
	int failures;       /* in a row */
	int64_t wait_until; /* no code is checked before; 0: one is checked now */
	int recovery_codes; /* left */
	int recovery_kept;  /* the member has confirmed to have kept them */
};

/* All fields are 0 for a member who does not exist. 0 or -1. */
int pl_factor_state(const struct pl_work *work, int64_t member_id, struct pl_factor_state *state_r);
/* To be called by a kind that was registered for the member: failures are removed, and the choice
 * to leave the factor out ends, which somebody else may have made. With the first factor, what may
 * be left of an earlier one ends: recovery codes and trusted devices. 0 or -1. */
int pl_factor_registered(const struct pl_work *work, struct pl_account *account,
			 enum pl_factor_kind kind);
/* Removes all factors, pending registrations, recovery codes, failures and trusted devices.
 * 1 removed, 0 there was none. Sessions are the caller's. */
int pl_factor_reset(const struct pl_work *work, struct pl_account *account);

/* Removes what there is of one kind; with the last kind, all that pl_factor_reset removes. 1
 * removed, 0 there was none, -1. */
int pl_factor_remove(const struct pl_work *work, struct pl_account *account,
		     enum pl_factor_kind kind);

/* Recovery codes: ten, each of 80 random bits shown as "abcd-efgh-ijkl-mnop"
 * (base32), each good once; throttled together with the codes. New ones replace
 * the old. Case, spaces and hyphens do not matter when one is offered. As they are
 * shown once, new ones count as not kept until the member confirms it. */
#define PL_RECOVERY_CODES 10
#define PL_RECOVERY_TEXT 20

/* Replaces the member's recovery codes. codes_r is shown once; the caller wipes it. 0, or -1. */
int pl_recovery_make(const struct pl_work *work, const struct pl_keys *verify,
		     const struct pl_account *account,
		     char codes_r[PL_RECOVERY_CODES][PL_RECOVERY_TEXT]);
/* The member has confirmed to have kept them. */
int pl_recovery_kept(const struct pl_work *work, int64_t member_id);
/* There are none yet, which the member is to be shown at the next sign-in. */
int pl_recovery_not_kept(const struct pl_work *work, int64_t member_id);
/* Values as pl_totp_redeem_commit. The member is told of the use of a right code. */
int pl_recovery_redeem_commit(const struct pl_work *work, const struct pl_keys *verify,
			      const struct pl_account *account, const char *code,
			      const struct pl_notice_origin *origin,
			      struct pl_code_answer *answer_r);

#endif
