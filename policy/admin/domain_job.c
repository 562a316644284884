/* domain_job.c - see domain_job.h. */
#include "policy/admin/domain_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/account/member_row.h"
#include "policy/account/scope_reach.h"
#include "policy/account/settings_row.h"

/* Members of the domain who are administrators: a table is not changed while it is read. */
struct found {
	const char *domain;
	struct pl_address *members;
	size_t count, room;
	int failed;
};

static int keep(const struct pl_administrator *administrator, void *context)
{
	struct found *found = context;

	if (administrator->member_id == 0 ||
	    strcmp(administrator->address.domain, found->domain) != 0)
		return 0;
	if (found->count == found->room) {
		const size_t room = found->room == 0 ? 16 : 2 * found->room;
		struct pl_address *more = realloc(found->members, room * sizeof(*more));

		if (more == NULL)
			return found->failed = 1;
		found->members = more;
		found->room = room;
	}
	found->members[found->count++] = administrator->address;
	return 0;
}

static int reach(const struct pl_work *work, const struct pl_scope_change *scope,
		 const struct pl_address *address)
{
	struct pl_scope_result result = { 0 };
	struct pl_account account;
	struct pl_member changed;

	if (pl_account_get(work->store, address, &account, work->err) < 0)
		return -1;
	return pl_scope_reach(scope, PL_SCOPE_ALL, &account.member, &changed, &result)
		       ? pl_member_write(work->store, &changed, work->err)
		       : 0;
}

static int reach_administrators(const struct pl_work *work, const struct pl_scope_change *scope)
{
	struct found found = { .domain = scope->before.name };
	int ret = pl_administrator_list(work->store, keep, &found, work->err);

	if (ret == 0 && found.failed)
		ret = pl_error_set(work->err, PL_ERR_RETRY, "out of memory");
	for (size_t i = 0; ret == 0 && i < found.count; i++)
		ret = reach(work, scope, &found.members[i]);
	free(found.members);
	return ret < 0 ? -1 : 0;
}

int pl_domain_set_by_job(const struct pl_work *work, const struct pl_policy *policy,
			 const struct pl_administrator *administrator, const char *name,
			 const struct pl_change *change, const struct pl_scope_result *counted,
			 struct pl_job *job_r)
{
	struct pl_scope_change scope;

	if (pl_scope_begin(work, policy, name, change, &scope) < 0 ||
	    reach_administrators(work, &scope) < 0 ||
	    pl_scope_write(work, &scope, PL_SCOPE_ALL, counted) < 0)
		return -1;
	memset(job_r, 0, sizeof(*job_r));
	job_r->action = PL_JOB_CHANGE;
	job_r->total = counted->members;
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		if ((change->settings & 1u << i) != 0)
			pl_record_word(job_r->change, sizeof(job_r->change),
				       pl_setting_info((enum pl_setting)i)->name, "inherit");
	}
	snprintf(job_r->filter, sizeof(job_r->filter), "domain=%s", scope.before.name);
	return pl_job_add(work, administrator, job_r, NULL, 0);
}
