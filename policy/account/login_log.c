/* login_log.c - records of logins, written by a thread of its own; see login_log.h. */
#include "policy/account/login_log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/base/monotonic.h"
#include "policy/base/thread.h"

#define PORTION 32

static const struct pl_actor actor = { .who = "dovecot", .from = "first sign-in" };

struct pl_login_log {
	char *uri;
	pthread_t thread;
	pthread_mutex_t lock; /* held for a moment only, never over I/O */
	pthread_cond_t wake;
	int stop, finished;
	struct pl_login_record tables[2][PL_LOGIN_LOG_PENDING];
	struct pl_login_record *pending; /* one of them; the thread writes from the other */
	size_t count, refused;           /* refused: of count */
	int dropped;                     /* something was left out */
	struct pl_error failure;         /* PL_OK: none since it was last asked for */
	/* Of the thread alone: */
	struct pl_store *store;
	const struct pl_login_record *writing;
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

static void add(struct pl_login_log *log, const struct pl_login_record *record)
{
	struct pl_login_record *waiting = find_like(log, record);

	if (waiting != NULL) {
		waiting->times += record->times;
		waiting->at = record->at;
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
	add(log, record);
	if (log->count == 1)
		pthread_cond_signal(&log->wake);
	pthread_mutex_unlock(&log->lock);
}

int pl_login_log_failure(struct pl_login_log *log, struct pl_error *err_r)
{
	int any;

	pthread_mutex_lock(&log->lock);
	if (log->failure.code == PL_OK && log->dropped)
		pl_error_set(&log->failure, PL_ERR_RETRY,
			     "records of logins: some were left out, more than %d were waiting",
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

static int write_some(struct pl_login_log *log, size_t from, size_t to, struct pl_error *err)
{
	const struct pl_work work = {
		.store = log->store, .actor = actor, .now = pl_store_now(log->store), .err = err
	};

	if (pl_store_begin_write(log->store, err) < 0)
		return -1;
	for (size_t i = from; i < to; i++) {
		if (pl_login_record_write(&work, &log->writing[i]) < 0) {
			pl_store_rollback(log->store);
			return -1;
		}
	}
	if (pl_store_commit(log->store, err) < 0) {
		pl_store_rollback(log->store);
		return -1;
	}
	return 0;
}

/* On a server each statement takes as long as the network does, and others wait to
 * write: so in portions there. *done_r of them are written, also when one fails. */
static int write_all(struct pl_login_log *log, size_t count, size_t *done_r, struct pl_error *err)
{
	const size_t portion = pl_store_is_remote(log->uri) ? PORTION : count;

	*done_r = 0;
	if (log->store != NULL && pl_store_replaced(log->store))
		pl_store_close(&log->store);
	if (log->store == NULL && pl_store_open(log->uri, PL_ROLE_USE, &log->store, err) < 0)
		return -1;
	while (*done_r < count) {
		size_t to = *done_r + portion < count ? *done_r + portion : count;

		if (write_some(log, *done_r, to, err) < 0)
			return -1;
		*done_r = to;
	}
	return 0;
}

/* Waits for something to do, and then for the second to pass in which more may
 * come. Returns how many records were moved to writing; -1 when it is time to go. */
static int wait_for_logins(struct pl_login_log *log)
{
	struct timespec second;
	size_t count;

	pthread_mutex_lock(&log->lock);
	while (log->count == 0 && !log->stop)
		pthread_cond_wait(&log->wake, &log->lock);
	second = pl_monotonic_after(1000);
	while (!log->stop && pthread_cond_clockwait(&log->wake, &log->lock, CLOCK_MONOTONIC,
						    &second) != ETIMEDOUT)
		;
	count = log->count;
	log->writing = log->pending;
	log->pending = log->pending == log->tables[0] ? log->tables[1] : log->tables[0];
	log->count = 0;
	log->refused = 0;
	if (count == 0 && log->stop) {
		log->finished = 1;
		pthread_mutex_unlock(&log->lock);
		return -1;
	}
	pthread_mutex_unlock(&log->lock);
	return (int)count;
}

/* Puts what could not be written in front of what came meanwhile: the next
 * second may be better. Not at the end, which must come. */
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
	}
	pthread_mutex_unlock(&log->lock);
}

static void *run(void *context)
{
	struct pl_login_log *log = context;
	int count;

	while ((count = wait_for_logins(log)) >= 0) {
		struct pl_error err = { 0 };
		size_t done;

		if (write_all(log, (size_t)count, &done, &err) < 0) {
			pl_store_close(&log->store);
			keep_failure(log, &err);
			/* What does not heal by itself must not hold up all others. */
			if (err.code == PL_ERR_RETRY)
				give_back(log, log->writing + done, (size_t)count - done);
		}
	}
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
	if (pthread_clockjoin_np(log->thread, NULL, CLOCK_MONOTONIC, &deadline) != 0) {
		/* Stuck on the disk: it keeps its memory, and ends with the process. */
		pthread_detach(log->thread);
		return;
	}
	pthread_mutex_destroy(&log->lock);
	pthread_cond_destroy(&log->wake);
	free(log->uri);
	free(log);
}
