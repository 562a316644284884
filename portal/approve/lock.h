/* lock.h - the lock of a phone: its PIN, pattern, fingerprint or face, by which it tells that it is
 * its owner who approves. It is a WebAuthn credential of the phone itself, with user verification
 * (W3C Web Authentication, level 2); the phone's key (device_key.h) alone says only that it is the
 * phone.
 *
 * There is no challenge to be kept: what the lock signs is SHA-256 of the text that the key signs,
 * without the fields of the lock (signed_text.h). So it says what that text says, at the same time,
 * and can be used as often, which is once.
 */
#ifndef POSTLATCH_PORTAL_APPROVE_LOCK_H
#define POSTLATCH_PORTAL_APPROVE_LOCK_H

#include "portal/http/request.h"
#include "portal/http/response.h"

/* The fields of a lock in a row of the route table; their names begin with LOCK_FIELD. */
#define LOCK_FIELD "lock_"
#define LOCK_TEXT(name, bytes)                                      \
	{                                                           \
		LOCK_FIELD name, FIELD_LINE, 0, PASSKEY_TEXT(bytes) \
	}
#define LOCK_NEW_FIELDS                                     \
	LOCK_TEXT("client_data", WEBAUTHN_CLIENT_DATA_MAX), \
		LOCK_TEXT("authenticator_data", WEBAUTHN_AUTH_DATA_MAX)
#define LOCK_FIELDS LOCK_NEW_FIELDS, LOCK_TEXT("signature", WEBAUTHN_SIGNATURE_MAX)

/* Reads the lock of a phone that is to be registered into request->device, if it has one: 1; 0 and
 * the answer, where it has none and must have, or where it is not right; -1. */
int lock_register(struct request *request, struct response *response, struct pl_error *err);
/* Whether the owner of the registered phone has unlocked it for this request, where it has a lock
 * or must have: 1; 0 and the answer; -1. */
int lock_check(struct request *request, struct response *response, struct pl_error *err);

#endif
