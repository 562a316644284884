/* throttle.c - see throttle.h.
 *
 * A row for each failure: so a success can take back its own and leave the times
 * of the others as they were. */
#include "policy/credential/throttle.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "policy/credential/backoff.h"

#define KEY_TEXT (PL_IP_TEXT + 4)

static const struct pl_backoff backoff = { PL_THROTTLE_FREE, 2, PL_THROTTLE_WAIT_MAX };

/* "192.0.2.1" or "2001:db8::/64": one household gets a /64 at least. */
static void format_key(const struct pl_ip *ip, char key_r[KEY_TEXT])
{
	struct pl_ip net = *ip;

	pl_ip_format(ip, key_r);
	if (strchr(key_r, ':') == NULL)
		return;
	memset(net.byte + 8, 0, 8);
	pl_ip_format(&net, key_r);
	snprintf(key_r + strlen(key_r), KEY_TEXT - strlen(key_r), "/64");
}

static int run_of_key(struct pl_store *store, enum pl_sql sql, const char *key,
		      struct pl_error *err)
{
	return pl_exec(store, sql, PL_PARAMS(PL_TEXT("address", key)), err);
}

static int read_failures(const struct pl_work *work, const char *key, int64_t *failures_r,
			 int64_t *failed_at_r)
{
	struct pl_stmt *stmt;
	int ret;

	stmt = pl_query(work->store, PL_SQL_ADDRESS_FAILURE_GET,
			PL_PARAMS(PL_TEXT("address", key),
				  PL_INT("latest", work->now + PL_BACKOFF_AHEAD_MAX)));
	if (pl_step(stmt, work->err) < 0)
		return -1;
	*failures_r = pl_col_int(stmt, "failures");
	*failed_at_r = pl_col_int(stmt, "failed_at");
	ret = pl_row_ok(stmt, work->err);
	pl_reset(stmt);
	return ret;
}

static int count_failure(const struct pl_work *work, const char *key)
{
	return pl_exec(work->store, PL_SQL_ADDRESS_FAILURE_INSERT,
		       PL_PARAMS(PL_TEXT("address", key), PL_INT("now", work->now)), work->err);
}

static int enter(const struct pl_work *work, const char *key, int64_t *wait_r)
{
	int64_t failures, failed_at, until;

	if (read_failures(work, key, &failures, &failed_at) < 0)
		return -1;
	until = pl_backoff_until(&backoff, failures, failed_at, work->now);
	if (until != 0) {
		*wait_r = until - work->now;
		return 0;
	}
	if (failures > 0 && work->now - failed_at >= PL_THROTTLE_FORGET &&
	    run_of_key(work->store, PL_SQL_ADDRESS_FAILURE_DELETE, key, work->err) < 0)
		return -1;
	return count_failure(work, key) < 0 ? -1 : 1;
}

int pl_throttle_enter_commit(const struct pl_work *work, const struct pl_ip *ip, int64_t *wait_r)
{
	char key[KEY_TEXT];
	int ret = pl_store_begin_write(work->store, work->err);

	*wait_r = 0;
	format_key(ip, key);
	if (ret == 0)
		ret = enter(work, key, wait_r);
	if (ret == 1 && pl_store_commit(work->store, work->err) < 0)
		ret = -1;
	pl_store_rollback(work->store); /* nothing is open after a commit */
	return ret < 0 ? pl_error_prefix(work->err, "failures of address %s", key) : ret;
}

int pl_throttle_clear(struct pl_store *store, const struct pl_ip *ip, struct pl_error *err)
{
	char key[KEY_TEXT];

	format_key(ip, key);
	return run_of_key(store, PL_SQL_ADDRESS_FAILURE_TAKE_BACK, key, err);
}
