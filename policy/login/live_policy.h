/* live_policy.h - the policy file and the keys that it names, as they are now.
 *
 * Every program that runs for long has one. It looks at the files now and then, so that a
 * change counts without a restart or a signal, and hands out snapshots: policy and keys of
 * one moment, immutable and counted by reference, so that a change alters nothing that a
 * request already works with. A policy that is bad leaves the last good one, and so does a
 * file that was written less than a second ago: more of it may follow. A key that is
 * missing or refused is NULL, and whatever needs it is refused until it can be read.
 *
 * Safe for several threads. It takes its own lock around everything, also because
 * libconfuse cannot read two files at once: a process has one live policy, and reads no
 * policy beside it from another thread. It never logs: what happens is told to the report
 * function, or returned.
 */
#ifndef POSTLATCH_LIVE_POLICY_H
#define POSTLATCH_LIVE_POLICY_H

#include <stdint.h>

#include "policy/base/keys.h"
#include "policy/settings/policy.h"

/* Read only. */
struct pl_snapshot {
	struct pl_policy *policy;
	struct pl_keys *hmac_key;   /* NULL: not wanted, missing or refused */
	struct pl_keys *seal_key;   /* the same */
	struct pl_keys *outbox_key; /* the same */
	uint64_t policy_changes;    /* how often the policy file had changed by then */
	int refcount;               /* atomic */
};

/* The keys that a program needs. */
#define PL_LIVE_HMAC_KEY 1u
#define PL_LIVE_SEAL_KEY 2u
#define PL_LIVE_OUTBOX_KEY 4u

struct pl_live_options {
	const char *policy_path;
	unsigned int keys;
	int look_every_ms; /* between two looks at the files */
	/* Whether a valid policy suits this program: 0, or -1 and why not. NULL: it does. Called
	 * with the lock held. */
	int (*check)(void *context, const struct pl_policy *policy, struct pl_error *err);
	/* Told what was read again (failed is 0) and what cannot be read: at once, and once
	 * a minute while it lasts. Called with the lock held: it must not call back. */
	void (*report)(void *context, int failed, const char *msg);
	void *context; /* for check and report */
};

struct pl_live_policy;

/* Reads nothing yet. NULL: out of memory. The path is copied. */
struct pl_live_policy *pl_live_policy_new(const struct pl_live_options *options);
/* Snapshots that are still held stay valid. */
void pl_live_policy_free(struct pl_live_policy **live);

/* Reads everything again, changed or not: at the start, and when an administrator asks.
 * -1 when the policy is bad, which the caller reports; the last good one is kept. The
 * keys are reported. now_ms, here and below, is of a clock that only goes forward. */
int pl_live_policy_read(struct pl_live_policy *live, int64_t now_ms, struct pl_error *err);
/* Looks at the files when it is time to. The snapshot is the caller's until
 * pl_snapshot_unref. -1 when there has never been a good policy. */
int pl_live_policy_hold(struct pl_live_policy *live, int64_t now_ms,
			struct pl_snapshot **snapshot_r, struct pl_error *err);

/* Adds one reference. Returns snapshot. */
struct pl_snapshot *pl_snapshot_ref(struct pl_snapshot *snapshot);
/* Drops one reference and sets *snapshot to NULL. Accepts NULL. */
void pl_snapshot_unref(struct pl_snapshot **snapshot);

#endif
