/* job_run.c - portions of jobs; see job_run.h.
 *
 * What becomes of a member in a portion is the outcome of its row: "taken" at first, then
 * "skipped", "failed", "same" or "changed". Each step marks some of those that are still taken.
 */
#include "policy/admin/job_run.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/admin/import_rows.h"
#include "policy/admin/job_lost.h"
#include "policy/admin/job_members.h"
#include "policy/admin/job_portion.h"
#include "policy/admin/job_row.h"
#include "policy/base/monotonic.h"

#define PORTION_FIRST 200
#define LOOK_MS 200 /* between two looks at a job that another runner has */

int pl_job_pause_ms(const struct pl_store *store)
{
	return pl_store_is_remote(pl_store_uri(store)) ? 0 : PL_JOB_PAUSE_MS;
}

static int take(const struct pl_work *work, const struct pl_job_runner *runner, int64_t id)
{
	const int64_t taken =
		pl_exec_count(work->store, PL_SQL_JOB_CLAIM,
			      PL_PARAMS(PL_TEXT("runner", runner->name),
					PL_INT("until", work->now + PL_JOB_LEASE),
					PL_INT("job_id", id), PL_INT("now", work->now)),
			      work->err);

	return taken > 0 ? 1 : (int)taken;
}

int pl_job_claim(const struct pl_work *work, const struct pl_job_runner *runner, int64_t *id_r)
{
	struct pl_stmt *stmt =
		pl_query(work->store, PL_SQL_JOB_NEXT,
			 PL_PARAMS(PL_INT("now", work->now), PL_TEXT("runner", runner->name)));

	if (pl_step(stmt, work->err) != 1)
		return -1;
	*id_r = pl_col_int(stmt, "id");
	if (pl_row_end(stmt, work->err) < 0)
		return -1;
	if (*id_r == 0)
		return 0;
	return take(work, runner, *id_r);
}

/* The job, whoever sees it: 1, 0, -1. */
static int read_job(const struct pl_work *work, int64_t id, struct pl_job *job_r)
{
	const struct pl_administrator all = { .id = 1, .role = PL_ADMIN_SERVER };

	return pl_job_get(work->store, &all, id, job_r, work->err);
}

/* Who still may do what the job does: 1, 0, -1. */
static int read_rights(const struct pl_work *work, struct pl_job_portion *portion)
{
	const enum pl_job_action action = portion->job.action;
	const int64_t id = portion->job.administrator_id;
	int ret;

	if (id == PL_JOB_OF_COMMAND) {
		portion->administrator.role = PL_ADMIN_SERVER;
		return 1;
	}
	ret = pl_administrator_is_active(work, id);
	if (ret == 1)
		ret = pl_administrator_get(work->store, id, &portion->administrator, work->err);
	if (ret != 1)
		return ret;
	portion->scope = pl_administrator_scope(&portion->administrator);
	return portion->administrator.role >=
	       (action == PL_JOB_REMOVE_FACTOR || action == PL_JOB_END_SESSIONS ? PL_ADMIN_HELPDESK
										: PL_ADMIN_DOMAIN);
}

/* Of a list, or of a job that is undone. */
static int next_rows(const struct pl_work *work, struct pl_job_portion *portion, size_t most)
{
	const struct pl_job *job = &portion->job;
	struct pl_stmt *stmt =
		pl_query(work->store, PL_SQL_JOB_NEXT_ROWS,
			 PL_PARAMS(PL_INT("job_id", job->is_list ? job->id : job->undo_of),
				   PL_INT("first", portion->first), PL_INT("last", job->highest),
				   PL_TEXT("outcome", job->is_list ? "waiting" : "changed"),
				   PL_INT("portion", (int64_t)most)));
	int ret;

	while ((ret = pl_step(stmt, work->err)) == 1)
		portion->ids[portion->members++] = pl_col_int(stmt, "member_id");
	return ret;
}

/* Those that were added later are not in the job. */
static void cut(struct pl_job_portion *portion)
{
	while (portion->members > 0 && portion->ids[portion->members - 1] > portion->job.highest)
		portion->members--;
}

/* Looks for the next members, before others have to wait. */
static int find_members(const struct pl_work *work, const struct pl_job_runner *runner,
			struct pl_job_portion *portion)
{
	const struct pl_job *job = &portion->job;
	const size_t most = (size_t)runner->portion;
	size_t found;
	int ret;

