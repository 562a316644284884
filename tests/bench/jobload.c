/* jobload.c - runs one change of many members as a job, and measures how long others wait.
 *
 * Usage: jobload POLICY-FILE ADMINISTRATOR CHANGE [DOMAIN SCOPE]
 *        jobload POLICY-FILE SECONDS
 *
 * Without a domain all members are changed, and a preview of that comes first. With one it is
 * changed with that scope, and the job is what comes of it. With seconds alone there is no job: how
 * long others wait all the same.
 *
 * Prints one line of JSON: how many members were changed, in how many seconds, and how many seconds
 * of CPU time this thread has used for that, without that of a database server; and the median, the
 * 99th percentile and the longest time that a small transaction of another connection took
 * meanwhile, in milliseconds. The connection is one of the portal's console.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "policy/admin/domain_job.h"
#include "policy/admin/job_preview.h"
#include "policy/admin/job_run.h"
#include "policy/base/monotonic.h"
#include "policy/settings/policy.h"

#define WRITES_MOST 100000
#define WRITE_EVERY_MS 5

static const struct pl_actor actor = { .who = "jobload", .from = "local" };

static void sleep_ms(int ms)
{
	const struct timespec time = { .tv_nsec = ms * 1000000L };

	if (ms > 0)
		nanosleep(&time, NULL);
}

/* Another connection that writes now and then. */
struct writer {
	const char *uri;
	int is_over; /* atomic */
	int failed;
	size_t count;
	int64_t took_ms[WRITES_MOST];
};

static int write_once(const struct pl_work *work)
{
	if (pl_store_begin_write(work->store, work->err) < 0)
		return -1;
	if (pl_audit_add(work, "profile-link.use", "nobody@example.test", "", "") < 0 ||
	    pl_store_commit(work->store, work->err) < 0) {
		pl_store_rollback(work->store);
		return -1;
	}
	return 0;
}

static void *write_all(void *context)
{
	struct writer *writer = context;
	struct pl_error err;
	struct pl_work work = { .actor = actor, .now = time(NULL), .err = &err };

	if (pl_store_open(writer->uri, PL_ROLE_COMMAND, &work.store, &err) < 0) {
		writer->failed = 1;
		return NULL;
	}
	while (!__atomic_load_n(&writer->is_over, __ATOMIC_SEQ_CST) &&
	       writer->count < WRITES_MOST) {
		const int64_t begun = pl_monotonic_ms();

		writer->failed |= write_once(&work) < 0;
		writer->took_ms[writer->count++] = pl_monotonic_ms() - begun;
		sleep_ms(WRITE_EVERY_MS);
	}
	pl_store_close(&work.store);
	return NULL;
}

static void end_writer(struct writer *writer, pthread_t thread)
{
	__atomic_store_n(&writer->is_over, 1, __ATOMIC_SEQ_CST);
	pthread_join(thread, NULL);
}

