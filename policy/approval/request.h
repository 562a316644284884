/* request.h - what a member is asked on the phone: whether it is the member who signs in.
 *
 * A request belongs to one session in one state, pending (it signs in) or authenticated (it
 * confirms a change), and dies with either. The browser shows a number of two digits, which the
 * member types on the phone (NIST SP 800-63B-4 3.1.3.1); a wrong one ends the request. An answer
 * is one conditional UPDATE, and so is its redemption by the session. Who denies is always right:
 * also after an approval, and after its redemption, while the request lives; the session ends with
 * it.
 *
 * A member has one open request, and PL_APPROVAL_REQUESTS in PL_APPROVAL_PERIOD; after that there
 * are the other factors. Rows stay for that long, so that whoever begins to sign in anew asks no
 * more often.
 *
 * Functions that write take part in the caller's write transaction; those named _commit have their
 * own.
 */
#ifndef POSTLATCH_APPROVAL_REQUEST_H
#define POSTLATCH_APPROVAL_REQUEST_H

#include "policy/approval/device.h"
#include "policy/session/session.h"

#define PL_APPROVAL_SECONDS 120 /* for the answer, and again for its redemption */
#define PL_APPROVAL_REQUESTS 3
#define PL_APPROVAL_PERIOD 900
#define PL_APPROVAL_NONCE_BYTES 16

enum pl_approval_state {
	PL_APPROVAL_OPEN,
	PL_APPROVAL_APPROVED,
	PL_APPROVAL_WRONG,    /* another number was typed */
	PL_APPROVAL_DENIED,   /* the session has ended */
	PL_APPROVAL_REDEEMED, /* the session is authenticated by it */
};

struct pl_approval_request {
	int64_t id, session_id;
	unsigned char nonce[PL_APPROVAL_NONCE_BYTES]; /* by which a device names it */
	enum pl_approval_state state;
	int pending; /* it signs in; else it confirms a change */
	int number;  /* 10 to 99 */
	int64_t created_at, expires_at;
	char ip[PL_IP_TEXT];
	char device[128]; /* what the browser calls itself */
};

enum pl_approval_begun {
	PL_APPROVAL_BEGUN,    /* or it has one already, which goes on */
	PL_APPROVAL_BUSY,     /* another session of the member waits for an answer */
	PL_APPROVAL_TOO_MANY, /* in the last PL_APPROVAL_PERIOD */
	PL_APPROVAL_NONE,     /* no device is registered */
};

/* Asks the member for the session. ip and device are those of its browser now. 0, or -1. */
int pl_approval_begin(const struct pl_work *work, const struct pl_session *session, const char *ip,
		      const char *device, struct pl_approval_request *request_r,
		      enum pl_approval_begun *begun_r);
/* The newest of the session that lives. 1, 0 or -1. */
int pl_approval_of_session(const struct pl_work *work, const struct pl_session *session,
			   struct pl_approval_request *request_r);
/* The one that waits for the member's answer. Reads only. 1, 0 or -1. */
int pl_approval_waiting(const struct pl_work *work, int64_t member_id,
			struct pl_approval_request *request_r);

enum pl_approval_answered {
	PL_APPROVAL_ANSWERED,
	PL_APPROVAL_WRONG_NUMBER,
	PL_APPROVAL_GONE, /* it is not open, or not the member's, or its session has gone on */
};

/* The member approves with the number on the device. */
int pl_approval_approve_commit(const struct pl_work *work, const struct pl_approval_device *device,
			       const unsigned char nonce[PL_APPROVAL_NONCE_BYTES], int number,
			       enum pl_approval_answered *answered_r);
/* It is not the member: the session ends, with what it has opened, and the member is told.
 * session_r is what ended. */
int pl_approval_deny_commit(const struct pl_work *work, const struct pl_approval_device *device,
			    const unsigned char nonce[PL_APPROVAL_NONCE_BYTES],
			    struct pl_session *session_r, enum pl_approval_answered *answered_r);
/* Redeems an approval for the session, once, and clears the failures of the member's factors. 1, 0
 * there is none, -1. */
int pl_approval_redeem(const struct pl_work *work, const struct pl_session *session);

#endif
