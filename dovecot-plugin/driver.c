/* driver.c - see driver.h. */
#include "dovecot-plugin/driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/base/breaker.h"
#include "policy/base/log_limit.h"
#include "policy/login/live_policy.h"

#define LOOK_EVERY_MS 100 /* between two looks at the files */
#define CLOSE_WAIT_MS 1000

struct pl_driver {
	pl_driver_log_t *log;
	int notes_uses;
	int64_t now_ms, look_at_ms;

	struct pl_live_policy *live;
	struct pl_snapshot *snapshot; /* the last that live gave; NULL: none yet */
	struct pl_store *store;
	struct pl_breaker breaker; /* of the store */
	struct pl_error store_err; /* why it failed last */
	int turn_open;
	struct pl_use_log *uses;

	struct pl_log_limit store_limit, use_limit, data_limit;
};

static void log_failure(struct pl_driver *driver, struct pl_log_limit *limit,
			const struct pl_error *err)
{
	if (pl_log_limit_failed(limit, err->msg, driver->now_ms))
		driver->log(PL_DRIVER_ERROR, err->msg);
}

/* For the live policy, which limits its lines itself. */
static void log_policy(void *context, int failed, const char *msg)
{
	struct pl_driver *driver = context;

	driver->log(failed ? PL_DRIVER_ERROR : PL_DRIVER_INFO, msg);
}

static void close_store(struct pl_driver *driver)
{
	pl_driver_end_turn(driver);
	pl_store_close(&driver->store);
}

static void open_uses(struct pl_driver *driver)
{
	struct pl_error err;

	pl_use_close(&driver->uses, CLOSE_WAIT_MS);
	if (pl_use_open(driver->snapshot->policy->database, &driver->uses, &err) < 0)
		log_failure(driver, &driver->use_limit, &err);
}

/* Takes over the reference. */
static void take_snapshot(struct pl_driver *driver, struct pl_snapshot *snapshot)
{
	const int moved = driver->snapshot == NULL || strcmp(driver->snapshot->policy->database,
							     snapshot->policy->database) != 0;

	if (moved) {
		close_store(driver);
		pl_breaker_succeeded(&driver->breaker);
	}
	pl_snapshot_unref(&driver->snapshot);
	driver->snapshot = snapshot;
	if (moved && driver->notes_uses)
		open_uses(driver);
}

/* The writer tries again each second, and may fail each time. */
static void report_uses(struct pl_driver *driver)
{
	struct pl_error err;

	if (driver->uses != NULL && pl_use_trouble(driver->uses, &err))
		log_failure(driver, &driver->use_limit, &err);
}

/* -1 while there is no good policy. */
static int look_at_files(struct pl_driver *driver, struct pl_error *err)
{
	struct pl_snapshot *snapshot;

	if (pl_live_policy_hold(driver->live, driver->now_ms, &snapshot, err) < 0)
		return -1;
	if (snapshot != driver->snapshot)
		take_snapshot(driver, snapshot);
	else
		pl_snapshot_unref(&snapshot);
	if (driver->now_ms < driver->look_at_ms)
		return 0;
	driver->look_at_ms = driver->now_ms + LOOK_EVERY_MS;
	if (driver->store != NULL && pl_store_replaced(driver->store))
		close_store(driver);
	report_uses(driver);
	return 0;
}

struct pl_driver *pl_driver_new(const char *policy_path, int notes_uses, pl_driver_log_t *log)
{
	struct pl_driver *driver = calloc(1, sizeof(*driver));
	const struct pl_live_options options = { .policy_path = policy_path,
						 .keys = PL_LIVE_HMAC_KEY,
						 .look_every_ms = LOOK_EVERY_MS,
						 .report = log_policy,
						 .context = driver };
	struct pl_error err;

	if (driver == NULL || (driver->live = pl_live_policy_new(&options)) == NULL) {
		free(driver);
		return NULL;
	}
	driver->log = log;
	driver->notes_uses = notes_uses;
	/* What is wrong with the policy is in the log now, and again in a minute. */
	(void)look_at_files(driver, &err);
	return driver;
}