	if (job->action == PL_JOB_IMPORT)
		return pl_import_rows_find(work, portion);
	portion->first = job->position;
	ret = job->is_list || job->action == PL_JOB_UNDO
		      ? next_rows(work, portion, most)
		      : pl_job_filter_next(work, runner->policy, portion->scope, job->filter,
					   portion->first, most, portion->ids, &portion->members);
	found = portion->members;
	cut(portion);
	portion->touched = portion->members;
	portion->last = found == most && portion->members > 0 ? portion->ids[portion->members - 1]
							      : job->highest;
	return ret;
}

/* Whether the job is still the runner's, and as it was read: 1, 0, -1. */
static int hold(const struct pl_work *work, const struct pl_job_runner *runner,
		const struct pl_job *job)
{
	int64_t held =
		pl_exec_count(work->store, PL_SQL_JOB_HOLD,
			      PL_PARAMS(PL_INT("until", work->now + PL_JOB_LEASE),
					PL_INT("job_id", job->id), PL_TEXT("runner", runner->name),
					PL_INT("position", job->position)),
			      work->err);

	return held > 0 ? 1 : (int)held;
}

static int advance(const struct pl_work *work, const struct pl_job_runner *runner,
		   const struct pl_job_portion *portion)
{
	const struct pl_job *job = &portion->job;
	const int is_end = portion->last >= job->highest;

	return pl_exec(work->store, PL_SQL_JOB_ADVANCE,
		       PL_PARAMS(PL_INT("last", portion->last),
				 PL_TEXT("state",
					 pl_job_state_name(is_end ? PL_JOB_DONE : PL_JOB_RUNNING)),
				 PL_ID("ended_at", is_end ? work->now : 0),
				 PL_INT("added", portion->added),
				 PL_INT("changed", portion->changed), PL_INT("same", portion->same),
				 PL_INT("skipped", portion->skipped),
				 PL_INT("failed", portion->failed), PL_INT("job_id", job->id),
				 PL_TEXT("runner", runner->name)),
		       work->err);
}

/* Of PL_JOB_PIN: the domain as it is now. PL_ERR_CONFLICT: it is gone, or the policy file forbids
 * the change meanwhile. */
static int read_domain(const struct pl_work *work, const struct pl_job_runner *runner,
		       struct pl_job_portion *portion)
{
	const char *name = portion->job.filter + strlen(PL_JOB_OF_DOMAIN);

	return pl_job_parse_change(portion->job.change, &portion->change, work->err) < 0
		       ? -1
		       : pl_scope_begin(work, runner->policy, name, &portion->change,
					&portion->domain);
}

/* Behind the last of its members, in the name of who has made the job. */
static int change_domain(const struct pl_work *work, const struct pl_job_portion *portion)
{
	const struct pl_job *job = &portion->job;
	const struct pl_scope_result result = { .members = job->total,
						.pinned = job->changed + portion->changed };
	struct pl_work as = *work;

	as.actor = (struct pl_actor){ .who = job->who, .from = job->source };
	return pl_scope_write(&as, &portion->domain, PL_SCOPE_NEW, &result);
}

/* 1 done, 0 the job is not the runner's any more, -1. */
static int run(const struct pl_work *work, struct pl_job_runner *runner,
	       struct pl_job_portion *portion)
{
	const int is_pin = portion->job.action == PL_JOB_PIN;
	int ret = hold(work, runner, &portion->job);

	if (ret == 1 && is_pin && read_domain(work, runner, portion) < 0)
		ret = -1;
	if (ret == 1 && portion->rows != NULL)
		ret = pl_import_rows_run(work, runner, portion) < 0 ? -1 : 1;
	else if (ret == 1 && portion->members > 0)
		ret = pl_job_portion_run(work, runner, portion) < 0 ? -1 : 1;
	if (ret == 1 && is_pin && portion->last >= portion->job.highest &&
	    change_domain(work, portion) < 0)
		ret = -1;
	if (ret == 1 && advance(work, runner, portion) < 0)
		ret = -1;
	return ret;
}

/* "administrator": whoever has made the job may not do that any more; "domain": what the job
 * changes in the end cannot be changed so. */
