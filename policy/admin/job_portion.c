/* job_portion.c - see job_portion.h. */
#include "policy/admin/job_portion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/admin/job_members.h"
#include "policy/admin/job_row.h"
#include "policy/base/utf8.h"
#include "policy/outbox/notice.h"

/* ---- taking, and leaving out ---- */

/* A portion of a filter's members that is being taken. */
struct taking {
	const struct pl_work *work;
	const struct pl_job *job;
};

static int take_range(int64_t first, int64_t last, void *context)
{
	const struct taking *taking = context;

	return pl_exec(taking->work->store, PL_SQL_JOB_TAKE_RANGE,
		       PL_PARAMS(PL_INT("job_id", taking->job->id), PL_INT("first", first),
				 PL_INT("last", last)),
		       taking->work->err);
}

static int take_named(const struct pl_param ids[PL_JOB_IDS], void *context)
{
	const struct taking *taking = context;
	struct pl_param params[1 + PL_JOB_IDS + 1] = { PL_INT("job_id", taking->job->id) };

	memcpy(params + 1, ids, PL_JOB_IDS * sizeof(*ids));
	params[1 + PL_JOB_IDS].type = PL_PARAM_END;
	return pl_exec(taking->work->store, PL_SQL_JOB_TAKE_IDS, params, taking->work->err);
}

static int take(const struct pl_work *work, const struct pl_job_portion *portion)
{
	const struct pl_job *job = &portion->job;
	struct taking taking = { work, job };
	const struct pl_job_ids_handler handler = { take_range, take_named, &taking };

	if (job->action == PL_JOB_UNDO)
		return pl_exec(work->store, PL_SQL_JOB_TAKE_CHANGED,
			       PL_PARAMS(PL_INT("new_id", job->id), PL_INT("job_id", job->undo_of),
					 PL_INT("first", portion->first),
					 PL_INT("last", portion->last),
					 PL_TEXT("outcome", "changed")),
			       work->err);
	if (job->is_list)
		return pl_exec(work->store, PL_SQL_JOB_MARK,
			       PL_PARAMS(PL_TEXT("new_outcome", "taken"), PL_TEXT("reason", ""),
					 PORTION_PARAMS(portion, "waiting")),
			       work->err);
	return pl_job_each_of(portion->ids, portion->members, &handler);
}

/* Those who are gone, or in none of the administrator's domains, since they were named. */
static int leave_out_lost(const struct pl_work *work, const struct pl_job_portion *portion)
{
	if (!portion->job.is_list && portion->job.action != PL_JOB_UNDO)
		return 0;
	return pl_exec(work->store, PL_SQL_JOB_MARK_LOST,
		       PL_PARAMS(PORTION_PARAMS(portion, "taken"), PL_INT("scope", portion->scope)),
		       work->err);
}

/* What the job changes; of one that undoes others, what the first of them has changed. */
static int read_change(const struct pl_work *work, const struct pl_job *job,
		       struct pl_change *change_r)
{
	const struct pl_administrator all = { .id = 1, .role = PL_ADMIN_SERVER };
	struct pl_job undone = *job;
	int ret = 1;

	while (ret == 1 && undone.undo_of != 0)
		ret = pl_job_get(work->store, &all, undone.undo_of, &undone, work->err);
	if (ret < 0 || pl_job_parse_change(undone.change, change_r, work->err) < 0)
		return -1;
	/* The lines of a file may have changed anything. */
	if (undone.action == PL_JOB_IMPORT)
		change_r->has_active = 1;
	return 0;
}

static int leave_out_administrators(const struct pl_work *work,
				    const struct pl_job_portion *portion)
{
	struct pl_change change;

	if (read_change(work, &portion->job, &change) < 0)
		return -1;
	if (!pl_job_spares_administrators(portion->administrator.role, portion->job.action,
					  &change))
		return 0;
	return pl_exec(work->store, PL_SQL_JOB_MARK_ADMINISTRATORS,
		       PL_PARAMS(PORTION_PARAMS(portion, "taken"),
				 PL_INT("own_id", portion->administrator.member_id)),
		       work->err);
}

