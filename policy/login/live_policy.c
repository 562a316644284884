/* live_policy.c - see live_policy.h.
 *
 * A file is noted before it is read, so that the next look sees what changes in between.
 * What cannot be read is tried again each second, changed or not: the fault may be in an
 * included file that a bad policy does not tell of, or in a folder above.
 *
 * A file that changes is read only after it has been the same for a second, by its mtime, or
 * by our own clock: one that is written anew in its place is valid, too, while its end is missing.
 */
#include "policy/login/live_policy.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/base/log_limit.h"
#include "policy/base/watch.h"

#define FILES_MAX 64 /* policy_file.c reads no more */
#define LOADS_MAX 3
#define RETRY_MS 1000
#define STILL_MS 1000

struct failure {
	struct pl_error err; /* PL_OK: none */
	struct pl_log_limit limit;
};

struct key_file {
	unsigned int wanted; /* of the options' keys */
	struct pl_watch watch;
	int changed; /* since it was read */
	struct failure failure;
};

struct pl_live_policy {
	char *path;
	struct pl_live_options options;
	pthread_mutex_t lock; /* for what follows */
	struct pl_snapshot *now;
	uint64_t policy_changes;
	struct pl_watch files[FILES_MAX];
	size_t file_count;
	struct failure failure; /* of the policy file */
	struct key_file hmac, seal, outbox;
	int has_changed; /* a file of the policy, since it was read */
	int64_t look_at_ms, retry_at_ms, still_at_ms;
};

struct pl_snapshot *pl_snapshot_ref(struct pl_snapshot *snapshot)
{
	__atomic_add_fetch(&snapshot->refcount, 1, __ATOMIC_RELAXED);
	return snapshot;
}

