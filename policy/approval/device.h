/* device.h - phones with which members approve sign-ins: their rows.
 *
 * Opening page of the room. A device is a key that its browser has made and cannot give away
 * (device_key.h). How a member comes by one is enrolment.h, and what it is asked is request.h. The
 * portal checks that a device has signed what it sends, and that it is new
 * (portal/approve/guards.h).
 *
 * Functions that write take part in the caller's write transaction.
 */
#ifndef POSTLATCH_APPROVAL_DEVICE_H
#define POSTLATCH_APPROVAL_DEVICE_H

#include "policy/approval/device_key.h"
#include "policy/credential/passkey.h"

#define PL_APPROVAL_DEVICES 5      /* of a member */
#define PL_APPROVAL_DEVICE_NAME 64 /* characters */

struct pl_approval_device {
	int64_t id, member_id;
	struct pl_address address; /* of the member */
	unsigned char key[PL_DEVICE_KEY_BYTES];
	/* By which the phone says that its owner has unlocked it (portal/approve/lock.h): its
	 * credential, key, algorithm and backup_eligible. credential_len 0: it has none. */
	struct pl_passkey lock;
	char name[4 * PL_APPROVAL_DEVICE_NAME + 1];
	int64_t created_at, last_used_at; /* last_used_at 0: never */
	char created_ip[PL_IP_TEXT], last_used_ip[PL_IP_TEXT];
};

/* The device of a member who may sign in, by its key. 1, 0 or -1. */
int pl_approval_device_by_key(const struct pl_work *work,
			      const unsigned char key[PL_DEVICE_KEY_BYTES],
			      struct pl_approval_device *device_r);
/* Those of a member in the order in which they were registered. 0, or -1. */
int pl_approval_device_list(const struct pl_work *work, int64_t member_id,
			    int (*each)(const struct pl_approval_device *device, void *context),
			    void *context);
/* The lock in columns of a row, and as values of a statement. */
void pl_col_lock(struct pl_stmt *stmt, struct pl_passkey *lock_r);
#define PL_APPROVAL_LOCK(lock)                                                              \
	PL_BLOB("lock_credential", (lock)->credential_len == 0 ? NULL : (lock)->credential, \
		(lock)->credential_len),                                                    \
		PL_BLOB("lock_key", (lock)->credential_len == 0 ? NULL : (lock)->key,       \
			(lock)->key_len),                                                   \
		PL_INT("lock_algorithm", (lock)->algorithm),                                \
		PL_INT("lock_backup", (lock)->backup_eligible)

/* Registers one whose key, lock and name are filled, and which there is not yet. 1, 0 the member
 * has as many as there may be, -1. */
int pl_approval_device_add(const struct pl_work *work, struct pl_account *account,
			   const struct pl_approval_device *device);
/* Removes one, with what is asked of it; with the last of the member's second factors goes all that
 * pl_factor_reset removes. 1, 0 none of the member, -1. Sessions are the caller's. */
int pl_approval_device_remove(const struct pl_work *work, struct pl_account *account, int64_t id);

#endif
