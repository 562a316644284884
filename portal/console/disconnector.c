/* disconnector.c - see disconnector.h. */
#include "portal/console/disconnector.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "policy/admin/job_lost.h"
#include "policy/base/monotonic.h"
#include "policy/base/thread.h"

#define WAITING_MOST 4096 /* disconnections */
/* The first use of a service is written a second after it, and nobody is known to use what has
 * never been used. */
#define USES_ARE_WRITTEN_MS 2000
#define PAUSE_MS 500 /* between looks at the clock */

/* What is to be done: one of the two. */
struct task {
	struct task *next;
	int64_t due_ms; /* not before then */
	size_t count;
	struct disconnection *members;
	int64_t job_id, *ids;
};

struct disconnector {
	struct portal *portal;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* With the lock held: */
	struct task *first, **end;
	size_t waiting; /* disconnections */
	int stops;
};

static void task_free(struct task *task)
{
	free(task->members);
	free(task->ids);
	free(task);
}

/* ---- the queue ---- */

static void *copy(const void *of, size_t count, size_t size)
{
	void *made = malloc(count * size);

	if (made != NULL)
		memcpy(made, of, count * size);
	return made;
}

static void out_of_memory(void)
{
	const struct pl_error err = { .code = PL_ERR_RETRY,
				      .msg = "mail connections may stay open: out of memory" };

	daemon_log_failure(NULL, &err);
}

/* Takes over what the task holds, which is NULL when there was no memory to copy it. */
static void add(struct disconnector *disconnector, struct task of)
{
	struct task *task = malloc(sizeof(*task));

	if (task == NULL || (of.members == NULL && of.ids == NULL)) {
		free(of.members);
		free(of.ids);
		free(task);
		out_of_memory();
		return;
	}
	*task = of;
	pthread_mutex_lock(&disconnector->lock);
	while (disconnector->waiting > WAITING_MOST && !disconnector->stops)
		pthread_cond_wait(&disconnector->changed, &disconnector->lock);
	if (task->members != NULL)
		disconnector->waiting += task->count;
	*disconnector->end = task;
	disconnector->end = &task->next;
	pthread_cond_broadcast(&disconnector->changed);
	pthread_mutex_unlock(&disconnector->lock);
}

void disconnector_add_changed(struct disconnector *disconnector, int64_t job_id, const int64_t *ids,
			      size_t count)
{
	add(disconnector, (struct task){ .due_ms = pl_monotonic_ms() + USES_ARE_WRITTEN_MS,
					 .count = count,
					 .job_id = job_id,
					 .ids = copy(ids, count, sizeof(*ids)) });
}

void disconnector_add(struct disconnector *disconnector, const struct disconnection *members,
		      size_t count)
{
	add(disconnector,
	    (struct task){ .count = count, .members = copy(members, count, sizeof(*members)) });
}

static int stops(struct disconnector *disconnector)
{
	int ret;

	pthread_mutex_lock(&disconnector->lock);
	ret = disconnector->stops;
	pthread_mutex_unlock(&disconnector->lock);
	return ret;
}

/* One that is due; else the first, which is due before all like it. With the lock held. */
static struct task **choose(struct disconnector *disconnector, int64_t now)
{
	struct task **at = &disconnector->first;

	while (*at != NULL && (*at)->due_ms > now)
		at = &(*at)->next;
	return at;
}

/* The next task, or NULL at the end. */
static struct task *next(struct disconnector *disconnector)
{
	struct task **at, *task;

	pthread_mutex_lock(&disconnector->lock);
	while (*(at = choose(disconnector, pl_monotonic_ms())) == NULL && !disconnector->stops) {
		const struct timespec end = pl_monotonic_after(PAUSE_MS);

		if (disconnector->first == NULL)
			pthread_cond_wait(&disconnector->changed, &disconnector->lock);
		else
			pthread_cond_clockwait(&disconnector->changed, &disconnector->lock,
					       CLOCK_MONOTONIC, &end);
	}
	task = disconnector->stops ? NULL : *at;
	if (task != NULL) {
		*at = task->next;
		if (task->next == NULL)
			disconnector->end = at;
		if (task->members != NULL)
			disconnector->waiting -= task->count;
		pthread_cond_broadcast(&disconnector->changed);
	}
	pthread_mutex_unlock(&disconnector->lock);
	return task;
}