void pl_snapshot_unref(struct pl_snapshot **snapshot_p)
{
	struct pl_snapshot *snapshot = *snapshot_p;

	*snapshot_p = NULL;
	if (snapshot == NULL || __atomic_sub_fetch(&snapshot->refcount, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	pl_policy_unref(&snapshot->policy);
	pl_keys_free(&snapshot->hmac_key);
	pl_keys_free(&snapshot->seal_key);
	pl_keys_free(&snapshot->outbox_key);
	free(snapshot);
}

struct pl_live_policy *pl_live_policy_new(const struct pl_live_options *options)
{
	struct pl_live_policy *live = calloc(1, sizeof(*live));

	if (live == NULL || (live->path = strdup(options->policy_path)) == NULL) {
		free(live);
		return NULL;
	}
	live->options = *options;
	live->options.policy_path = live->path;
	live->hmac.wanted = options->keys & PL_LIVE_HMAC_KEY;
	live->seal.wanted = options->keys & PL_LIVE_SEAL_KEY;
	live->outbox.wanted = options->keys & PL_LIVE_OUTBOX_KEY;
	pthread_mutex_init(&live->lock, NULL);
	return live;
}

void pl_live_policy_free(struct pl_live_policy **live_p)
{
	struct pl_live_policy *live = *live_p;

	*live_p = NULL;
	if (live == NULL)
		return;
	pl_snapshot_unref(&live->now);
	pthread_mutex_destroy(&live->lock);
	free(live->path);
	free(live);
}

/* Everything that follows is called with the lock held. */

static void report(const struct pl_live_policy *live, int failed, const char *msg)
{
	live->options.report(live->options.context, failed, msg);
}

static void report_failure(const struct pl_live_policy *live, struct failure *failure,
			   int64_t now_ms)
{
	if (failure->err.code != PL_OK &&
	    pl_log_limit_failed(&failure->limit, failure->err.msg, now_ms))
		report(live, 1, failure->err.msg);
}

static int is_watched(const struct pl_live_policy *live, const char *path)
{
	for (size_t i = 0; i < live->file_count; i++) {
		if (strcmp(live->files[i].path, path) == 0)
			return 1;
	}
	return 0;
}

static int has_file(const struct pl_policy *policy, const char *path)
{
	for (size_t i = 0; i < policy->file_count; i++) {
		if (strcmp(policy->files[i], path) == 0)
			return 1;
	}
	return 0;
}

/* Watches the files of the policy and no others. 1 when all of them had been noted before
 * the policy was read. */
static int watch_files(struct pl_live_policy *live, const struct pl_policy *policy)
{
	int all_noted = 1;
	size_t kept = 0;

	for (size_t i = 0; i < live->file_count; i++) {
		if (has_file(policy, live->files[i].path))
			live->files[kept++] = live->files[i];
	}
	live->file_count = kept;
	for (size_t i = 0; i < policy->file_count && live->file_count < FILES_MAX; i++) {
		if (is_watched(live, policy->files[i]))
			continue;
		pl_watch_set(&live->files[live->file_count++], policy->files[i]);
		all_noted = 0;
	}
	return all_noted;
}

static int load_valid_policy(const struct pl_live_policy *live, struct pl_policy **policy_r,
			     struct pl_error *err)
{
	if (pl_policy_load(live->path, policy_r, err) < 0)
		return -1;
	if (live->options.check == NULL ||
	    live->options.check(live->options.context, *policy_r, err) == 0)
		return 0;
	pl_policy_unref(policy_r);
	return -1;
}

/* A policy that includes a file which was not noted before is read a second time. */
static int load_policy(struct pl_live_policy *live, struct pl_policy **policy_r,
		       struct pl_error *err)
{
	if (live->file_count == 0)
		pl_watch_set(&live->files[live->file_count++], live->path);
	for (int loads = 1;; loads++) {
		if (load_valid_policy(live, policy_r, err) < 0)
			return -1;
		if (watch_files(live, *policy_r) || loads == LOADS_MAX)
			return 0;
		pl_policy_unref(policy_r);
	}
}

/* NULL when it is not wanted, or with the failure filled in. */
static struct pl_keys *load_key(const struct pl_live_policy *live, struct key_file *file,
				const char *path)
{
	struct failure *failure = &file->failure;
	const int is_news = file->changed || failure->err.code != PL_OK;
	char msg[sizeof(failure->err.msg)];
	struct pl_keys *keys;
	size_t msg_len;

	if (!file->wanted)
		return NULL;
	if (file->changed)
		memset(failure, 0, sizeof(*failure));
	file->changed = 0;
	pl_watch_set(&file->watch, path);
	if (pl_keys_load(path, &keys, &failure->err) < 0) {
		msg_len = strlen(failure->err.msg);
		snprintf(failure->err.msg + msg_len, sizeof(failure->err.msg) - msg_len,
			 "; what needs it is refused");
		return NULL;
	}
	memset(failure, 0, sizeof(*failure));
	if (is_news) {
		snprintf(msg, sizeof(msg), "key file %s: read again", path);
		report(live, 0, msg);
	}
	return keys;
}

/* Makes the next snapshot, of this policy, whose reference it takes over, and the keys. */
static int renew(struct pl_live_policy *live, struct pl_policy *policy, struct pl_error *err)
{
	struct pl_snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (snapshot == NULL) {
		pl_policy_unref(&policy);
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	}
	snapshot->refcount = 1;
	snapshot->policy = policy;
	snapshot->policy_changes = live->policy_changes;
	snapshot->hmac_key = load_key(live, &live->hmac, policy->verify_key);
	snapshot->seal_key = load_key(live, &live->seal, policy->seal_key);
	snapshot->outbox_key = load_key(live, &live->outbox, policy->outbox_key);
	pl_snapshot_unref(&live->now);
	live->now = snapshot;
	return 0;
}

/* Every file is looked at, so that each is noted as it is now, before it is read. */
static int policy_changed(struct pl_live_policy *live)
{
	int changed = 0;

	for (size_t i = 0; i < live->file_count; i++)
		changed |= pl_watch_changed(&live->files[i]);
	return changed;
}

static int look_at_key(struct key_file *file)
{
	file->changed |= file->wanted && pl_watch_changed(&file->watch);
	return file->changed;
}

static int keys_changed(struct pl_live_policy *live)
{
	if (live->now == NULL)
		return 0;
	return look_at_key(&live->hmac) | look_at_key(&live->seal) | look_at_key(&live->outbox);
}

/* Reads the policy and its keys. 0, or -1 with the failure filled in. What has changed counts
 * once it can be read. */
static int read_policy(struct pl_live_policy *live, int changed)
{
	struct pl_policy *policy;

	if (changed || live->failure.err.code != PL_OK)
		live->policy_changes++;
	if (load_policy(live, &policy, &live->failure.err) == 0 &&
	    renew(live, policy, &live->failure.err) == 0) {
		memset(&live->failure, 0, sizeof(live->failure));
		return 0;
	}
	if (live->now != NULL)
		pl_error_prefix(&live->failure.err, "keeping the last good policy");
	return -1;
}

static int key_failed(const struct pl_live_policy *live)
{
	return live->hmac.failure.err.code != PL_OK || live->seal.failure.err.code != PL_OK ||
	       live->outbox.failure.err.code != PL_OK;
}

/* How long the file that was written last has been as it is. */
static int64_t policy_age_ms(const struct pl_live_policy *live)
{
	int64_t youngest = INT64_MAX;

	for (size_t i = 0; i < live->file_count; i++) {
		const int64_t age_ms = pl_watch_age_ms(&live->files[i]);

		youngest = age_ms < youngest ? age_ms : youngest;
	}
	return youngest;
}

static void look_at_policy(struct pl_live_policy *live, int64_t now_ms, int is_time_to_retry)
{
	const int had_failed = live->failure.err.code != PL_OK;
	const int never_read = live->now == NULL && !had_failed;
	int changed;

	if (policy_changed(live)) {
		memset(&live->failure.limit, 0, sizeof(live->failure.limit));
		live->has_changed = 1;
		live->still_at_ms = now_ms + STILL_MS;
		if (policy_age_ms(live) >= STILL_MS)
			live->still_at_ms = now_ms;
	}
	if (live->now != NULL && live->has_changed && now_ms < live->still_at_ms)
		return;
	if (!live->has_changed && !never_read && !(had_failed && is_time_to_retry))
		return;
	changed = live->has_changed;
	live->has_changed = 0;
	if (read_policy(live, changed) == 0 && !never_read)
		report(live, 0, "policy file: read again");
}

static void look_at_keys(struct pl_live_policy *live, int is_time_to_retry)
{
	struct pl_error err;

	/* A failure leaves the last snapshot, and "changed" for the next look. */
	if (keys_changed(live) || (key_failed(live) && is_time_to_retry))
		(void)renew(live, pl_policy_ref(live->now->policy), &err);
}

static void look(struct pl_live_policy *live, int64_t now_ms)
{
	const int is_time_to_retry = now_ms >= live->retry_at_ms;

	if (now_ms < live->look_at_ms)
		return;
	live->look_at_ms = now_ms + live->options.look_every_ms;
	if (is_time_to_retry)
		live->retry_at_ms = now_ms + RETRY_MS;
	look_at_policy(live, now_ms, is_time_to_retry);
	look_at_keys(live, is_time_to_retry);
	report_failure(live, &live->failure, now_ms);
	report_failure(live, &live->hmac.failure, now_ms);
	report_failure(live, &live->seal.failure, now_ms);
	report_failure(live, &live->outbox.failure, now_ms);
}

int pl_live_policy_read(struct pl_live_policy *live, int64_t now_ms, struct pl_error *err)
{
	int changed, ret;

	pthread_mutex_lock(&live->lock);
	changed = policy_changed(live) || live->has_changed;
	live->has_changed = 0;
	memset(&live->hmac.failure.limit, 0, sizeof(live->hmac.failure.limit));
	memset(&live->seal.failure.limit, 0, sizeof(live->seal.failure.limit));
	memset(&live->outbox.failure.limit, 0, sizeof(live->outbox.failure.limit));
	ret = read_policy(live, changed);
	if (ret < 0) {
		*err = live->failure.err;
		/* The caller reports it, and here it is not new any more. */
		(void)pl_log_limit_failed(&live->failure.limit, err->msg, now_ms);
	}
	report_failure(live, &live->hmac.failure, now_ms);
	report_failure(live, &live->seal.failure, now_ms);
	report_failure(live, &live->outbox.failure, now_ms);
	pthread_mutex_unlock(&live->lock);
	return ret;
}

int pl_live_policy_hold(struct pl_live_policy *live, int64_t now_ms,
			struct pl_snapshot **snapshot_r, struct pl_error *err)
{
	*snapshot_r = NULL;
	pthread_mutex_lock(&live->lock);
	look(live, now_ms);
	if (live->now != NULL)
		*snapshot_r = pl_snapshot_ref(live->now);
	else
		*err = live->failure.err;
	pthread_mutex_unlock(&live->lock);
	return *snapshot_r != NULL ? 0 : -1;
}
