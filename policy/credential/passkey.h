/* passkey.h - passkeys of members (W3C Web Authentication): their rows, challenges, and uses.
 *
 * A challenge is 256 random bits, of which the SHA-256 is stored. It belongs to one session and one
 * purpose, lives PL_PASSKEY_SECONDS, and is redeemed by one conditional DELETE, whatever comes of
 * it. Whether a signature is right is for the portal to say (portal/signin/webauthn.h). Failures
 * are counted together with those of the other kinds (factor.h).
 *
 * A counter that does not go up tells that a passkey was copied, unless the authenticator has none
 * and always says 0: it is refused, and the member is told.
 *
 * Functions that write take part in the caller's write transaction; those named _commit have
 * their own.
 */
#ifndef POSTLATCH_PASSKEY_H
#define POSTLATCH_PASSKEY_H

#include "policy/credential/factor.h"

#define PL_PASSKEYS 20 /* of a member */
#define PL_PASSKEY_SECONDS 300
#define PL_PASSKEY_CHALLENGE_BYTES 32
#define PL_PASSKEY_HANDLE_BYTES 32
#define PL_PASSKEY_ID_MAX 1023 /* WebAuthn 4 */
#define PL_PASSKEY_KEY_MAX 1024
#define PL_PASSKEY_NAME 64       /* characters */
#define PL_PASSKEY_TRANSPORTS 64 /* "internal hybrid" */

struct pl_passkey {
	int64_t id, member_id;
	size_t credential_len, key_len;
	unsigned char credential[PL_PASSKEY_ID_MAX];
	int algorithm; /* of COSE (RFC 9053): -7, -8 or -257 */
	unsigned char key[PL_PASSKEY_KEY_MAX];
	unsigned char user_handle[PL_PASSKEY_HANDLE_BYTES];
	int64_t counter;
	int backup_eligible, backed_up; /* it is kept by a password manager, or may be */
	char name[4 * PL_PASSKEY_NAME + 1];
	char transports[PL_PASSKEY_TRANSPORTS + 1];
	int64_t created_at, last_used_at; /* last_used_at 0: never */
	char created_ip[PL_IP_TEXT], last_used_ip[PL_IP_TEXT];
};

enum pl_passkey_purpose { PL_PASSKEY_REGISTER, PL_PASSKEY_PROVE };

/* Makes the challenge of the session for the purpose, in the place of an earlier one. handle_r: by
 * which the authenticator knows the member. 0, or -1. */
int pl_passkey_begin(const struct pl_work *work, int64_t member_id, int64_t session_id,
		     enum pl_passkey_purpose purpose,
		     unsigned char challenge_r[PL_PASSKEY_CHALLENGE_BYTES],
		     unsigned char handle_r[PL_PASSKEY_HANDLE_BYTES]);

enum pl_passkey_added {
	PL_PASSKEY_ADDED,
	PL_PASSKEY_EXPIRED, /* the challenge is not the session's, or not any more */
	PL_PASSKEY_KNOWN,   /* the credential is registered already */
	PL_PASSKEY_TOO_MANY,
};

/* Registers a passkey whose fields from the authenticator, name and transports are filled. The
 * challenge is used up in every case. 0 and added_r, or -1. */
int pl_passkey_register(const struct pl_work *work, struct pl_account *account, int64_t session_id,
			const unsigned char challenge[PL_PASSKEY_CHALLENGE_BYTES],
			struct pl_passkey *passkey, enum pl_passkey_added *added_r);
/* Those of a member in the order in which they were registered. 0, or -1. */
int pl_passkey_list(const struct pl_work *work, int64_t member_id,
		    int (*each)(const struct pl_passkey *passkey, void *context), void *context);
/* The passkey of a credential, whoever's it is. 1, 0 or -1. */
int pl_passkey_by_credential(const struct pl_work *work, const void *credential, size_t len,
			     struct pl_passkey *passkey_r);

/* The address of the member whose it is. 1, 0 there is none any more, -1. */
int pl_passkey_owner(const struct pl_work *work, const struct pl_passkey *passkey,
		     struct pl_address *address_r);

/* What the portal has found out about an assertion. */
struct pl_passkey_use {
	const struct pl_passkey *passkey; /* of the member; NULL: it is not one of them */
	unsigned char challenge[PL_PASSKEY_CHALLENGE_BYTES];
	int is_right; /* signature and all that comes with it */
	uint32_t counter;
	int backed_up;
};

/* Redeems it for the session of the member. PL_CODE_USED: the challenge is not the session's, or
 * not any more; PL_CODE_CLONED: the counter has not gone up, and the member is told. Else values
 * as pl_totp_redeem_commit. */
int pl_passkey_redeem_commit(const struct pl_work *work, const struct pl_account *account,
			     int64_t session_id, const struct pl_passkey_use *use,
			     const struct pl_notice_origin *origin,
			     struct pl_code_answer *answer_r);
/* Records that the passkey was used, with a counter that has gone up: PL_CODE_RIGHT, or
 * PL_CODE_CLONED as above. In the caller's write transaction. 0, or -1. */
int pl_passkey_use(const struct pl_work *work, const struct pl_account *account,
		   const struct pl_passkey_use *use, const struct pl_notice_origin *origin,
		   struct pl_code_answer *answer_r);
/* 1, 0 none of the member, -1. */
int pl_passkey_rename(const struct pl_work *work, const struct pl_account *account, int64_t id,
		      const char *name);
/* Removes one; with the last of the member's second factors goes all that pl_factor_reset removes.
 * 1, 0 none of the member, -1. Sessions are the caller's. */
int pl_passkey_remove(const struct pl_work *work, struct pl_account *account, int64_t id);

#endif
