/* login_log.c - records and counts of logins, deliveries and attempts, written by a thread of its
 * own; see login_log.h. */
#include "policy/account/login_log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "policy/base/monotonic.h"
#include "policy/base/thread.h"

#define PORTION 32
#define EVERY_MS 1000
#define EVERY_MS_IN_TEST 200
#define GATHER_MS 200 /* after a pause: more may come, and a member may wait for this one */

static const struct pl_actor actor = { .who = "dovecot", .from = "first sign-in" };

struct pl_login_log {
	char *uri;
	pthread_t thread;
	pthread_mutex_t lock; /* held for a moment only, never over I/O */
	pthread_cond_t wake;
	int stop;
	struct pl_login_record tables[2][PL_LOGIN_LOG_PENDING];
	struct pl_login_record *pending; /* one of them; the thread writes from the other */
	size_t count, refused;           /* refused: of count */
	int dropped;                     /* something was left out */
	struct pl_login_tally tallies[2], *tally; /* as tables and pending */
	struct pl_error failure;                  /* PL_OK: none since it was last asked for */
	struct pl_connection_attempt attempt_tables[2][PL_LOGIN_LOG_ATTEMPTS];
	struct pl_connection_attempt *attempts; /* as pending */
	size_t attempt_count;
	struct pl_delivery delivery_tables[2][PL_LOGIN_LOG_DELIVERIES];
	struct pl_delivery *deliveries; /* as pending */
	size_t delivery_count;
	/* Of the thread alone: */
	struct pl_store *store;
	const struct pl_login_record *writing;
	struct pl_login_tally *counting;
	const struct pl_connection_attempt *showing;
	const struct pl_delivery *delivered;
	int is_in_test;   /* one was running at the last look */
	int64_t taken_ms; /* when the last batch was taken */
};

/* What the thread has taken out of the tables. */
struct batch {
	size_t records, attempts, deliveries;
};

/* The one that waits and tells of this login, too; NULL: none. A client that signs in over and over
 * comes right behind itself. Refused logins come mixed, from whoever guesses at many members. */
static struct pl_login_record *find_like(struct pl_login_log *log,
					 const struct pl_login_record *record)
{
	const size_t looks = record->refused ? log->count : log->count > 0;

	for (size_t i = 0; i < looks; i++) {
		struct pl_login_record *waiting = &log->pending[log->count - 1 - i];

		if (pl_login_record_is_like(waiting, record))
			return waiting;
	}
	return NULL;
}

static void count(struct pl_login_log *log, const struct pl_login_count *count,
		  const struct pl_ip *ip)
{
	const size_t before = log->tally->rows;

	if (!pl_login_tally_add(log->tally, count, ip))
		log->dropped = 1;
	else if (before == 0)
		pthread_cond_signal(&log->wake);
}

static void count_record(struct pl_login_log *log, const struct pl_login_record *record)
{
	const struct pl_login_count counted = pl_login_count_of(record);

	if ((record->service != PL_SETTING_WEBMAIL || record->refused) &&
	    record->denied_service[0] == '\0')
		count(log, &counted, &record->ip);
}

/* Nobody but members has records: a login that is let in makes one of a name that is an address. */
static int has_record(const struct pl_login_record *record)
{
	return record->member_id != 0 || record->denied_service[0] != '\0' ||
	       (!record->refused && record->address.local[0] != '\0');
}

static void add(struct pl_login_log *log, const struct pl_login_record *record)
{
	struct pl_login_record *waiting = find_like(log, record);

	if (waiting != NULL) {
		waiting->times += record->times;
		waiting->at = record->at;
		if (record->renewal.key_id != 0)
			waiting->renewal = record->renewal;
	} else if (log->count < PL_LOGIN_LOG_PENDING &&
		   (!record->refused || log->refused < PL_LOGIN_LOG_REFUSED)) {
		log->pending[log->count++] = *record;
		log->refused += record->refused != 0;
	} else {
		log->dropped = 1;
	}
}

void pl_login_log_add(struct pl_login_log *log, const struct pl_login_record *record)
{
	pthread_mutex_lock(&log->lock);
	count_record(log, record);
	if (has_record(record))
		add(log, record);
	if (log->count == 1)
		pthread_cond_signal(&log->wake);
	pthread_mutex_unlock(&log->lock);
}

