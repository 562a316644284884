/* job_lost.c - see job_lost.h. */
#include "policy/admin/job_lost.h"

#include <string.h>

#include "policy/account/member_row.h"
#include "policy/account/outcome.h"
#include "policy/admin/job_members.h"
#include "policy/admin/job_row.h"

/* The members of one call. The uses of a member are rows that follow each other. */
struct lost {
	const struct pl_work *work;
	const struct pl_policy *policy;
	int64_t job_id;
	void (*each)(const struct pl_address *member, void *context);
	void *context;
	int64_t member_id; /* of the last row */
	int is_told;       /* of that member */
};

int pl_job_may_shut_out(const struct pl_job *job)
{
	const unsigned int logins =
		1u << PL_SETTING_WEBMAIL | 1u << PL_SETTING_WEBMAIL_ALLOWED_NETWORKS |
		1u << PL_SETTING_IMAP | 1u << PL_SETTING_POP3 | 1u << PL_SETTING_SIEVE |
		1u << PL_SETTING_CLIENT_PASSWORD | 1u << PL_SETTING_APP_PASSWORDS;
	struct pl_change change;

	if (job->action == PL_JOB_UNDO || job->action == PL_JOB_IMPORT)
		return 1;
	if (job->action != PL_JOB_CHANGE || pl_job_parse_change(job->change, &change, NULL) < 0)
		return 0;
	return (change.has_active && !change.active) || change.has_class ||
	       (change.settings & logins) != 0;
}

/* Whether the use of the row was open to the member before the job, and is not now. Settings that
 * this version cannot read shut nobody out: logins fail temporarily. */
static int is_lost(const struct lost *lost, struct pl_stmt *stmt)
{
	const struct pl_address nobody = { .local = "" };
	const int32_t today = pl_day_of(lost->work->now);
	struct pl_outcome_side was, is;
	struct pl_account account;
	struct pl_recent_use use;
	struct pl_change back;
	int password;

	pl_account_unknown(&nobody, &account);
	if (!pl_setting_by_name(pl_col_text(stmt, "service"), &use.service) ||
	    pl_account_read(stmt, &account, NULL) < 0 ||
	    pl_job_parse_change(pl_col_text(stmt, "before"), &back, NULL) < 0)
		return 0;
	use.credential = pl_login_credential_by_name(pl_col_text(stmt, "credential"));
	pl_recent_use_from(&use, pl_col_text(stmt, "ip"));
	pl_outcome_side_begin(&is, &account, lost->policy, today);
	pl_member_apply(&back, &account.member);
	pl_outcome_side_begin(&was, &account, lost->policy, today);
	return pl_outcome_lost(&was, &is, &use, 1, &password) != 0 || password;
}

static void tell(struct lost *lost, struct pl_stmt *stmt)
{
	struct pl_address member;

	memset(&member, 0, sizeof(member));
	pl_col_copy(stmt, "local", member.local, sizeof(member.local));
	pl_col_copy(stmt, "domain_name", member.domain, sizeof(member.domain));
	lost->each(&member, lost->context);
	lost->is_told = 1;
}

static int read_rows(struct lost *lost, struct pl_stmt *stmt)
{
	int ret;

	while ((ret = pl_step(stmt, lost->work->err)) == 1) {
		const int64_t id = pl_col_int(stmt, "member_id");

		if (id != lost->member_id)
			lost->is_told = 0;
		lost->member_id = id;
		if (!lost->is_told && is_lost(lost, stmt))
			tell(lost, stmt);
		if (pl_row_ok(stmt, lost->work->err) < 0) {
			pl_reset(stmt);
			return -1;
		}
	}
	return ret;
}

static int read_range(int64_t first, int64_t last, void *context)
{
	struct lost *lost = context;

	return read_rows(lost, pl_query(lost->work->store, PL_SQL_JOB_LOST_RANGE,
					PL_PARAMS(PL_INT("job_id", lost->job_id),
						  PL_INT("first", first), PL_INT("last", last))));
}

static int read_named(const struct pl_param ids[PL_JOB_IDS], void *context)
{
	struct lost *lost = context;
	struct pl_param params[1 + PL_JOB_IDS + 1] = { PL_INT("job_id", lost->job_id) };

	memcpy(params + 1, ids, PL_JOB_IDS * sizeof(*ids));
	params[1 + PL_JOB_IDS].type = PL_PARAM_END;
	return read_rows(lost, pl_query(lost->work->store, PL_SQL_JOB_LOST_IDS, params));
}

int pl_job_lost(const struct pl_work *work, const struct pl_policy *policy, int64_t job_id,
		const int64_t *ids, size_t count,
		void (*each)(const struct pl_address *member, void *context), void *context)
{
	struct lost lost = {
		.work = work, .policy = policy, .job_id = job_id, .each = each, .context = context
	};
	const struct pl_job_ids_handler handler = { read_range, read_named, &lost };

	return pl_job_each_of(ids, count, &handler);
}
