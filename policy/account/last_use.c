/* last_use.c - last-used times, written by a thread of its own; see last_use.h. */
#include "policy/account/last_use.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/account/app_password_use.h"
#include "policy/account/denied_service.h"
#include "policy/account/member_row.h"
#include "policy/base/monotonic.h"
#include "policy/base/thread.h"

#define PORTION 32

static const struct pl_actor actor = { .who = "dovecot", .from = "first sign-in" };

struct pl_last_use_log {
	char *uri;
	pthread_t thread;
	pthread_mutex_t lock; /* held for a moment only, never over I/O */
	pthread_cond_t wake;
	int stop, finished;
	struct pl_last_use tables[2][PL_LAST_USE_PENDING];
	struct pl_last_use *pending; /* one of them; the thread writes from the other */
	size_t count;
	int dropped;             /* something was left out */
	struct pl_error failure; /* PL_OK: none since it was last asked for */
	/* Of the thread alone: */
	struct pl_store *store;
	const struct pl_last_use *writing;
};

/* The same member, service and credential: the later use replaces the earlier. */
static int same_use(const struct pl_last_use *a, const struct pl_last_use *b)
{
	return a->member_id == b->member_id && a->app_password_id == b->app_password_id &&
	       a->service == b->service && strcmp(a->denied_service, b->denied_service) == 0 &&
	       strcmp(a->address.local, b->address.local) == 0 &&
	       strcmp(a->address.domain, b->address.domain) == 0;
}

void pl_last_use_record(struct pl_last_use_log *log, const struct pl_last_use *use)
{
	pthread_mutex_lock(&log->lock);
	/* One client that signs in over and over comes right behind itself. */
	if (log->count > 0 && same_use(&log->pending[log->count - 1], use))
		log->pending[log->count - 1] = *use;
	else if (log->count < PL_LAST_USE_PENDING)
		log->pending[log->count++] = *use;
	else
		log->dropped = 1;
	if (log->count == 1)
		pthread_cond_signal(&log->wake);
	pthread_mutex_unlock(&log->lock);
}

int pl_last_use_failure(struct pl_last_use_log *log, struct pl_error *err_r)
{
	int any;

	pthread_mutex_lock(&log->lock);
	if (log->failure.code == PL_OK && log->dropped)
		pl_error_set(&log->failure, PL_ERR_RETRY,
			     "last-used times: some were left out, more than %d were waiting",
			     PL_LAST_USE_PENDING);
	any = log->failure.code != PL_OK;
	*err_r = log->failure;
	log->failure.code = PL_OK;
	log->dropped = 0;
	pthread_mutex_unlock(&log->lock);
	return any;
}

static void keep_failure(struct pl_last_use_log *log, const struct pl_error *err)
{
	pthread_mutex_lock(&log->lock);
	pl_error_set(&log->failure, err->code, "last-used times: %s", err->msg);
	pthread_mutex_unlock(&log->lock);
}

static int write_member_use(struct pl_store *store, int64_t member_id,
			    const struct pl_last_use *use, struct pl_error *err)
{
	char ip[PL_IP_TEXT];

	return pl_exec(store, PL_SQL_MEMBER_USE_SET,
		       PL_PARAMS(PL_INT("member_id", member_id),
				 PL_TEXT("service", pl_setting_info(use->service)->name),
				 PL_INT("used_at", use->at),
				 PL_TEXT("ip", pl_ip_format(&use->ip, ip))),
		       err);
}

static int write_app_password_use(const struct pl_work *work, const struct pl_last_use *use)
{
	const struct pl_app_password_use used = { use->app_password_id, use->service, use->ip,
						  use->at };

	return pl_app_password_used(work, &used);
}

/* Whoever removed the domain does not want it back. */
static int is_removed(const struct pl_account *account, const struct pl_last_use *use)
{
	return account->member.id == 0 && use->domain_id != 0 &&
	       use->domain_id != account->domain.id;
}

/* The member whose first login it was, who may have been added meanwhile. 1 when there is none. */
static int add_member(const struct pl_work *work, const struct pl_last_use *use,
		      int64_t *member_id_r)
{
	struct pl_account account;

	if (pl_account_get(work->store, &use->address, &account, work->err) < 0)
		return -1;
	if (is_removed(&account, use))
		return 1;
	if (pl_member_ensure(work, &account) < 0)
		return -1;
	*member_id_r = account.member.id;
	return 0;
}

