/* job.c - the records of jobs; see job.h. What runs them is job_run.c. */
#include "policy/admin/job.h"

#include <stdio.h>
#include <string.h>

#include "policy/account/change.h"
#include "policy/admin/job_row.h"

#define GRACE PL_GRACE_NAME "="

static const char *const action_names[] = { "change", "remove-factor", "end-sessions",
					    "undo",   "import",        "pin" };
static const char *const state_names[] = { "running", "paused", "done", "stopped" };

const char *pl_job_action_name(enum pl_job_action action)
{
	return action_names[action];
}

enum pl_job_action pl_job_action_by_name(const char *name)
{
	int action = 0;

	while (action < PL_JOB_ACTION_COUNT && strcmp(name, action_names[action]) != 0)
		action++;
	return action;
}

const char *pl_job_state_name(enum pl_job_state state)
{
	return state_names[state];
}

/* PL_JOB_STOPPED for a word that nobody knows: such a job does nothing. */
static enum pl_job_state state_by_name(const char *name)
{
	int state = 0;

	while (state < PL_JOB_STOPPED && (name == NULL || strcmp(name, state_names[state]) != 0))
		state++;
	return state;
}

int pl_job_parse_change(const char *words, struct pl_change *change_r, struct pl_error *err)
{
	char word[PL_VALUE_TEXT + 64];
	enum pl_layer_bit where;

	memset(change_r, 0, sizeof(*change_r));
	if (strncmp(words, PL_AUDIT_REASON, strlen(PL_AUDIT_REASON)) == 0)
		return 0;
	while (*(words += strspn(words, " ")) != '\0') {
		const size_t len = strcspn(words, " ");

		if (len >= sizeof(word))
			return pl_error_set(err, PL_ERR_INVALID, "\"%.64s\" is too long", words);
		snprintf(word, sizeof(word), "%.*s", (int)len, words);
		where = strncmp(word, GRACE, strlen(GRACE)) == 0 ? PL_AT_DOMAIN : PL_AT_MEMBER;
		if (pl_change_parse(word, where, change_r, err) < 0)
			return -1;
		words += len;
	}
	return 0;
}

int pl_job_locks_out(const struct pl_change *change)
{
	return (change->has_active && !change->active) ||
	       change->value.value[PL_SETTING_WEBMAIL] == PL_OFF ||
	       change->value.value[PL_SETTING_WEBMAIL_ALLOWED_NETWORKS] == PL_LISTED ||
	       change->value.value[PL_SETTING_TWO_FACTOR] == PL_OFF ||
	       change->value.value[PL_SETTING_TWO_FACTOR_MODE] == PL_SKIP;
}

int pl_job_spares_administrators(enum pl_admin_role role, enum pl_job_action action,
				 const struct pl_change *change)
{
	const unsigned int sign_in = 1u << PL_SETTING_WEBMAIL | 1u << PL_SETTING_TWO_FACTOR |
				     1u << PL_SETTING_TWO_FACTOR_MODE;

	/* The same holds for them. */
	if (action == PL_JOB_PIN)
		return 0;
	if (role != PL_ADMIN_SERVER)
		return 1;
	/* Undoing may give back what locks out. */
	if (action == PL_JOB_UNDO)
		return change->has_active || (change->settings & sign_in) != 0;
	return action == PL_JOB_CHANGE && pl_job_locks_out(change);
}

int pl_job_can_be_undone(const struct pl_job *job)
{
	return job->action == PL_JOB_CHANGE || job->action == PL_JOB_UNDO ||
	       job->action == PL_JOB_IMPORT ||
	       (job->action == PL_JOB_PIN && job->state != PL_JOB_DONE);
}

/* ---- making ---- */

/* A list, in the place of a filter. */
#define LIST "list"

static int highest_member(const struct pl_work *work, int64_t *id_r)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_JOB_HIGHEST_MEMBER, NULL);

	if (pl_step(stmt, work->err) != 1)
		return -1;
	*id_r = pl_col_int(stmt, "id");
	return pl_row_end(stmt, work->err) < 0 ? -1 : 0;
}

