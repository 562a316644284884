/* job_preview_group.c - see job_preview_group.h. */
#include "policy/admin/job_preview_group.h"

#include <stdlib.h>
#include <string.h>

#include "policy/account/member_row.h"
#include "policy/account/member_state.h"
#include "policy/account/settings_row.h"
#include "policy/admin/job_row.h"
#include "policy/admin/member_matches.h"

#define LISTS 16384
#define FNV_START UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static const enum pl_setting services[PL_PREVIEW_SERVICES] = { PL_SETTING_WEBMAIL, PL_SETTING_IMAP,
							       PL_SETTING_POP3, PL_SETTING_SMTP,
							       PL_SETTING_SIEVE };
static const enum pl_login_credential credentials[PL_PREVIEW_CREDENTIALS] = {
	PL_LOGIN_BY_ACCOUNT_PASSWORD, PL_LOGIN_BY_APP_PASSWORD, PL_LOGIN_BY_WEBMAIL,
	PL_LOGIN_BY_APPLICATION,      PL_LOGIN_BY_UNKNOWN,      PL_LOGIN_BY_PASSKEY
};

/* ---- what becomes of them ---- */

static const char *settings_of(const struct pl_preview_group *group)
{
	return group->class_name + strlen(group->class_name) + 1;
}

static struct pl_domain domain_of(const struct pl_searched_domain *searched)
{
	struct pl_domain domain = { .id = searched->id,
				    .known = searched->known,
				    .active = searched->active,
				    .settings = searched->settings,
				    .grace = searched->grace };
	const size_t len = strnlen(searched->name, sizeof(domain.name) - 1);

	memcpy(domain.name, searched->name, len);
	return domain;
}

/* With a name, and a day in the days of grace or before, for pl_account_layers(). -1: settings that
 * this version cannot read. */
static int account_of(const struct pl_preview *preview, const struct pl_preview_group *group,
		      struct pl_account *account_r)
{
	struct pl_member *member = &account_r->member;
	const struct pl_searched_domain *domain =
		pl_searched_domain(preview->search, group->domain_id);

	memset(account_r, 0, sizeof(*account_r));
	account_r->domain = domain_of(domain);
	member->id = 1;
	member->address.local[0] = '*';
	member->created_at =
		(group->flags & PL_PREVIEW_IN_GRACE) != 0 ? preview->day * PL_DAY_SECONDS : 0;
	member->active = (group->flags & PL_PREVIEW_ACTIVE) != 0;
	member->factor_kinds = (unsigned int)(group->flags / PL_PREVIEW_FACTORS);
	member->opted_out = (group->flags & PL_PREVIEW_OPTED_OUT) != 0;
	memcpy(member->class_name, group->class_name, strlen(group->class_name) + 1);
	return pl_settings_parse(settings_of(group), &member->settings, NULL);
}

/* As the job changes it. */
static void change(const struct pl_preview *preview, struct pl_member *member)
{
	if (preview->job->action == PL_JOB_CHANGE)
		pl_member_apply(&preview->change, member);
	else if (preview->job->action == PL_JOB_REMOVE_FACTOR)
		member->factor_kinds = 0;
}

void pl_preview_sides(const struct pl_preview *preview, const struct pl_preview_group *group,
		      struct pl_outcome_side *before_r, struct pl_outcome_side *after_r)
{
	struct pl_account account;

	account_of(preview, group, &account);
	pl_outcome_side_begin(before_r, &account, preview->policy, preview->day);
	change(preview, &account.member);
	pl_outcome_side_begin(after_r, &account, preview->policy, preview->day);
}

static int is_same(const struct pl_preview *preview, const struct pl_member *before)
{
	struct pl_member after = *before;
	char was[PL_AUDIT_TEXT], is[PL_AUDIT_TEXT];

	if (preview->job->action == PL_JOB_END_SESSIONS)
		return 0;
	change(preview, &after);
	pl_member_describe(before, &after, was, is);
	return before->factor_kinds == after.factor_kinds && was[0] == '\0' && is[0] == '\0';
}

static enum pl_preview_outcome left_out(const struct pl_preview *preview,
					const struct pl_preview_group *group,
					const struct pl_domain *domain)
{
	const struct pl_job *job = preview->job;
	const int is_change = job->action == PL_JOB_CHANGE;

	if ((group->flags & PL_PREVIEW_IS_OWN) != 0 &&
	    (!is_change || pl_job_locks_out(&preview->change)))
		return PL_PREVIEW_OWN_ACCOUNT;
	if ((group->flags & PL_PREVIEW_IS_ADMIN) != 0 &&
	    pl_job_spares_administrators(preview->administrator->role, job->action,
					 &preview->change))
		return PL_PREVIEW_ADMINISTRATOR;
	return is_change && pl_change_check(&preview->change, preview->policy, domain->name, NULL) <
				       0
		       ? PL_PREVIEW_FORBIDDEN
		       : PL_PREVIEW_CHANGED;
}

static int64_t lost_by(const struct pl_outcome_side *was, const struct pl_outcome_side *will_be)
{
	int64_t lost = 0;
	int password;

	for (unsigned int way = 0; way < PL_PREVIEW_WAYS; way++) {
		const struct pl_recent_use use = {
			.service = services[way / PL_PREVIEW_CREDENTIALS],
			.credential = credentials[way % PL_PREVIEW_CREDENTIALS],
		};

		if (pl_outcome_lost(was, will_be, &use, 1, &password) != 0 || password)
			lost |= INT64_C(1) << way;
	}
	return lost;
}

