/* totp.h - the one-time codes of a member (RFC 6238: SHA-1, 6 digits, 30 s).
 *
 * Registration has two phases: pl_totp_begin makes a pending secret, and only a
 * code made with it puts it in the place of the old one. A pending secret belongs
 * to the session that began the registration: nobody who has the password alone
 * can learn or replace that of another session, and who loads the page again
 * sees the same one. A code is good for the
 * step before, the present one and the one after; it is redeemed once, by one
 * conditional UPDATE of the step that matched, in a transaction of its own that
 * is committed before anything is granted.
 *
 * Failures are counted per member, apart from those of passwords, and only a
 * right code or an administrator's reset clears them: five are free, then each
 * one costs a wait that doubles from 30 s to an hour, and after a hundred in a
 * row the factor takes no more codes (NIST SP 800-63B 3.2.2).
 *
 * Functions that write take part in the caller's write transaction; those named
 * _commit have their own.
 */
#ifndef POSTLATCH_TOTP_H
#define POSTLATCH_TOTP_H

#include "policy/account/member.h"
#include "policy/outbox/notice.h"
#include "policy/base/seal.h"

#define PL_TOTP_SECRET_BYTES 20 /* 160 bits, RFC 4226 4 */
#define PL_TOTP_STEP 30         /* seconds */
#define PL_TOTP_FREE_FAILURES 5
#define PL_TOTP_MAX_FAILURES 100
#define PL_TOTP_PENDING_SECONDS 900 /* from when it was last shown */

enum pl_code_result {
	PL_CODE_RIGHT,
	PL_CODE_WRONG,
	PL_CODE_USED,    /* right, but used before (or older than one that was) */
	PL_CODE_WAIT,    /* too many failures; not looked at */
	PL_CODE_BLOCKED, /* PL_TOTP_MAX_FAILURES in a row; not looked at */
	PL_CODE_NONE,    /* nothing is registered, or the session has no registration that pends */
};

struct pl_code_answer {
	enum pl_code_result result;
	int64_t wait; /* seconds, with PL_CODE_WAIT */
};

struct pl_totp_state {
	int registered;
	int64_t registered_at;
	char registered_ip[PL_IP_TEXT];
	int failures;       /* in a row */
	int64_t wait_until; /* no code is checked before; 0: one is checked now */
	int recovery_codes; /* left */
	int recovery_kept;  /* the member has confirmed to have kept them */
};

/* All fields are 0 for a member who does not exist. 0 or -1. */
int pl_totp_state(const struct pl_work *work, int64_t member_id, struct pl_totp_state *state_r);
/* The pending secret of a session of the member, in base32: a new one, unless one pends. It
 * lives PL_TOTP_PENDING_SECONDS from now. */
int pl_totp_begin(const struct pl_work *work, const struct pl_keys *seal,
		  const struct pl_account *account, int64_t session_id, struct pl_secret *secret_r);
/* A code made with the pending secret of the session puts it to use, and is used by that.
 * Other registrations of the member, old recovery codes and trusted devices are removed. Of several
 * who confirm one registration one is right. The caller commits after every result: a wrong
 * code is counted in the same transaction. */
int pl_totp_confirm(const struct pl_work *work, const struct pl_keys *seal,
		    struct pl_account *account, int64_t session_id, const char *code,
		    struct pl_code_answer *answer_r);
/* Registers a secret of pl_totp_secret_parse, with which the member's authenticator makes codes
 * already. There are no recovery codes then: the member is shown new ones at the next sign-in. 1
 * done, 0 the member has a factor, which stays, -1. */
int pl_totp_import(const struct pl_work *work, const struct pl_keys *seal,
		   struct pl_account *account, const struct pl_secret *secret);
/* Redeems a code of the registered secret; PL_CODE_RIGHT and PL_CODE_WRONG are committed. */
int pl_totp_redeem_commit(const struct pl_work *work, const struct pl_keys *seal, int64_t member_id,
			  const char *code, struct pl_code_answer *answer_r);
/* Removes the secret, pending secret, recovery codes, failures and trusted devices.
 * 1 removed, 0 there was none. Sessions are the caller's. */
int pl_totp_reset(const struct pl_work *work, struct pl_account *account);

/* "otpauth://totp/..." for a QR code (the Key Uri Format that apps read). Returns buf. */
char *pl_totp_uri(const char *issuer, const struct pl_address *address,
		  const struct pl_secret *secret, char *buf, size_t size);

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
/* Values as pl_totp_redeem_commit. The member is told of the use of a right code. */
int pl_recovery_redeem_commit(const struct pl_work *work, const struct pl_keys *verify,
			      const struct pl_account *account, const char *code,
			      const struct pl_notice_origin *origin,
			      struct pl_code_answer *answer_r);

#endif