static int add_member(const struct pl_work *work, const struct pl_job *job,
		      const struct pl_member *member)
{
	char address[PL_ADDRESS_MAX + 1];

	return pl_exec(work->store, PL_SQL_JOB_MEMBER_INSERT,
		       PL_PARAMS(PL_INT("job_id", job->id), PL_INT("member_id", member->id),
				 PL_TEXT("address", pl_address_format(&member->address, address))),
		       work->err);
}

/* Writes who did what with the job. */
static int record(const struct pl_work *work, const struct pl_job *job, const char *action,
		  const char *after)
{
	char object[32];

	snprintf(object, sizeof(object), "job %lld", (long long)job->id);
	return pl_audit_add(work, action, object, "", after);
}

int pl_job_insert(const struct pl_work *work, const struct pl_administrator *administrator,
		  struct pl_job *job)
{
	const char *filter = job->is_list ? LIST : job->filter;
	char after[PL_AUDIT_TEXT];

	job->administrator_id = administrator->id;
	job->made_at = work->now;
	job->state = PL_JOB_RUNNING;
	if (pl_insert(work->store, PL_SQL_JOB_INSERT,
		      PL_PARAMS(PL_INT("administrator_id", job->administrator_id),
				PL_TEXT("who", work->actor.who),
				PL_TEXT("source", work->actor.from),
				PL_TEXT("action", pl_job_action_name(job->action)),
				PL_TEXT("change", job->change), PL_TEXT("filter", filter),
				PL_ID("undo_of", job->undo_of), PL_INT("now", work->now),
				PL_INT("highest", job->highest), PL_INT("total", job->total)),
		      &job->id, work->err) < 0)
		return -1;
	snprintf(after, sizeof(after), "action=%s members=%lld %.800s",
		 pl_job_action_name(job->action), (long long)job->total, job->change);
	return record(work, job, "job.start", after);
}

int pl_job_add(const struct pl_work *work, const struct pl_administrator *administrator,
	       struct pl_job *job, const struct pl_account *members, size_t count)
{
	job->is_list = count > 0;
	if (highest_member(work, &job->highest) < 0 || pl_job_insert(work, administrator, job) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (add_member(work, job, &members[i].member) < 0)
			return -1;
	}
	return 0;
}

/* 1 when the job was in that state, 0, -1. */
static int move(const struct pl_work *work, const struct pl_job *job, enum pl_job_state from,
		enum pl_job_state to, const char *reason)
{
	const int is_end = to == PL_JOB_STOPPED;
	int64_t moved = pl_exec_count(work->store, PL_SQL_JOB_SET_STATE,
				      PL_PARAMS(PL_TEXT("state", pl_job_state_name(to)),
						PL_TEXT("reason", reason),
						PL_ID("ended_at", is_end ? work->now : 0),
						PL_INT("job_id", job->id),
						PL_TEXT("from_state", pl_job_state_name(from))),
				      work->err);

	return moved > 0 ? 1 : (int)moved;
}

int pl_job_undo(const struct pl_work *work, const struct pl_administrator *administrator,
		struct pl_job *of, struct pl_job *job_r)
{
	int ret;

	memset(job_r, 0, sizeof(*job_r));
	if (!pl_job_can_be_undone(of) || of->undone_by != 0 || of->state == PL_JOB_RUNNING)
		return 0;
	ret = of->state == PL_JOB_PAUSED ? move(work, of, PL_JOB_PAUSED, PL_JOB_STOPPED, "undone")
					 : 1;
	if (ret != 1)
		return ret;
	job_r->action = PL_JOB_UNDO;
	job_r->undo_of = of->id;
	job_r->total = of->added + of->changed;
	return highest_member(work, &job_r->highest) < 0 ||
			       pl_job_insert(work, administrator, job_r) < 0
		       ? -1
		       : 1;
}

int pl_job_pause(const struct pl_work *work, const struct pl_job *job)
{
	int ret = move(work, job, PL_JOB_RUNNING, PL_JOB_PAUSED, "");

	return ret == 1 && record(work, job, "job.pause", "") < 0 ? -1 : ret;
}

int pl_job_resume(const struct pl_work *work, const struct pl_job *job)
{
	int ret = move(work, job, PL_JOB_PAUSED, PL_JOB_RUNNING, "");

	return ret == 1 && record(work, job, "job.resume", "") < 0 ? -1 : ret;
}

/* ---- reading ---- */