void pl_login_log_count(struct pl_login_log *log, const struct pl_login_count *counted,
			const struct pl_ip *ip)
{
	pthread_mutex_lock(&log->lock);
	count(log, counted, ip);
	pthread_mutex_unlock(&log->lock);
}

void pl_login_log_show(struct pl_login_log *log, const struct pl_connection_attempt *attempt)
{
	pthread_mutex_lock(&log->lock);
	if (log->attempt_count < PL_LOGIN_LOG_ATTEMPTS)
		log->attempts[log->attempt_count++] = *attempt;
	if (log->attempt_count == 1)
		pthread_cond_signal(&log->wake);
	pthread_mutex_unlock(&log->lock);
}

static struct pl_delivery *find_delivery(struct pl_login_log *log,
					 const struct pl_delivery *delivery)
{
	for (size_t i = 0; i < log->delivery_count; i++) {
		if (pl_delivery_is_like(&log->deliveries[i], delivery))
			return &log->deliveries[i];
	}
	return NULL;
}

void pl_login_log_deliver(struct pl_login_log *log, const struct pl_delivery *delivery)
{
	struct pl_delivery *waiting;

	pthread_mutex_lock(&log->lock);
	waiting = find_delivery(log, delivery);
	if (waiting != NULL)
		waiting->at = delivery->at;
	else if (log->delivery_count < PL_LOGIN_LOG_DELIVERIES)
		log->deliveries[log->delivery_count++] = *delivery;
	else
		log->dropped = 1;
	if (log->delivery_count == 1)
		pthread_cond_signal(&log->wake);
	pthread_mutex_unlock(&log->lock);
}

int pl_login_log_failure(struct pl_login_log *log, struct pl_error *err_r)
{
	int any;

	pthread_mutex_lock(&log->lock);
	if (log->failure.code == PL_OK && log->dropped)
		pl_error_set(&log->failure, PL_ERR_RETRY,
			     "records of logins and deliveries: some were left out, more than %d "
			     "were waiting",
			     PL_LOGIN_LOG_PENDING);
	any = log->failure.code != PL_OK;
	*err_r = log->failure;
	log->failure.code = PL_OK;
	log->dropped = 0;
	pthread_mutex_unlock(&log->lock);
	return any;
}

static void keep_failure(struct pl_login_log *log, const struct pl_error *err)
{
	pthread_mutex_lock(&log->lock);
	pl_error_set(&log->failure, err->code, "records of logins: %s", err->msg);
	pthread_mutex_unlock(&log->lock);
}

/* Writes some of what was taken out of the tables; is_last: nothing comes behind it. */
typedef int write_fn(struct pl_login_log *log, const struct pl_work *work, size_t from, size_t to,
		     int is_last);

/* The counts come last, as others may write to the same rows, and wait until this is committed. */
static int write_records(struct pl_login_log *log, const struct pl_work *work, size_t from,
			 size_t to, int is_last)
{
	int ret = 0;

	for (size_t i = from; i < to && ret == 0; i++)
		ret = pl_login_record_write(work, &log->writing[i]);
	return ret == 0 && is_last ? pl_login_tally_write(work, log->counting) : ret;
}

static int write_deliveries(struct pl_login_log *log, const struct pl_work *work, size_t from,
			    size_t to, int is_last)
{
	int ret = 0;

	(void)is_last;
	for (size_t i = from; i < to && ret == 0; i++)
		ret = pl_delivery_write(work, &log->delivered[i]);
	return ret;
}

static int write_in_transaction(struct pl_login_log *log, write_fn *write, size_t from, size_t to,
				int is_last, struct pl_error *err)
{
	const struct pl_work work = {
		.store = log->store, .actor = actor, .now = pl_store_now(log->store), .err = err
	};
	int ret;

	if (pl_store_begin_write(log->store, err) < 0)
		return -1;
	ret = write(log, &work, from, to, is_last);
	if (ret == 0)
		ret = pl_store_commit(log->store, err);
	if (ret < 0)
		pl_store_rollback(log->store);
	return ret;
}

/* On a server each statement takes as long as the network does, and others wait to write: so in
 * portions there. *done_r of count are written, also when one fails. With none at all, write is
 * called once, for nothing but that it is the last. */
static int write_in_portions(struct pl_login_log *log, write_fn *write, size_t count,
			     size_t *done_r, struct pl_error *err)
{
	const size_t portion = pl_store_is_remote(log->uri) ? PORTION : count;
	size_t to;

	do {
		to = *done_r + portion < count ? *done_r + portion : count;
		if (write_in_transaction(log, write, *done_r, to, to == count, err) < 0)
			return -1;
		*done_r = to;
	} while (*done_r < count);
	return 0;
}

