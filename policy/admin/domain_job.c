/* domain_job.c - see domain_job.h. */
#include "policy/admin/domain_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/account/member_row.h"
#include "policy/account/scope_reach.h"
#include "policy/account/settings_row.h"

/* More members than these are counted before, and changed after, the write transaction. */
#define AT_ONCE 1000

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

/* The words of a change of settings; with value NULL each is taken away. */
static void write_words(const struct pl_change *change, const struct pl_settings *value,
			char *words, size_t size)
{
	char text[PL_VALUE_TEXT];

	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		const enum pl_setting setting = (enum pl_setting)i;

		if ((change->settings & 1u << i) != 0)
			pl_record_word(words, size, pl_setting_info(setting)->name,
				       value == NULL ? "inherit"
						     : pl_setting_write(setting, value, text));
	}
}

static int add_job(const struct pl_work *work, const struct pl_administrator *administrator,
		   const char *domain, const struct pl_scope_result *counted, struct pl_job *job)
{
	job->total = counted->members;
	snprintf(job->filter, sizeof(job->filter), PL_JOB_OF_DOMAIN "%s", domain);
	return pl_job_add(work, administrator, job, NULL, 0);
}

static int change_all(const struct pl_work *work, const struct pl_administrator *administrator,
		      const struct pl_scope_change *scope, const struct pl_scope_result *counted,
		      struct pl_job *job)
{
	if (reach_administrators(work, scope) < 0 ||
	    pl_scope_write(work, scope, PL_SCOPE_ALL, counted) < 0)
		return -1;
	job->action = PL_JOB_CHANGE;
	write_words(scope->change, NULL, job->change, sizeof(job->change));
	return add_job(work, administrator, scope->before.name, counted, job);
}

/* Switching the domain off or on is not left to the job, as it could shut administrators out. */
static int change_new(const struct pl_work *work, const struct pl_administrator *administrator,
		      const struct pl_scope_change *scope, const struct pl_scope_result *counted,
		      struct pl_job *job)
{
	const struct pl_change active = { .has_active = 1, .active = scope->change->active };
	const struct pl_scope_result nobody = { .members = counted->members };
	char days[PL_GRACE_TEXT];

	if (scope->change->has_active &&
	    pl_domain_set_counted(work, scope->policy, scope->before.name, &active, PL_SCOPE_NEW,
				  &nobody) < 0)
		return -1;
	job->action = PL_JOB_PIN;
	write_words(scope->change, &scope->change->value, job->change, sizeof(job->change));
	if (scope->change->has_grace)
		pl_record_word(job->change, sizeof(job->change), PL_GRACE_NAME,
			       pl_grace_format(&scope->change->grace, days));
	return add_job(work, administrator, scope->before.name, counted, job);
}

int pl_domain_change(const struct pl_work *work, const struct pl_policy *policy,
		     const struct pl_administrator *administrator, const char *name,
		     const struct pl_change *change, enum pl_scope whom,
		     struct pl_scope_result *result, struct pl_job *job_r)
{
	const int is_many = result->members > AT_ONCE && !change->has_alias_of;
	struct pl_scope_change scope;

	memset(job_r, 0, sizeof(*job_r));
	if (whom != PL_SCOPE_INHERITING && !is_many)
		return pl_domain_set(work, policy, name, change, whom, result);
	if (pl_scope_begin(work, policy, name, change, &scope) < 0)
		return -1;
	if (whom == PL_SCOPE_ALL && result->cleared > 0)
		return change_all(work, administrator, &scope, result, job_r);
	if (whom == PL_SCOPE_NEW && result->pinned > 0)
		return change_new(work, administrator, &scope, result, job_r);
	return pl_scope_write(work, &scope, whom, result);
}