void pl_job_read(struct pl_stmt *stmt, struct pl_job *job_r)
{
	memset(job_r, 0, sizeof(*job_r));
	job_r->id = pl_col_int(stmt, "id");
	job_r->administrator_id = pl_col_int(stmt, "administrator_id");
	pl_col_copy(stmt, "who", job_r->who, sizeof(job_r->who));
	pl_col_copy(stmt, "source", job_r->source, sizeof(job_r->source));
	job_r->action = pl_job_action_by_name(pl_col_text(stmt, "action"));
	pl_col_copy(stmt, "change", job_r->change, sizeof(job_r->change));
	pl_col_copy(stmt, "filter", job_r->filter, sizeof(job_r->filter));
	job_r->is_list = strcmp(job_r->filter, LIST) == 0;
	job_r->undo_of = pl_col_int(stmt, "undo_of");
	job_r->made_at = pl_col_int(stmt, "made_at");
	job_r->ended_at = pl_col_int(stmt, "ended_at");
	job_r->state = state_by_name(pl_col_text(stmt, "state"));
	pl_col_copy(stmt, "reason", job_r->reason, sizeof(job_r->reason));
	job_r->position = pl_col_int(stmt, "position");
	job_r->highest = pl_col_int(stmt, "highest");
	job_r->total = pl_col_int(stmt, "total");
	job_r->added = pl_col_int(stmt, "added");
	job_r->changed = pl_col_int(stmt, "changed");
	job_r->same = pl_col_int(stmt, "same");
	job_r->skipped = pl_col_int(stmt, "skipped");
	job_r->failed = pl_col_int(stmt, "failed");
	job_r->undone_by = pl_col_int(stmt, "undone_by");
}

int pl_job_get(struct pl_store *store, const struct pl_administrator *administrator, int64_t id,
	       struct pl_job *job_r, struct pl_error *err)
{
	struct pl_stmt *stmt =
		pl_query(store, PL_SQL_JOB_GET,
			 PL_PARAMS(PL_INT("job_id", id),
				   PL_INT("scope", pl_administrator_scope(administrator))));
	int ret = pl_step(stmt, err);

	if (ret != 1)
		return ret;
	pl_job_read(stmt, job_r);
	return pl_row_end(stmt, err);
}

int pl_job_list(struct pl_store *store, const struct pl_administrator *administrator, int64_t below,
		int limit, int (*each)(const struct pl_job *job, void *context), void *context,
		struct pl_error *err)
{
	struct pl_stmt *stmt =
		pl_query(store, PL_SQL_JOB_LIST,
			 PL_PARAMS(PL_INT("below", below == 0 ? INT64_MAX : below),
				   PL_INT("scope", pl_administrator_scope(administrator)),
				   PL_INT("limit", limit)));
	struct pl_job job;
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		pl_job_read(stmt, &job);
		if (each(&job, context) != 0) {
			pl_reset(stmt);
			return 0;
		}
	}
	return ret;
}

int64_t pl_job_count(struct pl_store *store, const struct pl_administrator *administrator,
		     struct pl_error *err)
{
	struct pl_stmt *stmt =
		pl_query(store, PL_SQL_JOB_COUNT,
			 PL_PARAMS(PL_INT("scope", pl_administrator_scope(administrator))));
	int64_t count;

	if (pl_step(stmt, err) != 1)
		return -1;
	count = pl_col_int(stmt, "count");
	return pl_row_end(stmt, err) < 0 ? -1 : count;
}

int pl_job_failures(struct pl_store *store, int64_t job_id, int64_t after, int limit,
		    int (*each)(const struct pl_job_failure *failure, void *context), void *context,
		    struct pl_error *err)
{
	struct pl_stmt *stmt = pl_query(store, PL_SQL_JOB_FAILURES,
					PL_PARAMS(PL_INT("job_id", job_id), PL_INT("after", after),
						  PL_INT("limit", limit)));
	struct pl_job_failure failure;
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		failure.member_id = pl_col_int(stmt, "member_id");
		pl_col_copy(stmt, "address", failure.address, sizeof(failure.address));
		failure.skipped = strcmp(pl_col_text(stmt, "outcome"), "skipped") == 0;
		pl_col_copy(stmt, "reason", failure.reason, sizeof(failure.reason));
		if (each(&failure, context) != 0) {
			pl_reset(stmt);
			return 0;
		}
	}
	return ret;
}