static int leave_out_oneself(const struct pl_work *work, const struct pl_job_portion *portion,
			     const struct pl_change *change)
{
	const int64_t own_id = portion->administrator.member_id;

	if (own_id <= portion->first || own_id > portion->last ||
	    portion->job.action == PL_JOB_PIN ||
	    (portion->job.action == PL_JOB_CHANGE && !pl_job_locks_out(change)))
		return 0;
	return pl_exec(work->store, PL_SQL_JOB_MARK,
		       PL_PARAMS(PL_TEXT("new_outcome", "skipped"),
				 PL_TEXT("reason", "own-account"),
				 PL_INT("job_id", portion->job.id), PL_INT("first", own_id - 1),
				 PL_INT("last", own_id), PL_TEXT("outcome", "taken")),
		       work->err);
}

/* Ids of a portion, or of its domains. */
struct ids {
	int64_t *id;
	size_t count, room;
};

static int add_id(struct ids *ids, int64_t id, struct pl_error *err)
{
	if (ids->count == ids->room) {
		const size_t room = ids->room == 0 ? 64 : 2 * ids->room;
		int64_t *more = realloc(ids->id, room * sizeof(*more));

		if (more == NULL)
			return pl_error_set(err, PL_ERR_RETRY, "out of memory");
		ids->id = more;
		ids->room = room;
	}
	ids->id[ids->count++] = id;
	return 0;
}

/* The domains of the portion in which the policy file forbids what the change switches on. */
static int list_forbidden(const struct pl_work *work, const struct pl_job_portion *portion,
			  const struct pl_policy *policy, const struct pl_change *change,
			  struct ids *ids)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_JOB_DOMAINS,
					PL_PARAMS(PORTION_PARAMS(portion, "taken")));
	int ret;

	while ((ret = pl_step(stmt, work->err)) == 1) {
		struct pl_error why = { 0 };

		if (pl_change_check(change, policy, pl_col_text(stmt, "name"), &why) < 0 &&
		    add_id(ids, pl_col_int(stmt, "id"), work->err) < 0) {
			pl_reset(stmt);
			return -1;
		}
	}
	return ret;
}

/* The policy file forbids nothing else. */
static int switches_on(const struct pl_change *change)
{
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		if ((change->settings & 1u << i) != 0 && change->value.value[i] == PL_ON)
			return 1;
	}
	return 0;
}

static int leave_out_forbidden(const struct pl_work *work, const struct pl_job_portion *portion,
			       const struct pl_policy *policy, const struct pl_change *change)
{
	struct ids domains = { .count = 0 };
	const int may_be = portion->job.action != PL_JOB_PIN && switches_on(change);
	int ret = may_be ? list_forbidden(work, portion, policy, change, &domains) : 0;

	for (size_t i = 0; ret == 0 && i < domains.count; i++)
		ret = pl_exec(work->store, PL_SQL_JOB_MARK_DOMAIN,
			      PL_PARAMS(PORTION_PARAMS(portion, "taken"),
					PL_INT("domain_id", domains.id[i])),
			      work->err);
	free(domains.id);
	return ret;
}

/* ---- records, factors and sessions ---- */

static int run_on(const struct pl_work *work, enum pl_sql sql, const struct pl_job_portion *portion,
		  const char *outcome)
{
	return pl_exec(work->store, sql, PL_PARAMS(PORTION_PARAMS(portion, outcome)), work->err);
}

static int add_records(const struct pl_work *work, const struct pl_job_portion *portion,
		       const char *action, const char *outcome)
{
	const int is_change = strcmp(action, "member.set") == 0;
	char job[PL_AUDIT_TEXT];

	snprintf(job, sizeof(job), " job=%lld%s%.400s", (long long)portion->job.id,
		 is_change ? "" : " ", is_change ? "" : portion->job.change);
	return pl_exec(work->store, PL_SQL_JOB_AUDIT,
		       PL_PARAMS(PORTION_PARAMS(portion, outcome), PL_INT("now", work->now),
				 PL_TEXT("who", portion->job.who),
				 PL_TEXT("source", portion->job.source), PL_TEXT("action", action),
				 PL_TEXT("job", job)),
		       work->err);
}