void pl_driver_free(struct pl_driver **driver_p)
{
	struct pl_driver *driver = *driver_p;

	*driver_p = NULL;
	if (driver == NULL)
		return;
	close_store(driver);
	pl_use_close(&driver->uses, CLOSE_WAIT_MS);
	pl_snapshot_unref(&driver->snapshot);
	pl_live_policy_free(&driver->live);
	free(driver);
}

void pl_driver_end_turn(struct pl_driver *driver)
{
	if (!driver->turn_open)
		return;
	driver->turn_open = 0;
	pl_store_end_read(driver->store);
}

static int is_remote(const struct pl_driver *driver)
{
	return driver->snapshot != NULL && pl_store_is_remote(driver->snapshot->policy->database);
}

/* Remembers trouble with the store, so that the next logins fail at once and
 * do not each wait for a lock. */
static int store_failed(struct pl_driver *driver, const struct pl_error *err)
{
	pl_breaker_failed(&driver->breaker, driver->now_ms,
			  is_remote(driver) ? PL_BREAKER_MOST_MS : PL_BREAKER_FIRST_MS);
	driver->store_err = *err;
	log_failure(driver, &driver->store_limit, err);
	close_store(driver);
	return -1;
}

static int open_turn(struct pl_driver *driver, struct pl_error *err)
{
	if (!pl_breaker_may_try(&driver->breaker, driver->now_ms)) {
		*err = driver->store_err;
		return -1;
	}
	if (driver->store == NULL && pl_store_open(driver->snapshot->policy->database,
						   PL_ROLE_LOGIN, &driver->store, err) < 0)
		return store_failed(driver, err);
	/* A turn of a worker is one login: a transaction would only cost two round trips. */
	if (is_remote(driver))
		return 0;
	if (pl_store_begin_read(driver->store, err) < 0)
		return store_failed(driver, err);
	driver->turn_open = 1;
	return 0;
}

/* With no key, or with a member's row that makes no sense, the store is sound: others
 * need not wait. */
static int is_of_this_login(const struct pl_driver *driver, const struct pl_error *err)
{
	return err->code == PL_ERR_DATA ||
	       (driver->snapshot->hmac_key == NULL && err->code == PL_ERR_RETRY);
}

int pl_driver_judge(struct pl_driver *driver, struct pl_login *login, int64_t now_ms,
		    struct pl_login_result *result_r, struct pl_error *err)
{
	int opened = 0;

	driver->now_ms = now_ms;
	if (look_at_files(driver, err) < 0)
		return -1;
	if (!driver->turn_open) {
		if (open_turn(driver, err) < 0)
			return -1;
		opened = driver->turn_open;
	}
	login->now = time(NULL);
	if (pl_login_evaluate(driver->store, driver->snapshot->policy, driver->snapshot->hmac_key,
			      login, result_r, err) < 0) {
		if (!is_of_this_login(driver, err))
			return store_failed(driver, err);
		if (err->code == PL_ERR_DATA)
			log_failure(driver, &driver->data_limit, err);
		pl_breaker_succeeded(&driver->breaker);
		pl_driver_end_turn(driver);
		return -1;
	}
	if (pl_log_limit_ended(&driver->store_limit))
		driver->log(PL_DRIVER_INFO, "database: can be read again");
	pl_breaker_succeeded(&driver->breaker);
	return opened;
}

int pl_driver_wants_worker(struct pl_driver *driver, int64_t now_ms)
{
	struct pl_error err;

	driver->now_ms = now_ms;
	(void)look_at_files(driver, &err);
	return is_remote(driver);
}

int pl_driver_address(const struct pl_driver *driver, const char *user, size_t len,
		      struct pl_address *address_r)
{
	return pl_address_parse(user, len, driver->snapshot->policy->default_domain, address_r,
				NULL);
}

void pl_driver_note_use(struct pl_driver *driver, const struct pl_use *use)
{
	if (driver->uses != NULL)
		pl_use_note(driver->uses, use);
}
