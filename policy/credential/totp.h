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
 * Functions that write take part in the caller's write transaction; those named
 * _commit have their own.
 */
#ifndef POSTLATCH_TOTP_H
#define POSTLATCH_TOTP_H

#include "policy/base/seal.h"
#include "policy/credential/factor.h"

#define PL_TOTP_SECRET_BYTES 20     /* 160 bits, RFC 4226 4 */
#define PL_TOTP_STEP 30             /* seconds */
#define PL_TOTP_PENDING_SECONDS 900 /* from when it was last shown */

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
/* No code of anybody that is good now will be accepted: which of them were used is not known. In
 * the caller's write transaction. */
int pl_totp_use_up(const struct pl_work *work);
/* "otpauth://totp/..." for a QR code (the Key Uri Format that apps read). Returns buf. */
char *pl_totp_uri(const char *issuer, const struct pl_address *address,
		  const struct pl_secret *secret, char *buf, size_t size);

#endif