static int compare(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The rest of the line of JSON. */
static void print_waits(struct writer *writer)
{
	const int64_t *took = writer->took_ms;
	const size_t count = writer->count;

	qsort(writer->took_ms, count, sizeof(took[0]), compare);
	printf("\"writes\": %zu, \"failed\": %d, \"wait_median_ms\": %lld, \"wait_p99_ms\": %lld, "
	       "\"wait_longest_ms\": %lld}\n",
	       count, writer->failed, (long long)(count > 0 ? took[count / 2] : 0),
	       (long long)(count > 0 ? took[count * 99 / 100] : 0),
	       (long long)(count > 0 ? took[count - 1] : 0));
}

/* Of this thread. */
static double cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static int run(struct pl_work *work, const struct pl_policy *policy, int64_t id)
{
	struct pl_job_runner runner = { .name = "jobload", .policy = policy };
	int64_t claimed;
	int ret = pl_job_claim(work, &runner, &claimed);

	if (ret == 1 && claimed != id)
		return pl_error_set(work->err, PL_ERR_CONFLICT, "another job is waiting");
	while (ret == 1) {
		work->now = pl_store_now(work->store);
		ret = pl_job_run_portion(work, &runner, id);
		sleep_ms(pl_job_pause_ms(work->store));
	}
	return ret;
}

/* Makes the job of a change of a domain; job->id is 0 when none is needed. */
static int change_domain(struct pl_work *work, const struct pl_policy *policy,
			 const struct pl_administrator *administrator, const char *domain,
			 const char *scope_name, struct pl_job *job)
{
	struct pl_scope_result result;
	struct pl_change change;
	enum pl_scope scope;

	if (!pl_scope_by_name(scope_name, &scope))
		return pl_error_set(work->err, PL_ERR_INVALID, "there is no scope %s", scope_name);
	if (pl_job_parse_change(job->change, &change, work->err) < 0 ||
	    pl_scope_count(work, policy, domain, &change, scope, &result) < 0 ||
	    pl_store_begin_write(work->store, work->err) < 0)
		return -1;
	if (pl_domain_change(work, policy, administrator, domain, &change, scope, &result, job) ==
		    0 &&
	    pl_store_commit(work->store, work->err) == 0)
		return 0;
	pl_store_rollback(work->store);
	return -1;
}

static int measure(struct pl_work *work, const struct pl_policy *policy, struct writer *writer,
		   const struct pl_administrator *administrator, struct pl_job *job,
		   char **domain_and_scope)
{
	struct pl_job_preview preview;
	pthread_t thread;
	double cpu;
	int64_t begun = pl_monotonic_ms(), preview_ms = 0;
	int ret;

	if (domain_and_scope[0] != NULL) {
		ret = 0;
	} else {
		ret = pl_job_preview(work, policy, administrator, job, NULL, 0, &preview);
		preview_ms = pl_monotonic_ms() - begun;
		if (ret == 0)
			ret = pl_job_add(work, administrator, job, NULL, 0);
	}
	if (ret < 0)
		return -1;
	if (pthread_create(&thread, NULL, write_all, writer) != 0)
		return pl_error_set(work->err, PL_ERR_RETRY, "no thread");
	cpu = cpu_seconds();
	begun = pl_monotonic_ms();
	if (domain_and_scope[0] != NULL)
		ret = change_domain(work, policy, administrator, domain_and_scope[0],
				    domain_and_scope[1], job);
	if (ret == 0 && job->id != 0)
		ret = run(work, policy, job->id);
	begun = pl_monotonic_ms() - begun;
	cpu = cpu_seconds() - cpu;
	end_writer(writer, thread);
	if (ret < 0 ||
	    (job->id != 0 && pl_job_get(work->store, administrator, job->id, job, work->err) != 1))
		return -1;
	printf("{\"changed\": %lld, \"preview_seconds\": %.3f, \"seconds\": %.3f, "
	       "\"cpu_seconds\": %.3f, ",
	       (long long)job->changed, (double)preview_ms / 1000, (double)begun / 1000, cpu);
	print_waits(writer);
	return 0;
}

static int measure_without(struct writer *writer, const char *seconds)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, write_all, writer) != 0)
		return -1;
	sleep((unsigned int)strtoul(seconds, NULL, 10));
	end_writer(writer, thread);
	putchar('{');
	print_waits(writer);
	return 0;
}

int main(int argc, char **argv)
{
	static struct writer writer;
	struct pl_error err = { 0 };
	struct pl_work work = { .actor = actor, .now = time(NULL), .err = &err };
	struct pl_policy *policy;
	struct pl_address address;
	struct pl_account account;
	struct pl_administrator administrator;
	struct pl_job job = { .action = PL_JOB_CHANGE };
	int ret = -1;

	if ((argc < 3 || argc > 6 || argc == 5) || pl_policy_load(argv[1], &policy, &err) < 0) {
		fprintf(stderr,
			"usage: jobload POLICY-FILE ADMINISTRATOR CHANGE [DOMAIN SCOPE] %s\n",
			err.msg);
		return 2;
	}
	writer.uri = policy->database;
	if (argc == 3) {
		ret = measure_without(&writer, argv[2]);
		pl_policy_unref(&policy);
		return ret < 0;
	}
	snprintf(job.change, sizeof(job.change), "%s", argv[3]);
	if (pl_store_open(policy->database, PL_ROLE_CONSOLE, &work.store, &err) == 0 &&
	    pl_address_parse(argv[2], strlen(argv[2]), NULL, &address, &err) == 0 &&
	    pl_account_get(work.store, &address, &account, &err) == 0 &&
	    pl_administrator_of_member(work.store, account.member.id, &administrator, &err) == 1)
		ret = measure(&work, policy, &writer, &administrator, &job, argv + 4);
	if (ret < 0)
		fprintf(stderr, "jobload: %s\n", err.msg);
	pl_store_close(&work.store);
	pl_policy_unref(&policy);
	return ret < 0;
}
