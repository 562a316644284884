/* job_preview.c - see job_preview.h.
 *
 * The database counts members that have the same settings, factor and recent use, and each of these
 * groups is evaluated once.
 */
#include "policy/admin/job_preview.h"

#include <stdlib.h>
#include <string.h>

#include "policy/account/member_row.h"
#include "policy/account/outcome.h"
#include "policy/account/settings_row.h"
#include "policy/admin/job_members.h"
#include "policy/admin/job_row.h"

#define PORTION 5000 /* members that are looked for at once */

/* The bits of the column used (PL_SQL_JOB_PREVIEW): credentials of the first service, then of the
 * second, and so on. */
static const enum pl_setting services[] = { PL_SETTING_WEBMAIL, PL_SETTING_IMAP, PL_SETTING_POP3,
					    PL_SETTING_SMTP, PL_SETTING_SIEVE };
static const enum pl_login_credential credentials[] = {
	PL_LOGIN_BY_ACCOUNT_PASSWORD, PL_LOGIN_BY_APP_PASSWORD, PL_LOGIN_BY_WEBMAIL,
	PL_LOGIN_BY_APPLICATION, PL_LOGIN_BY_UNKNOWN
};
#define SERVICES (sizeof(services) / sizeof(services[0]))
#define CREDENTIALS (sizeof(credentials) / sizeof(credentials[0]))

struct preview {
	const struct pl_work *work;
	const struct pl_policy *policy;
	const struct pl_administrator *administrator;
	const struct pl_job *job;
	struct pl_change change;
	int32_t day;
	struct pl_domain domain; /* the last that was read */
	struct pl_job_preview *result;
};

static size_t uses_of(int64_t used, struct pl_recent_use uses_r[SERVICES * CREDENTIALS])
{
	size_t count = 0;

	for (size_t bit = 0; bit < SERVICES * CREDENTIALS; bit++) {
		if ((used >> bit & 1) != 0)
			uses_r[count++] = (struct pl_recent_use){
				.service = services[bit / CREDENTIALS],
				.credential = credentials[bit % CREDENTIALS],
			};
	}
	return count;
}

static void count_change(const struct preview *preview, const struct pl_account *before,
			 const struct pl_account *after, int64_t used, int64_t members)
{
	struct pl_recent_use uses[SERVICES * CREDENTIALS];
	struct pl_outcome_side was, will_be;
	int password;

	pl_outcome_side_begin(&was, before, preview->policy, preview->day);
	pl_outcome_side_begin(&will_be, after, preview->policy, preview->day);
	preview->result->changed += members;
	if (pl_outcome_lost(&was, &will_be, uses, uses_of(used, uses), &password) != 0 || password)
		preview->result->lose_service += members;
	if (pl_outcome_must_register(&was, &will_be))
		preview->result->must_register += members;
}

static int is_same(const struct pl_member *before, const struct pl_member *after)
{
	char was[PL_AUDIT_TEXT], is[PL_AUDIT_TEXT];

	pl_member_describe(before, after, was, is);
	return was[0] == '\0' && is[0] == '\0';
}

/* One who is left out: counts the group and returns 1. */
static int leave_out(const struct preview *preview, int64_t administrator, int64_t members)
{
	const int is_own = administrator != 0 && administrator == preview->administrator->member_id;
	const int is_change = preview->job->action == PL_JOB_CHANGE;

	if (is_own && (!is_change || pl_job_locks_out(&preview->change)))
		preview->result->own_account += members;
	else if (administrator != 0 && !is_own &&
		 pl_job_spares_administrators(preview->administrator->role, preview->job->action,
					      &preview->change))
		preview->result->administrators += members;
	else if (is_change &&
		 pl_change_check(&preview->change, preview->policy, preview->domain.name, NULL) < 0)
		preview->result->forbidden += members;
	else
		return 0;
	return 1;
}

static void count_group(const struct preview *preview, const struct pl_account *account,
			int64_t administrator, int64_t used, int64_t members)
{
	struct pl_account after = *account;

	preview->result->matching += members;
	if (leave_out(preview, administrator, members))
		return;
	if (preview->job->action == PL_JOB_CHANGE)
		pl_member_apply(&preview->change, &after.member);
	else if (preview->job->action == PL_JOB_REMOVE_FACTOR)
		after.member.factor_kinds = 0;
	if (preview->job->action != PL_JOB_END_SESSIONS &&
	    after.member.factor_kinds == account->member.factor_kinds &&
	    is_same(&account->member, &after.member))
		preview->result->same += members;
	else
		count_change(preview, account, &after, used, members);
}

/* The domain of a row, unless it is that of the row before. The rows of the statement that lists
 * them are open meanwhile. */
static int read_domain(struct preview *preview, int64_t id)
{
	const struct pl_work *work = preview->work;
	char name[PL_DOMAIN_MAX + 1];
	struct pl_stmt *stmt;

	if (preview->domain.id == id)
		return 0;
	stmt = pl_query(work->store, PL_SQL_JOB_DOMAIN, PL_PARAMS(PL_INT("domain_id", id)));
	if (pl_step(stmt, work->err) < 0)
		return -1;
	pl_col_copy(stmt, "name", name, sizeof(name));
	if (pl_row_end(stmt, work->err) < 0)
		return -1;
	return pl_domain_get(work->store, name, &preview->domain, work->err) < 0 ? -1 : 0;
}