/* Members that an import had added, as an undo finds them: those that have a credential or a use
 * stay. */
static int remove_added(const struct pl_work *work, const struct pl_job_portion *portion)
{
	if (portion->job.action != PL_JOB_UNDO)
		return 0;
	return run_on(work, PL_SQL_JOB_MARK_USED, portion, "removing") < 0 ||
			       add_records(work, portion, "member.remove", "removing") < 0 ||
			       run_on(work, PL_SQL_JOB_DELETE_MEMBERS, portion, "removing") < 0
		       ? -1
		       : pl_exec(work->store, PL_SQL_JOB_MARK,
				 PL_PARAMS(PL_TEXT("new_outcome", "changed"), PL_TEXT("reason", ""),
					   PORTION_PARAMS(portion, "removing")),
				 work->err);
}

static int change_settings(const struct pl_work *work, struct pl_job_runner *runner,
			   const struct pl_job_portion *portion, const struct pl_change *change)
{
	return leave_out_forbidden(work, portion, runner->policy, change) < 0 ||
			       pl_job_change_groups(work, portion, change) < 0 ||
			       add_records(work, portion, "member.set", "changed") < 0
		       ? -1
		       : remove_added(work, portion);
}

static int read_ids(struct pl_stmt *stmt, struct ids *ids, struct pl_error *err)
{
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		if (add_id(ids, pl_col_int(stmt, "member_id"), err) < 0) {
			pl_reset(stmt);
			return -1;
		}
	}
	return ret;
}

static int tell(const struct pl_session *session, void *context)
{
	const struct pl_job_runner *runner = context;

	runner->session_ends(session, runner->context);
	return 0;
}

/* Tells of the sessions that will be over. */
static int tell_of_sessions(const struct pl_work *work, struct pl_job_runner *runner,
			    const struct pl_job_portion *portion)
{
	struct ids members = { .count = 0 };
	int ret;

	if (runner->session_ends == NULL)
		return 0;
	ret = read_ids(pl_query(work->store, PL_SQL_JOB_SIGNED_IN,
				PL_PARAMS(PORTION_PARAMS(portion, "changed"),
					  PL_INT("now", work->now))),
		       &members, work->err);
	for (size_t i = 0; ret == 0 && i < members.count; i++)
		ret = pl_session_list(work, members.id[i], tell, runner);
	free(members.id);
	return ret;
}

static int end_sessions(const struct pl_work *work, struct pl_job_runner *runner,
			const struct pl_job_portion *portion)
{
	return tell_of_sessions(work, runner, portion) < 0 ||
			       run_on(work, PL_SQL_JOB_RAISE_GENERATION, portion, "changed") < 0
		       ? -1
		       : add_records(work, portion, "session.revoke-all", "changed");
}

/* Tells the members whom the rows name, with the reason of the job. */
static int notify(const struct pl_work *work, const struct pl_job_portion *portion,
		  struct pl_stmt *rows, const char *what)
{
	struct pl_notice_origin origin = { .ip = "" };
	struct ids members = { .count = 0 };
	int ret = read_ids(rows, &members, work->err);

	if (portion->job.change[0] != '\0')
		pl_utf8_copy(portion->job.change + strlen(PL_AUDIT_REASON), origin.reason,
			     sizeof(origin.reason));
	for (size_t i = 0; ret == 0 && i < members.count; i++)
		ret = pl_notice_add(work, members.id[i], what, &origin);
	free(members.id);
	return ret;
}

