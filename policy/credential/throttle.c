/* throttle.c - see throttle.h.
 *
 * A row for each failure: so a success can take back its own and leave the times
 * of the others as they were. */
#include "policy/credential/throttle.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/base/keys.h"
#include "policy/credential/backoff.h"

#define ORIGIN_TEXT (PL_IP_TEXT + 4)

static const struct pl_backoff of_name = { PL_THROTTLE_FREE, 2, PL_THROTTLE_WAIT_MAX };
static const struct pl_backoff of_origin = { PL_THROTTLE_ADDRESS_FREE, 2, PL_THROTTLE_WAIT_MAX };

/* What is stored of an attempt. Somebody may type a password where the name belongs, so the
 * name is a digest. */
struct key {
	char origin[ORIGIN_TEXT]; /* "192.0.2.1", "2001:db8::/64", "device 7", "session 7" */
	unsigned char name[PL_MAC_BYTES];
};

#define KEY_PARAMS(key) PL_TEXT("origin", (key)->origin), PL_BLOB("name", (key)->name, PL_MAC_BYTES)

static int make_key(const struct pl_attempt *attempt, struct key *key_r, struct pl_error *err)
{
	struct pl_secret name;
	int ret = 0;

	if (attempt->session_id != 0)
		snprintf(key_r->origin, sizeof(key_r->origin), "session %" PRId64,
			 attempt->session_id);
	else if (attempt->device_id != 0)
		snprintf(key_r->origin, sizeof(key_r->origin), "device %" PRId64,
			 attempt->device_id);
	else
		pl_ip_format_origin(attempt->ip, key_r->origin);
	if (pl_secret_set(&name, attempt->name, strlen(attempt->name)) < 0)
		ret = pl_error_set(err, PL_ERR_INVALID, "a name is too long");
	if (ret == 0)
		ret = pl_token_digest(&name, key_r->name, err);
	pl_secret_wipe(&name);
	return ret;
}

/* The failures that are remembered. */
struct failures {
	int64_t of_name, name_failed_at;
	int64_t of_origin, origin_failed_at; /* of the last hour */
};

static int read_failures(const struct pl_work *work, const struct key *key,
			 struct failures *failures_r)
{
	struct pl_stmt *stmt;
	int ret;

	stmt = pl_query(work->store, PL_SQL_SIGN_IN_FAILURE_GET,
			PL_PARAMS(KEY_PARAMS(key),
				  PL_INT("forget_before", work->now - PL_THROTTLE_FORGET),
				  PL_INT("latest", work->now + PL_BACKOFF_AHEAD_MAX)));
	if (pl_step(stmt, work->err) < 0)
		return -1;
	failures_r->of_name = pl_col_int(stmt, "of_name");
	failures_r->name_failed_at = pl_col_int(stmt, "name_failed_at");
	failures_r->of_origin = pl_col_int(stmt, "of_origin");
	failures_r->origin_failed_at = pl_col_int(stmt, "origin_failed_at");
	ret = pl_row_ok(stmt, work->err);
	pl_reset(stmt);
	return ret;
}

static int64_t later(int64_t one, int64_t other)
{
	return one > other ? one : other;
}

static int64_t wait_until(const struct failures *failures, int64_t now)
{
	return later(pl_backoff_until(&of_name, failures->of_name, failures->name_failed_at, now),
		     pl_backoff_until(&of_origin, failures->of_origin, failures->origin_failed_at,
				      now));
}

static int enter(const struct pl_work *work, const struct key *key, int64_t *wait_r)
{
	struct failures failures;
	int64_t until;

	if (read_failures(work, key, &failures) < 0)
		return -1;
	until = wait_until(&failures, work->now);
	if (until != 0) {
		*wait_r = until - work->now;
		return 0;
	}
	if (failures.of_name > 0 && work->now - failures.name_failed_at >= PL_THROTTLE_FORGET &&
	    pl_exec(work->store, PL_SQL_SIGN_IN_FAILURE_DELETE, PL_PARAMS(KEY_PARAMS(key)),
		    work->err) < 0)
		return -1;
	return pl_exec(work->store, PL_SQL_SIGN_IN_FAILURE_INSERT,
		       PL_PARAMS(KEY_PARAMS(key), PL_INT("now", work->now)), work->err) < 0
		       ? -1
		       : 1;
}

int pl_throttle_enter_commit(const struct pl_work *work, const struct pl_attempt *attempt,
			     int64_t *wait_r)
{
	struct key key;
	int ret = make_key(attempt, &key, work->err);

	*wait_r = 0;
	if (ret == 0)
		ret = pl_store_begin_write(work->store, work->err);
	if (ret == 0)
		ret = enter(work, &key, wait_r);
	if (ret == 1 && pl_store_commit(work->store, work->err) < 0)
		ret = -1;
	pl_store_rollback(work->store); /* nothing is open after a commit */
	return ret < 0 ? pl_error_prefix(work->err, "failures to sign in from %s", key.origin)
		       : ret;
}

int pl_throttle_clear(struct pl_store *store, const struct pl_attempt *attempt,
		      struct pl_error *err)
{
	struct key key;

	return make_key(attempt, &key, err) < 0 ? -1
						: pl_exec(store, PL_SQL_SIGN_IN_FAILURE_TAKE_BACK,
							  PL_PARAMS(KEY_PARAMS(&key)), err);
}
