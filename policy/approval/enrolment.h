/* enrolment.h - how a phone becomes an approval device of a member.
 *
 * The member's browser begins it in its session, and shows a secret as a QR code and a code of five
 * digits for those who type. A phone claims it with one of the two and with the key that it has
 * made; both show the same number then, and the member confirms in the browser that they do. So
 * whoever has guessed or seen a code has gained nothing (NIST SP 800-63B-4 3.1.3, 4.1.2.2).
 *
 * A member has one that is open. It lives PL_ENROLMENT_SECONDS, is claimed once, and ends with its
 * session. Three wrong codes end it; so many of all members together and no code is looked at for a
 * while, which leaves the QR code. What a wrong code is refused for is never told: there may be no
 * such member.
 *
 * Functions that write take part in the caller's write transaction; those named _commit have their
 * own.
 */
#ifndef POSTLATCH_APPROVAL_ENROLMENT_H
#define POSTLATCH_APPROVAL_ENROLMENT_H

#include "policy/approval/device.h"
#include "policy/base/keys.h"

#define PL_ENROLMENT_SECONDS 600
#define PL_ENROLMENT_SECRET_BYTES 16
#define PL_ENROLMENT_CODE 5        /* digits */
#define PL_ENROLMENT_NUMBER 6      /* digits, that both show */
#define PL_ENROLMENT_TRIES 3       /* of one */
#define PL_ENROLMENT_ALL_TRIES 100 /* wrong codes of all in PL_ENROLMENT_SECONDS */

struct pl_enrolment_offer {
	unsigned char secret[PL_ENROLMENT_SECRET_BYTES]; /* the caller wipes it, and the code */
	char code[PL_ENROLMENT_CODE + 1];
	int64_t expires_at;
};

/* Begins one for the session of the member, in the place of an earlier one. 0, or -1. */
int pl_enrolment_begin(const struct pl_work *work, const struct pl_keys *verify,
		       const struct pl_account *account, int64_t session_id,
		       struct pl_enrolment_offer *offer_r);

/* A phone's: key, name and created_ip are filled. */
enum pl_enrolment_claimed {
	PL_ENROLMENT_CLAIMED,
	PL_ENROLMENT_WRONG, /* none is open with this secret or code, or somebody has claimed it */
	PL_ENROLMENT_TOO_MANY, /* wrong codes; not looked at */
	PL_ENROLMENT_KNOWN,    /* the key is a device's already */
};

/* 0 and what has become of it, or -1. */
int pl_enrolment_claim_commit(const struct pl_work *work,
			      const unsigned char secret[PL_ENROLMENT_SECRET_BYTES],
			      const struct pl_approval_device *device,
			      enum pl_enrolment_claimed *claimed_r);
int pl_enrolment_claim_code_commit(const struct pl_work *work, const struct pl_keys *verify,
				   const struct pl_address *address, const char *code,
				   const struct pl_approval_device *device,
				   enum pl_enrolment_claimed *claimed_r);

struct pl_enrolment {
	int64_t member_id, expires_at;
	struct pl_address address;
	int is_claimed;
	struct pl_approval_device device;     /* that has claimed it */
	char number[PL_ENROLMENT_NUMBER + 1]; /* "": not claimed */
};

/* That of the session, and that which the key has claimed, if it is open. 1, 0 or -1. */
int pl_enrolment_of_session(const struct pl_work *work, int64_t session_id,
			    struct pl_enrolment *enrolment_r);
int pl_enrolment_of_key(const struct pl_work *work, const unsigned char key[PL_DEVICE_KEY_BYTES],
			struct pl_enrolment *enrolment_r);

enum pl_enrolment_confirmed {
	PL_ENROLMENT_CONFIRMED,
	PL_ENROLMENT_GONE, /* or the number is that of another claim */
	PL_ENROLMENT_TOO_MANY_DEVICES,
};

/* The member has seen the number on the phone: the device is registered. 0, or -1. */
int pl_enrolment_confirm(const struct pl_work *work, struct pl_account *account, int64_t session_id,
			 const char *number, enum pl_enrolment_confirmed *confirmed_r);

#endif