/* Settings that this version cannot read are those of a member whom the job fails to change. */
static int count_row(struct preview *preview, struct pl_stmt *stmt)
{
	struct pl_account account = { .member.id = 1 };
	const int64_t members = pl_col_int(stmt, "members");

	if (read_domain(preview, pl_col_int(stmt, "domain_id")) < 0)
		return -1;
	account.domain = preview->domain;
	/* With a name, and a day in the days of grace or before, for pl_account_layers(). */
	account.member.address.local[0] = '*';
	account.member.created_at =
		pl_col_int(stmt, "in_grace") != 0 ? preview->day * PL_DAY_SECONDS : 0;
	account.member.active = pl_col_int(stmt, "active") != 0;
	pl_col_copy(stmt, "class", account.member.class_name, sizeof(account.member.class_name));
	account.member.factor_kinds = (unsigned int)pl_col_int(stmt, "factor");
	account.member.opted_out = pl_col_int(stmt, "opted_out") != 0;
	if (pl_col_settings(stmt, "settings", &account.member.settings, NULL) < 0) {
		preview->result->matching += members;
		preview->result->changed += members;
		return 0;
	}
	count_group(preview, &account, pl_col_int(stmt, "administrator"), pl_col_int(stmt, "used"),
		    members);
	return pl_row_ok(stmt, preview->work->err);
}

static int64_t use_since(const struct preview *preview)
{
	return preview->work->now - PL_OUTCOME_USE_DAYS * PL_DAY_SECONDS;
}

/* Members from then on have days left to register a second factor. */
static int64_t grace_from(const struct preview *preview)
{
	return (preview->day - (int64_t)preview->policy->two_factor_grace_days + 1) *
	       PL_DAY_SECONDS;
}

static int count_rows(struct preview *preview, struct pl_stmt *stmt)
{
	int ret;

	while ((ret = pl_step(stmt, preview->work->err)) == 1) {
		if (count_row(preview, stmt) < 0) {
			pl_reset(stmt);
			return -1;
		}
	}
	return ret;
}

static int count_range(int64_t first, int64_t last, void *context)
{
	struct preview *preview = context;

	return count_rows(preview, pl_query(preview->work->store, PL_SQL_JOB_PREVIEW_RANGE,
					    PL_PARAMS(PL_INT("first", first), PL_INT("last", last),
						      PL_INT("grace_from", grace_from(preview)),
						      PL_INT("since", use_since(preview)))));
}

static int count_named(const struct pl_param ids[PL_JOB_IDS], void *context)
{
	struct preview *preview = context;
	struct pl_param params[2 + PL_JOB_IDS + 1] = { PL_INT("since", use_since(preview)),
						       PL_INT("grace_from", grace_from(preview)) };

	memcpy(params + 2, ids, PL_JOB_IDS * sizeof(*ids));
	params[2 + PL_JOB_IDS].type = PL_PARAM_END;
	return count_rows(preview, pl_query(preview->work->store, PL_SQL_JOB_PREVIEW_IDS, params));
}

static int count_filter(struct preview *preview, const struct pl_job_ids_handler *handler)
{
	const int64_t scope = pl_administrator_scope(preview->administrator);
	int64_t ids[PORTION], after = 0;
	size_t count = PORTION;
	int ret = 0;

	while (ret == 0 && count == PORTION) {
		ret = pl_job_filter_next(preview->work, preview->policy, scope,
					 preview->job->filter, after, PORTION, ids, &count);
		if (ret == 0)
			ret = pl_job_each_of(ids, count, handler);
		after = count > 0 ? ids[count - 1] : after;
	}
	return ret;
}

static int compare_ids(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Once, whoever is named twice. */
static int count_list(const struct pl_account *members, size_t count,
		      const struct pl_job_ids_handler *handler)
{
	int64_t ids[PL_JOB_MEMBERS] = { 0 };
	size_t used = 0;

	for (size_t i = 0; i < count && i < PL_JOB_MEMBERS; i++)
		ids[i] = members[i].member.id;
	qsort(ids, count, sizeof(*ids), compare_ids);
	for (size_t i = 0; i < count; i++) {
		if (used == 0 || ids[used - 1] != ids[i])
			ids[used++] = ids[i];
	}
	return pl_job_each_of(ids, used, handler);
}

int pl_job_preview(const struct pl_work *work, const struct pl_policy *policy,
		   const struct pl_administrator *administrator, const struct pl_job *job,
		   const struct pl_account *members, size_t count, struct pl_job_preview *preview_r)
{
	struct preview preview = { .work = work,
				   .policy = policy,
				   .administrator = administrator,
				   .job = job,
				   .result = preview_r };
	const struct pl_job_ids_handler handler = { count_range, count_named, &preview };

	memset(preview_r, 0, sizeof(*preview_r));
	if (pl_job_parse_change(job->change, &preview.change, work->err) < 0)
		return -1;
	preview.day = pl_outcome_day(&preview.change, work->now);
	return count == 0 ? count_filter(&preview, &handler) : count_list(members, count, &handler);
}
