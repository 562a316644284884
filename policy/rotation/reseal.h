/* reseal.h - has what is stored depend on the first key of a key file alone.
 *
 * What is sealed is sealed again, while others read and write it: a row that changes meanwhile is
 * left as it has become. A MAC can be renewed only with its secret, at its next use; what is left
 * of them can be given up.
 */
#ifndef POSTLATCH_RESEAL_H
#define POSTLATCH_RESEAL_H

#include "policy/rotation/key_use.h"

struct pl_resealed {
	int64_t done;        /* rows */
	int64_t unreadable;  /* which stay as they are */
	struct pl_error why; /* of the first of them */
};

/* Seals all that is sealed with other keys of the file than the first one again with that, in
 * portions, each in a write transaction of its own, which it commits. One that is killed, or fails,
 * can be called again. progress is called with what is sealed again and how many rows of it are.
 * 0, or -1. */
int pl_reseal_commit(const struct pl_work *work, enum pl_key_file file, const struct pl_keys *keys,
		     void (*progress)(const char *what, int64_t done),
		     struct pl_resealed *resealed_r);

/* Gives up what other keys of verify.key than this one have verified: revokes the app passwords,
 * which members are told, removes the recovery codes, which has members make new ones at the next
 * sign-in, and makes the passwords of links wrong, until their owners give them others. The second
 * factors of members stay. In portions, as above. rows_r: how much it was. 0, or -1. */
int pl_key_drop_commit(const struct pl_work *work, int key_id, struct pl_key_rows *rows_r);

#endif