/* ---- who was shut out ---- */

struct lost {
	struct task *task;
	struct pl_address *members;
	size_t count;
};

static void keep(const struct pl_address *member, void *context)
{
	struct lost *lost = context;

	if (lost->count < lost->task->count)
		lost->members[lost->count++] = *member;
}

static int find(const struct pl_work *work, const struct pl_policy *policy, void *context)
{
	struct lost *lost = context;

	return pl_job_lost(work, policy, lost->task->job_id, lost->task->ids, lost->task->count,
			   keep, lost);
}

/* ---- asking Dovecot ---- */

/* Set by the first failure of a task: the rest is not tried at a Dovecot that does not answer. */
static _Thread_local int failed;

static void log_failure(const struct pl_error *err)
{
	failed |= err->code == PL_ERR_RETRY;
	daemon_log_failure(NULL, err);
}

/* No connection to the database is held meanwhile. */
static void end_all(struct disconnector *disconnector, const struct disconnection *members,
		    const struct lost *lost, size_t count)
{
	struct request holder = { .policy = NULL };
	struct pl_error err = { 0 };

	if (portal_hold(disconnector->portal, &holder, &err) < 0) {
		daemon_log_failure(NULL, &err);
		return;
	}
	failed = 0;
	for (size_t i = 0; i < count && !failed && !stops(disconnector); i++) {
		struct disconnection all = { .count = 0 };

		if (lost != NULL)
			disconnection_add_member(&all, &lost->members[i]);
		disconnection_run(lost != NULL ? &all : &members[i], holder.policy, log_failure);
	}
	portal_release(&holder);
}

static void run_task(struct disconnector *disconnector, struct task *task)
{
	struct lost lost = { .task = task };

	if (task->members != NULL) {
		end_all(disconnector, task->members, NULL, task->count);
		return;
	}
	lost.members = calloc(task->count, sizeof(*lost.members));
	if (lost.members == NULL)
		out_of_memory();
	else if (portal_run_as(disconnector->portal, PL_ROLE_CONSOLE,
			       "looking for mail connections", find, &lost) == 0)
		end_all(disconnector, NULL, &lost, lost.count);
	free(lost.members);
}

static void *run(void *context)
{
	struct disconnector *disconnector = context;
	struct task *task;

	while ((task = next(disconnector)) != NULL) {
		run_task(disconnector, task);
		task_free(task);
	}
	return NULL;
}

/* ---- beginning and end ---- */

int disconnector_start(struct portal *portal, struct disconnector **disconnector_r,
		       struct pl_error *err)
{
	struct disconnector *disconnector = calloc(1, sizeof(*disconnector));

	*disconnector_r = NULL;
	if (disconnector == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	disconnector->portal = portal;
	disconnector->end = &disconnector->first;
	pthread_mutex_init(&disconnector->lock, NULL);
	pthread_cond_init(&disconnector->changed, NULL);
	if (pl_thread_start(&disconnector->thread, run, disconnector) != 0) {
		free(disconnector);
		return pl_error_set(err, PL_ERR_RETRY, "no thread to end mail connections in");
	}
	*disconnector_r = disconnector;
	return 0;
}

void disconnector_stop(struct disconnector *disconnector)
{
	pthread_mutex_lock(&disconnector->lock);
	disconnector->stops = 1;
	pthread_cond_broadcast(&disconnector->changed);
	pthread_mutex_unlock(&disconnector->lock);
}

void disconnector_free(struct disconnector **disconnector_p)
{
	struct disconnector *disconnector = *disconnector_p;
	struct task *task;

	*disconnector_p = NULL;
	if (disconnector == NULL)
		return;
	pthread_join(disconnector->thread, NULL);
	while ((task = disconnector->first) != NULL) {
		disconnector->first = task->next;
		task_free(task);
	}
	pthread_mutex_destroy(&disconnector->lock);
	pthread_cond_destroy(&disconnector->changed);
	free(disconnector);
}