/* Whoever was signed in with the factor that is gone signs in anew. */
static int remove_factors(const struct pl_work *work, struct pl_job_runner *runner,
			  const struct pl_job_portion *portion)
{
	static const enum pl_sql statements[] = {
		PL_SQL_JOB_DELETE_SECOND_FACTOR, PL_SQL_JOB_CLEAR_FACTOR,
		PL_SQL_JOB_DELETE_TOTP,          PL_SQL_JOB_DELETE_TOTP_PENDING,
		PL_SQL_JOB_DELETE_PASSKEY,       PL_SQL_JOB_DELETE_APPROVAL_DEVICE,
		PL_SQL_JOB_DELETE_RECOVERY,      PL_SQL_JOB_DELETE_TRUSTED,
		PL_SQL_JOB_DELETE_FAILURES,
	};

	if (run_on(work, PL_SQL_JOB_MARK_WITHOUT_FACTOR, portion, "taken") < 0 ||
	    pl_exec(work->store, PL_SQL_JOB_MARK,
		    PL_PARAMS(PL_TEXT("new_outcome", "changed"), PL_TEXT("reason", ""),
			      PORTION_PARAMS(portion, "taken")),
		    work->err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		if (run_on(work, statements[i], portion, "changed") < 0)
			return -1;
	}
	return add_records(work, portion, "second-factor.reset", "changed") < 0 ||
			       end_sessions(work, runner, portion) < 0
		       ? -1
		       : notify(work, portion,
				pl_query(work->store, PL_SQL_JOB_MEMBERS,
					 PL_PARAMS(PORTION_PARAMS(portion, "changed"))),
				"factor-reset");
}

static int sign_out(const struct pl_work *work, struct pl_job_runner *runner,
		    const struct pl_job_portion *portion)
{
	return pl_exec(work->store, PL_SQL_JOB_MARK,
		       PL_PARAMS(PL_TEXT("new_outcome", "changed"), PL_TEXT("reason", ""),
				 PORTION_PARAMS(portion, "taken")),
		       work->err) < 0 ||
			       notify(work, portion,
				      pl_query(work->store, PL_SQL_JOB_SIGNED_OUT,
					       PL_PARAMS(PORTION_PARAMS(portion, "changed"),
							 PL_INT("now", work->now))),
				      "sessions-ended") < 0
		       ? -1
		       : end_sessions(work, runner, portion);
}

/* ---- the whole ---- */

static int count(const struct pl_work *work, struct pl_job_portion *portion)
{
	struct pl_stmt *stmt =
		pl_query(work->store, PL_SQL_JOB_COUNTS,
			 PL_PARAMS(PL_INT("job_id", portion->job.id),
				   PL_INT("first", portion->first), PL_INT("last", portion->last)));

	if (pl_step(stmt, work->err) != 1)
		return -1;
	portion->changed = pl_col_int(stmt, "changed");
	portion->same = pl_col_int(stmt, "same");
	portion->skipped = pl_col_int(stmt, "skipped");
	portion->failed = pl_col_int(stmt, "failed");
	return pl_row_end(stmt, work->err) < 0 ? -1 : 0;
}

static int act(const struct pl_work *work, struct pl_job_runner *runner,
	       const struct pl_job_portion *portion, const struct pl_change *change)
{
	switch (portion->job.action) {
	case PL_JOB_CHANGE:
	case PL_JOB_UNDO:
	case PL_JOB_PIN:
		return change_settings(work, runner, portion, change);
	case PL_JOB_REMOVE_FACTOR:
		return remove_factors(work, runner, portion);
	case PL_JOB_END_SESSIONS:
		return sign_out(work, runner, portion);
	case PL_JOB_IMPORT: /* import_rows.c runs it */
	case PL_JOB_ACTION_COUNT:
		break;
	}
	return pl_error_set(work->err, PL_ERR_DATA, "this version does not know its action");
}

int pl_job_portion_run(const struct pl_work *work, struct pl_job_runner *runner,
		       struct pl_job_portion *portion)
{
	struct pl_change change;

	if (pl_job_parse_change(portion->job.change, &change, work->err) < 0 ||
	    take(work, portion) < 0 || leave_out_lost(work, portion) < 0 ||
	    leave_out_administrators(work, portion) < 0 ||
	    leave_out_oneself(work, portion, &change) < 0 ||
	    act(work, runner, portion, &change) < 0 || count(work, portion) < 0)
		return -1;
	return portion->same == 0 ? 0 : run_on(work, PL_SQL_JOB_FORGET_SAME, portion, "same");
}