static int stop(const struct pl_work *work, const struct pl_job *job, const char *reason)
{
	return pl_exec(work->store, PL_SQL_JOB_SET_STATE,
		       PL_PARAMS(PL_TEXT("state", pl_job_state_name(PL_JOB_STOPPED)),
				 PL_TEXT("reason", reason), PL_INT("ended_at", work->now),
				 PL_INT("job_id", job->id),
				 PL_TEXT("from_state", pl_job_state_name(PL_JOB_RUNNING))),
		       work->err);
}

static int limit(int64_t size)
{
	return size > PL_JOB_PORTION_MOST    ? PL_JOB_PORTION_MOST
	       : size < PL_JOB_PORTION_LEAST ? PL_JOB_PORTION_LEAST
					     : (int)size;
}

/* What the last portion took tells how large the next may be. It grows slowly and shrinks at
 * once. */
static void adapt(struct pl_job_runner *runner, int64_t members, int64_t took_ms)
{
	int64_t fits;

	if (members == 0)
		return;
	fits = members * PL_JOB_PORTION_MS / (took_ms > 0 ? took_ms : 1);
	if (fits > runner->portion)
		runner->portion = members < runner->portion
					  ? runner->portion
					  : limit(runner->portion * INT64_C(3) / 2);
	else
		runner->portion = limit(fits);
}

static int run_in_transaction(const struct pl_work *work, struct pl_job_runner *runner,
			      struct pl_job_portion *portion)
{
	int64_t begun;
	int ret;

	if (pl_store_begin_write(work->store, work->err) < 0)
		return -1;
	begun = pl_monotonic_ms();
	ret = run(work, runner, portion);
	if (ret == 1 && pl_store_commit(work->store, work->err) < 0)
		ret = -1;
	if (ret != 1)
		pl_store_rollback(work->store);
	else
		adapt(runner, (int64_t)portion->members, pl_monotonic_ms() - begun);
	return ret;
}

int pl_job_run_portion(const struct pl_work *work, struct pl_job_runner *runner, int64_t id)
{
	struct pl_job_portion portion = { .members = 0 };
	int ret = read_job(work, id, &portion.job);

	if (runner->portion == 0)
		runner->portion = PORTION_FIRST;
	if (ret == 1 && portion.job.state != PL_JOB_RUNNING)
		ret = 0;
	if (ret == 1) {
		ret = read_rights(work, &portion);
		if (ret == 0 && stop(work, &portion.job, "administrator") < 0)
			ret = -1;
	}
	if (ret == 1 && find_members(work, runner, &portion) < 0)
		ret = -1;
	if (ret == 1)
		ret = run_in_transaction(work, runner, &portion);
	if (ret < 0 && portion.job.action == PL_JOB_PIN && work->err->code == PL_ERR_CONFLICT)
		ret = stop(work, &portion.job, "domain");
	if (ret == 1 && runner->members_changed != NULL && portion.touched > 0 &&
	    pl_job_may_shut_out(&portion.job))
		runner->members_changed(id, portion.ids, portion.touched, runner->context);
	free(portion.rows);
	if (ret < 0)
		return pl_error_prefix(work->err, "job %lld", (long long)id);
	return ret == 1 && portion.last < portion.job.highest;
}

/* ---- the command's ---- */

int pl_job_left(const struct pl_work *work, int64_t *id_r)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_JOB_LEFT,
					PL_PARAMS(PL_INT("administrator_id", PL_JOB_OF_COMMAND),
						  PL_INT("now", work->now)));

	if (pl_step(stmt, work->err) != 1)
		return -1;
	*id_r = pl_col_int(stmt, "id");
	return pl_row_end(stmt, work->err) < 0 ? -1 : *id_r != 0;
}

static void wait_ms(int ms)
{
	const struct timespec time = { .tv_nsec = ms * 1000000L };

	nanosleep(&time, NULL);
}

int pl_job_run(const struct pl_work *at, struct pl_job_runner *runner, int64_t id,
	       struct pl_job *job_r)
{
	struct pl_work work = *at;
	int ret;

	do {
		work.now = pl_store_now(work.store);
		ret = take(&work, runner, id);
		while (ret == 1) {
			wait_ms(pl_job_pause_ms(work.store));
			work.now = pl_store_now(work.store);
			ret = pl_job_run_portion(&work, runner, id);
		}
		if (ret < 0 || read_job(&work, id, job_r) != 1)
			return -1;
		if (job_r->state == PL_JOB_RUNNING)
			wait_ms(LOOK_MS);
	} while (job_r->state == PL_JOB_RUNNING);
	return 0;
}