static int write_attempts(struct pl_login_log *log, const struct pl_running_tests *running,
			  size_t count, struct pl_error *err)
{
	const struct pl_work work = {
		.store = log->store, .actor = actor, .now = pl_store_now(log->store), .err = err
	};
	int ret = 0, is_open = 0;

	for (size_t i = 0; i < count && ret == 0; i++) {
		const struct pl_connection_attempt *attempt = &log->showing[i];
		const struct pl_running_test *test = pl_running_tests_find(running, attempt);

		if (test == NULL)
			continue;
		if (!is_open)
			ret = pl_store_begin_write(log->store, err);
		is_open = 1;
		if (ret == 0)
			ret = pl_connection_attempt_add(&work, test, attempt);
	}
	if (ret == 0 && is_open)
		ret = pl_store_commit(log->store, err);
	if (ret < 0 && is_open)
		pl_store_rollback(log->store);
	return ret;
}

/* Those that running tests show. Without a test this is one small read. */
static int show_attempts(struct pl_login_log *log, size_t count, struct pl_error *err)
{
	struct pl_running_tests running;
	int ret;

	if (count == 0)
		return 0;
	if (pl_running_tests_read(log->store, pl_store_now(log->store), &running, err) < 0)
		return -1;
	log->is_in_test = running.count > 0;
	ret = write_attempts(log, &running, count, err);
	pl_running_tests_free(&running);
	return ret;
}

static int open_store(struct pl_login_log *log, struct pl_error *err)
{
	if (log->store != NULL && pl_store_replaced(log->store))
		pl_store_close(&log->store);
	return log->store != NULL ? 0 : pl_store_open(log->uri, PL_ROLE_USE, &log->store, err);
}

/* Until when more may come. */
static struct timespec end_of_gathering(const struct pl_login_log *log)
{
	const int64_t every = log->is_in_test ? EVERY_MS_IN_TEST : EVERY_MS;
	const int64_t left = log->taken_ms + every - pl_monotonic_ms();

	return pl_monotonic_after(left > GATHER_MS ? (int)left : GATHER_MS);
}

static struct batch take_batch(struct pl_login_log *log)
{
	const struct batch batch = { log->count, log->attempt_count, log->delivery_count };

	log->writing = log->pending;
	log->pending = log->pending == log->tables[0] ? log->tables[1] : log->tables[0];
	log->showing = log->attempts;
	log->attempts = log->attempts == log->attempt_tables[0] ? log->attempt_tables[1]
								: log->attempt_tables[0];
	log->counting = log->tally;
	log->tally = log->tally == &log->tallies[0] ? &log->tallies[1] : &log->tallies[0];
	log->delivered = log->deliveries;
	log->deliveries = log->deliveries == log->delivery_tables[0] ? log->delivery_tables[1]
								     : log->delivery_tables[0];
	log->count = log->refused = log->attempt_count = log->delivery_count = 0;
	return batch;
}

/* Waits for something to do, and then for a while in which more may come. -1 when it is time
 * to go. */
static int wait_for_batch(struct pl_login_log *log, struct batch *batch_r)
{
	struct timespec end;
	int ret = 0;

	pthread_mutex_lock(&log->lock);
	while (log->count + log->attempt_count + log->delivery_count + log->tally->rows == 0 &&
	       !log->stop)
		pthread_cond_wait(&log->wake, &log->lock);
	end = end_of_gathering(log);
	while (!log->stop &&
	       pthread_cond_clockwait(&log->wake, &log->lock, CLOCK_MONOTONIC, &end) != ETIMEDOUT)
		;
	*batch_r = take_batch(log);
	if (batch_r->records + batch_r->attempts + batch_r->deliveries + log->counting->rows == 0 &&
	    log->stop)
		ret = -1;
	pthread_mutex_unlock(&log->lock);
	log->taken_ms = pl_monotonic_ms();
	return ret;
}

/* Puts records that could not be written in front of what came meanwhile, and adds the counts: the
 * next second may be better. Not at the end, which must come. */
