/* driver.c - see driver.h. */
#include "dovecot-plugin/driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/base/breaker.h"
#include "policy/base/log_limit.h"
#include "policy/login/live_policy.h"
#include "policy/settings/other_services.h"

#define LOOK_EVERY_MS 100 /* between two looks at the files */
#define CLOSE_WAIT_MS 1000

struct pl_driver {
	pl_driver_log_t *log;
	const struct pl_event_loop *loop;
	int records_logins;
	int64_t now_ms, look_at_ms;

	struct pl_live_policy *live;
	struct pl_snapshot *snapshot; /* the last that live gave; NULL: none yet */
	struct pl_async_store *async; /* of a database on a server; then there is no store */
	struct pl_store *store;
	struct pl_breaker breaker; /* of the store */
	struct pl_error store_err; /* why it failed last */
	void *batch;               /* the timer that ends it; NULL: no transaction is open */
	struct pl_login_log *logins;

	struct pl_log_limit store_limit, record_limit, data_limit, service_limit;
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

/* Before the next round of I/O: what was revoked by then is dead. */
static void end_batch(void *context)
{
	struct pl_driver *driver = context;

	driver->batch = NULL;
	pl_store_end_read(driver->store);
}

static void close_store(struct pl_driver *driver)
{
	if (driver->batch != NULL) {
		driver->loop->stop_timer(driver->batch);
		end_batch(driver);
	}
	pl_store_close(&driver->store);
}

static void open_login_log(struct pl_driver *driver)
{
	struct pl_error err;

	pl_login_log_close(&driver->logins, CLOSE_WAIT_MS);
	if (pl_login_log_open(driver->snapshot->policy->database, &driver->logins, &err) < 0)
		log_failure(driver, &driver->record_limit, &err);
}

/* Connects to a server; a file is opened by the first login. */
static void open_database(struct pl_driver *driver)
{
	const char *uri = driver->snapshot->policy->database;
	struct pl_error err;

	pl_breaker_succeeded(&driver->breaker);
	if (pl_store_is_remote(uri) &&
	    pl_async_store_new(uri, PL_ROLE_LOGIN, pl_login_statements, pl_login_statement_count,
			       driver->loop, &driver->async, &err) < 0)
		log_failure(driver, &driver->store_limit, &err);
	if (driver->records_logins)
		open_login_log(driver);
}

/* Takes over the reference. */
static void take_snapshot(struct pl_driver *driver, struct pl_snapshot *snapshot)
{
	const int moved = driver->snapshot == NULL || strcmp(driver->snapshot->policy->database,
							     snapshot->policy->database) != 0;

	if (moved) {
		close_store(driver);
		pl_async_store_free(&driver->async, 0);
	}
	pl_snapshot_unref(&driver->snapshot);
	driver->snapshot = snapshot;
	if (moved)
		open_database(driver);
}

/* The writer tries again each second, and may fail each time. */
static void report_records(struct pl_driver *driver)
{
	struct pl_error err;

	if (driver->logins != NULL && pl_login_log_failure(driver->logins, &err))
		log_failure(driver, &driver->record_limit, &err);
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
	report_records(driver);
	return 0;
}

struct pl_driver *pl_driver_new(const struct pl_driver_options *options)
{
	struct pl_driver *driver = calloc(1, sizeof(*driver));
	const struct pl_live_options live = { .policy_path = options->policy_path,
					      .keys = PL_LIVE_HMAC_KEY,
					      .look_every_ms = LOOK_EVERY_MS,
					      .report = log_policy,
					      .context = driver };
	struct pl_error err;