static int write_denial(const struct pl_work *work, const struct pl_last_use *use)
{
	struct pl_work denial = *work;

	denial.actor = (struct pl_actor){ .who = "dovecot", .from = "" };
	denial.now = use->at;
	return pl_denied_service_add(&denial, use->denied_service);
}

static int write_use(const struct pl_work *work, const struct pl_last_use *use)
{
	int64_t member_id = use->member_id;
	int ret;

	if (use->denied_service[0] != '\0')
		return write_denial(work, use);
	ret = member_id == 0 ? add_member(work, use, &member_id) : 0;
	if (ret != 0)
		return ret < 0 ? -1 : 0;
	if (write_member_use(work->store, member_id, use, work->err) < 0)
		return -1;
	return use->app_password_id == 0 ? 0 : write_app_password_use(work, use);
}

static int write_some(struct pl_last_use_log *log, size_t from, size_t to, struct pl_error *err)
{
	const struct pl_work work = {
		.store = log->store, .actor = actor, .now = pl_store_now(log->store), .err = err
	};

	if (pl_store_begin_write(log->store, err) < 0)
		return -1;
	for (size_t i = from; i < to; i++) {
		if (write_use(&work, &log->writing[i]) < 0) {
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
 * write: so in portions there. What was written twice is the same. */
static int write_all(struct pl_last_use_log *log, size_t count, struct pl_error *err)
{
	const size_t portion = pl_store_is_remote(log->uri) ? PORTION : count;

	if (log->store != NULL && pl_store_replaced(log->store))
		pl_store_close(&log->store);
	if (log->store == NULL && pl_store_open(log->uri, PL_ROLE_USE, &log->store, err) < 0)
		return -1;
	for (size_t from = 0; from < count; from += portion) {
		if (write_some(log, from, from + portion < count ? from + portion : count, err) < 0)
			return -1;
	}
	return 0;
}

/* Waits for something to do, and then for the second to pass in which more may
 * come. Returns how many uses were moved to writing; -1 when it is time to go. */
static int wait_for_uses(struct pl_last_use_log *log)
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
static void give_back(struct pl_last_use_log *log, size_t count)
{
	size_t fits;

	pthread_mutex_lock(&log->lock);
	if (!log->stop) {
		fits = PL_LAST_USE_PENDING - log->count < count ? PL_LAST_USE_PENDING - log->count
								: count;
		memmove(log->pending + fits, log->pending, log->count * sizeof(log->pending[0]));
		memcpy(log->pending, log->writing, fits * sizeof(log->pending[0]));
		log->count += fits;
		log->dropped |= fits < count;
	}
	pthread_mutex_unlock(&log->lock);
}

static void *run(void *context)
{
	struct pl_last_use_log *log = context;
	int count;

	while ((count = wait_for_uses(log)) >= 0) {
		struct pl_error err = { 0 };

		if (write_all(log, (size_t)count, &err) < 0) {
			pl_store_close(&log->store);
			keep_failure(log, &err);
			/* What does not heal by itself must not hold up all others. */
			if (err.code == PL_ERR_RETRY)
				give_back(log, (size_t)count);
		}
	}
	pl_store_close(&log->store);
	return NULL;
}

int pl_last_use_open(const char *uri, struct pl_last_use_log **log_r, struct pl_error *err)
{
	struct pl_last_use_log *log = calloc(1, sizeof(*log));
	int ret;

	*log_r = NULL;
	if (log == NULL || (log->uri = strdup(uri)) == NULL) {
		free(log);
		return pl_error_set(err, PL_ERR_RETRY, "last-used times: out of memory");
	}
	log->pending = log->tables[0];
	pthread_mutex_init(&log->lock, NULL);
	pthread_cond_init(&log->wake, NULL);
	ret = pl_thread_start(&log->thread, run, log);
	if (ret != 0) {
		free(log->uri);
		free(log);
		return pl_error_set(err, PL_ERR_RETRY, "last-used times: no thread: %s",
				    strerror(ret));
	}
	*log_r = log;
	return 0;
}

void pl_last_use_close(struct pl_last_use_log **log_p, int wait_ms)
{
	struct pl_last_use_log *log = *log_p;
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
