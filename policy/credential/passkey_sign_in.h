/* passkey_sign_in.h - sign-in by a passkey, without the account password.
 *
 * Who asks for a challenge is not known, so nothing is stored for it: it is the time of its end,
 * random bits, and a MAC with a key derived from verify.key, which all portals share. Nobody can
 * make one that is good, or learn anything from it. It lives PL_PASSKEY_SECONDS. A right answer
 * uses it up: it leaves the SHA-256 of the challenge until its time is over, and a second answer
 * finds it there. Wrong answers write nothing and count for nobody: a signature cannot be guessed,
 * and who is not known must not be able to lock a member out.
 *
 * The row also has the SHA-256 of a token, with which the portal asks Dovecot whether the member
 * may sign in: the driver takes it in the place of the account password. It is the portal's alone,
 * and good until Dovecot has answered.
 */
#ifndef POSTLATCH_PASSKEY_SIGN_IN_H
#define POSTLATCH_PASSKEY_SIGN_IN_H

#include "policy/credential/passkey.h"

/* A new challenge. 0, or -1. */
int pl_passkey_sign_in_challenge(const struct pl_keys *keys, int64_t now,
				 unsigned char challenge_r[PL_PASSKEY_CHALLENGE_BYTES],
				 struct pl_error *err);
/* Whether a challenge is one of those, and when its time is over. 1, 0 or -1. */
int pl_passkey_sign_in_read(const struct pl_keys *keys, int64_t now,
			    const unsigned char challenge[PL_PASSKEY_CHALLENGE_BYTES],
			    int64_t *expires_at_r, struct pl_error *err);
/* Uses the challenge of an answer up, which is right and the member's, and gives the token for
 * Dovecot. PL_CODE_USED: it was used up before; else values as pl_passkey_redeem_commit. Only with
 * PL_CODE_RIGHT there is a token, for the caller to wipe. */
int pl_passkey_sign_in_commit(const struct pl_work *work, const struct pl_account *account,
			      const struct pl_passkey_use *use, int64_t expires_at,
			      const struct pl_notice_origin *origin, struct pl_secret *token_r,
			      struct pl_code_answer *answer_r);
/* Dovecot has answered. One statement, so outside of a transaction it is one of its own. */
int pl_passkey_sign_in_end(const struct pl_work *work, const struct pl_secret *token);
/* Whether what was offered as a password looks like such a token. */
int pl_passkey_sign_in_is_token(const struct pl_secret *password);

#endif