	if (driver == NULL || (driver->live = pl_live_policy_new(&live)) == NULL) {
		free(driver);
		return NULL;
	}
	driver->log = options->log;
	driver->loop = options->loop;
	driver->records_logins = options->records_logins;
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
	pl_async_store_free(&driver->async, CLOSE_WAIT_MS);
	pl_login_log_close(&driver->logins, CLOSE_WAIT_MS);
	pl_snapshot_unref(&driver->snapshot);
	pl_live_policy_free(&driver->live);
	free(driver);
}

/* With no key, or with a member's row that makes no sense, the store is sound: others
 * need not wait. */
static int is_of_this_login(const struct pl_snapshot *snapshot, const struct pl_error *err)
{
	return err->code == PL_ERR_DATA ||
	       (snapshot->hmac_key == NULL && err->code == PL_ERR_RETRY);
}

static void database_answered(struct pl_driver *driver)
{
	if (pl_log_limit_ended(&driver->store_limit))
		driver->log(PL_DRIVER_INFO, "database: can be read again");
}

/* -- on a server -- */

static void rows_came(void *context, struct pl_stmt *rows, const struct pl_error *failure)
{
	struct pl_driver_request *request = context;
	struct pl_driver *driver = request->driver;
	struct pl_snapshot *snapshot = request->snapshot;
	struct pl_login_result result;
	struct pl_error err;
	int ret = -1;

	if (rows != NULL)
		ret = pl_login_answer(snapshot->policy, snapshot->hmac_key, &request->login,
				      &request->question, rows, &result, &err);
	else
		err = *failure;
	if (ret == 1) {
		request->asked.sql = request->question.sql;
		pl_async_store_ask(driver->async, &request->asked);
		return;
	}
	if (ret == 0)
		database_answered(driver);
	else if (rows == NULL || !is_of_this_login(snapshot, &err))
		log_failure(driver, &driver->store_limit, &err);
	else if (err.code == PL_ERR_DATA)
		log_failure(driver, &driver->data_limit, &err);
	request->answer(request, ret == 0 ? &result : NULL, &err);
	pl_snapshot_unref(&snapshot);
}

static void set_now(void *context, int64_t now)
{
	struct pl_driver_request *request = context;

	pl_login_set_now(&request->login, &request->question, now);
}

/* Returns -1 when it cannot be asked. */
static int ask(struct pl_driver *driver, struct pl_driver_request *request, struct pl_error *err)
{
	if (driver->async == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	if (pl_login_ask(driver->snapshot->policy, &request->login, &request->question, err) < 0)
		return -1;
	request->snapshot = pl_snapshot_ref(driver->snapshot);
	request->asked = (struct pl_async_question){
		.sql = request->question.sql,
		.params = request->question.params,
		.before_sending = set_now,
		.answer = rows_came,
		.context = request,
	};
	pl_async_store_ask(driver->async, &request->asked);
	return 0;
}

/* -- in a file -- */

/* Remembers a failure of the store, so that the next logins fail at once and do not each
 * wait for a lock. */
static int store_failed(struct pl_driver *driver, const struct pl_error *err)
{
	pl_breaker_failed(&driver->breaker, driver->now_ms, PL_BREAKER_FIRST_MS);
	driver->store_err = *err;
	log_failure(driver, &driver->store_limit, err);
	close_store(driver);
	return -1;
}

static int open_batch(struct pl_driver *driver, struct pl_error *err)
{
	if (!pl_breaker_may_try(&driver->breaker, driver->now_ms)) {
		*err = driver->store_err;
		return -1;
	}
	if (driver->store == NULL && pl_store_open(driver->snapshot->policy->database,
						   PL_ROLE_LOGIN, &driver->store, err) < 0)
		return store_failed(driver, err);
	if (pl_store_begin_read(driver->store, err) < 0)
		return store_failed(driver, err);
	driver->batch = driver->loop->timer(0, end_batch, driver);
	return 0;
}

static int evaluate(struct pl_driver *driver, const struct pl_login *login,
		    struct pl_login_result *result_r, struct pl_error *err)
{
	const struct pl_snapshot *snapshot = driver->snapshot;

	if (driver->batch == NULL && open_batch(driver, err) < 0)
		return -1;
	if (pl_login_evaluate(driver->store, snapshot->policy, snapshot->hmac_key, login, result_r,
			      err) < 0) {
		if (!is_of_this_login(snapshot, err))
			return store_failed(driver, err);
		if (err->code == PL_ERR_DATA)
			log_failure(driver, &driver->data_limit, err);
		pl_breaker_succeeded(&driver->breaker);
		return -1;
	}
	database_answered(driver);
	pl_breaker_succeeded(&driver->breaker);
	return 0;
}

void pl_driver_evaluate(struct pl_driver *driver, struct pl_driver_request *request, int64_t now_ms)
{
	struct pl_login_result result;
	struct pl_error err;
	int ret;

	driver->now_ms = now_ms;
	request->driver = driver;
	ret = look_at_files(driver, &err);
	request->login.now = time(NULL);
	if (ret == 0 && pl_store_is_remote(driver->snapshot->policy->database)) {
		if (ask(driver, request, &err) == 0)
			return;
		ret = -1;
	} else if (ret == 0) {
		ret = evaluate(driver, &request->login, &result, &err);
	}
	request->answer(request, ret == 0 ? &result : NULL, &err);
}

/* For `postlatch check`. */
static void record_denial(struct pl_driver *driver, const char *service)
{
	struct pl_login_record denial = { .at = time(NULL) };

	snprintf(denial.denied_service, sizeof(denial.denied_service), "%s", service);
	pl_driver_record(driver, &denial);
}

int pl_driver_other_service(struct pl_driver *driver, const char *service, int64_t now_ms,
			    enum pl_setting *setting_r)
{
	struct pl_error err;

	driver->now_ms = now_ms;
	if (look_at_files(driver, &err) < 0)
		return -1;
	if (pl_other_service(driver->snapshot->policy->other_services, service, setting_r))
		return 1;
	pl_error_set(&err, PL_ERR_CONFIG,
		     "denied: service \"%.64s\" is not known; if it is a program of yours, name "
		     "it and its switch in other_services of the policy file, as radicale=imap",
		     service);
	if (pl_log_limit_failed(&driver->service_limit, err.msg, now_ms)) {
		driver->log(PL_DRIVER_ERROR, err.msg);
		record_denial(driver, service);
	}
	return 0;
}

const char *pl_driver_portal_url(const struct pl_driver *driver)
{
	return driver->snapshot == NULL ? "" : driver->snapshot->policy->portal_url;
}

void pl_driver_record(struct pl_driver *driver, const struct pl_login_record *record)
{
	if (driver->logins != NULL)
		pl_login_log_add(driver->logins, record);
}

/* A name that is not an address is nobody's. */
void pl_driver_deliver(struct pl_driver *driver, const char *user, int64_t member_id, int64_t at)
{
	struct pl_delivery delivery = { .member_id = member_id, .at = at };

	if (driver->logins == NULL ||
	    (member_id == 0 &&
	     pl_address_parse(user, strlen(user), driver->snapshot->policy->default_domain,
			      &delivery.address, NULL) < 0))
		return;
	pl_login_log_deliver(driver->logins, &delivery);
}

void pl_driver_show(struct pl_driver *driver, const struct pl_connection_attempt *attempt)
{
	if (driver->logins != NULL)
		pl_login_log_show(driver->logins, attempt);
}