static void give_back(struct pl_login_log *log, const struct pl_login_record *records, size_t count)
{
	size_t fits;

	pthread_mutex_lock(&log->lock);
	if (!log->stop) {
		fits = PL_LOGIN_LOG_PENDING - log->count < count ? PL_LOGIN_LOG_PENDING - log->count
								 : count;
		memmove(log->pending + fits, log->pending, log->count * sizeof(log->pending[0]));
		memcpy(log->pending, records, fits * sizeof(log->pending[0]));
		log->count += fits;
		for (size_t i = 0; i < fits; i++)
			log->refused += records[i].refused != 0;
		log->dropped |= fits < count;
		log->dropped |= !pl_login_tally_merge(log->tally, log->counting);
	}
	pthread_mutex_unlock(&log->lock);
}

/* The same of deliveries. What came meanwhile is later, and stays. */
static void give_deliveries_back(struct pl_login_log *log, const struct pl_delivery *deliveries,
				 size_t count)
{
	pthread_mutex_lock(&log->lock);
	for (size_t i = 0; i < count && !log->stop; i++) {
		if (find_delivery(log, &deliveries[i]) != NULL)
			continue;
		if (log->delivery_count < PL_LOGIN_LOG_DELIVERIES)
			log->deliveries[log->delivery_count++] = deliveries[i];
		else
			log->dropped = 1;
	}
	pthread_mutex_unlock(&log->lock);
}

static void write_batch(struct pl_login_log *log, const struct batch *batch)
{
	struct pl_error err = { 0 };
	size_t done = 0, delivered = 0;
	int ret = open_store(log, &err);

	/* Attempts that cannot be shown are forgotten; records are not lost with them. */
	if (ret == 0 && show_attempts(log, batch->attempts, &err) < 0)
		keep_failure(log, &err);
	if (ret == 0 && batch->records + log->counting->rows > 0)
		ret = write_in_portions(log, write_records, batch->records, &done, &err);
	if (ret == 0)
		pl_login_tally_clear(log->counting);
	if (ret == 0 && batch->deliveries > 0)
		ret = write_in_portions(log, write_deliveries, batch->deliveries, &delivered, &err);
	if (ret == 0)
		return;
	pl_store_close(&log->store);
	keep_failure(log, &err);
	/* What does not heal by itself must not hold up all others. */
	if (err.code == PL_ERR_RETRY) {
		give_back(log, log->writing + done, batch->records - done);
		give_deliveries_back(log, log->delivered + delivered,
				     batch->deliveries - delivered);
	}
	pl_login_tally_clear(log->counting);
}

static void *run(void *context)
{
	struct pl_login_log *log = context;
	struct batch batch;

	while (wait_for_batch(log, &batch) == 0)
		write_batch(log, &batch);
	pl_store_close(&log->store);
	return NULL;
}

int pl_login_log_open(const char *uri, struct pl_login_log **log_r, struct pl_error *err)
{
	struct pl_login_log *log = calloc(1, sizeof(*log));
	int ret;

	*log_r = NULL;
	if (log == NULL || (log->uri = strdup(uri)) == NULL) {
		free(log);
		return pl_error_set(err, PL_ERR_RETRY, "records of logins: out of memory");
	}
	log->pending = log->tables[0];
	log->attempts = log->attempt_tables[0];
	log->deliveries = log->delivery_tables[0];
	log->tally = &log->tallies[0];
	log->taken_ms = pl_monotonic_ms() - EVERY_MS;
	pthread_mutex_init(&log->lock, NULL);
	pthread_cond_init(&log->wake, NULL);
	ret = pl_thread_start(&log->thread, run, log);
	if (ret != 0) {
		free(log->uri);
		free(log);
		return pl_error_set(err, PL_ERR_RETRY, "records of logins: no thread: %s",
				    strerror(ret));
	}
	*log_r = log;
	return 0;
}

void pl_login_log_close(struct pl_login_log **log_p, int wait_ms)
{
	struct pl_login_log *log = *log_p;
	struct timespec deadline;

	*log_p = NULL;
	if (log == NULL)
		return;
	pthread_mutex_lock(&log->lock);
	log->stop = 1;
	pthread_cond_signal(&log->wake);
	pthread_mutex_unlock(&log->lock);
	deadline = pl_monotonic_after(wait_ms);
	if (pl_thread_join_until(log->thread, &deadline) != 0) {
		/* Stuck on the disk: it keeps its memory, and ends with the process. */
		pthread_detach(log->thread);
		return;
	}
	pthread_mutex_destroy(&log->lock);
	pthread_cond_destroy(&log->wake);
	free(log->uri);
	free(log);
}