/* Whether the filter names them. */
static int is_named(const struct pl_preview *preview, const struct pl_preview_group *group,
		    const struct pl_settings *own)
{
	const struct pl_member_search *search = preview->search;
	const struct pl_member_state state = pl_member_state_of(own);
	const int64_t now =
		state.from != 0 && state.from <= search->today ? state.dated : state.now;
	const struct pl_searched_member member = {
		.state = now,
		.created_at = (group->flags & PL_PREVIEW_IS_NEW) != 0 ? search->now : 0,
		.required_from = state.required_from != 0 ? state.required_from : INT64_MAX,
	};

	return pl_member_search_fits(search, pl_searched_domain(search, group->domain_id),
				     group->class_name, &member);
}

static void decide(const struct pl_preview *preview, struct pl_preview_group *group)
{
	struct pl_outcome_side was, will_be;
	struct pl_account account;

	group->outcome = PL_PREVIEW_NOT_MATCHING;
	if (pl_searched_domain(preview->search, group->domain_id) == NULL)
		return;
	group->is_readable = account_of(preview, group, &account) == 0;
	if (group->is_readable && !is_named(preview, group, &account.member.settings))
		return;
	group->outcome = left_out(preview, group, &account.domain);
	if (group->outcome != PL_PREVIEW_CHANGED || !group->is_readable)
		return;
	if (is_same(preview, &account.member)) {
		group->outcome = PL_PREVIEW_SAME;
		return;
	}
	pl_preview_sides(preview, group, &was, &will_be);
	group->lost = lost_by(&was, &will_be);
	group->must_register = pl_outcome_must_register(&was, &will_be);
}

/* ---- the table ---- */

static uint64_t add_bytes(uint64_t hash, const void *data, size_t len)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * FNV_PRIME;
	return hash;
}

static struct pl_preview_group *add(struct pl_preview_group **list,
				    const struct pl_preview_group *key, const char *class_name,
				    const char *settings)
{
	const size_t class_len = strlen(class_name) + 1, len = strlen(settings) + 1;
	struct pl_preview_group *group = calloc(1, sizeof(*group) + class_len + len);

	if (group == NULL)
		return NULL;
	*group = *key;
	memcpy(group->class_name, class_name, class_len);
	memcpy(group->class_name + class_len, settings, len);
	group->next = *list;
	*list = group;
	return group;
}

/* Whether the row's member has days of grace left. */
static int64_t grace_flags(const struct pl_preview *preview, int64_t domain_id,
			   struct pl_stmt *stmt)
{
	const struct pl_searched_domain *domain = pl_searched_domain(preview->search, domain_id);
	const int64_t created_at = pl_col_int(stmt, "created_at");

	if (domain == NULL)
		return 0;
	return (created_at >= domain->grace_from ? PL_PREVIEW_IS_NEW : 0) |
	       (created_at >= pl_grace_joined_from(&domain->grace, preview->policy, preview->day)
			? PL_PREVIEW_IN_GRACE
			: 0);
}

struct pl_preview_group *pl_preview_group_of(struct pl_preview *preview, struct pl_stmt *stmt)
{
	struct pl_preview_group key = { .domain_id = pl_col_int(stmt, "domain_id"),
					.flags = pl_col_int(stmt, "flags") };
	const char *class_name = pl_col_text(stmt, "class");
	const char *settings = pl_col_text(stmt, "settings");
	struct pl_preview_group **list, *group;

	key.flags |= grace_flags(preview, key.domain_id, stmt);
	class_name = class_name != NULL ? class_name : "";
	settings = settings != NULL ? settings : "";
	key.hash = add_bytes(FNV_START, &key.domain_id, sizeof(key.domain_id));
	key.hash = add_bytes(key.hash, &key.flags, sizeof(key.flags));
	key.hash = add_bytes(key.hash, class_name, strlen(class_name) + 1);
	key.hash = add_bytes(key.hash, settings, strlen(settings));
	list = &preview->groups[key.hash % LISTS];
	for (group = *list; group != NULL; group = group->next) {
		if (group->hash == key.hash && group->domain_id == key.domain_id &&
		    group->flags == key.flags && strcmp(group->class_name, class_name) == 0 &&
		    strcmp(settings_of(group), settings) == 0)
			return group;
	}
	group = strlen(class_name) > PL_CLASS_MAX ? NULL : add(list, &key, class_name, settings);
	if (group != NULL)
		decide(preview, group);
	return group;
}

int64_t pl_preview_groups_lose(const struct pl_preview *preview, int *is_all_r)
{
	int64_t lost = 0;

	*is_all_r = 1;
	for (size_t i = 0; i < LISTS; i++) {
		for (const struct pl_preview_group *group = preview->groups[i]; group != NULL;
		     group = group->next) {
			lost |= group->lost;
			*is_all_r &= group->lost == 0 || group->lost == PL_PREVIEW_ALL_WAYS;
		}
	}
	return lost;
}

int pl_preview_groups_open(struct pl_preview *preview)
{
	preview->groups = calloc(LISTS, sizeof(struct pl_preview_group *));
	return preview->groups == NULL
		       ? pl_error_set(preview->work->err, PL_ERR_RETRY, "out of memory")
		       : 0;
}

void pl_preview_groups_close(struct pl_preview *preview)
{
	for (size_t i = 0; preview->groups != NULL && i < LISTS; i++) {
		while (preview->groups[i] != NULL) {
			struct pl_preview_group *group = preview->groups[i];

			preview->groups[i] = group->next;
			free(group);
		}
	}
	free(preview->groups);
	preview->groups = NULL;
}
