/* job_groups.c - changes the settings of a portion of a job; see job_portion.h.
 *
 * Members that have the same get the same, by one statement for all of them. So the time depends on
 * how many different settings there are, and not on how many members.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/account/member_row.h"
#include "policy/account/member_state.h"
#include "policy/account/settings_row.h"
#include "policy/admin/job_portion.h"
#include "policy/admin/job_row.h"

/* Members of the portion that have the same. */
struct group {
	int active;
	char class_name[PL_CLASS_MAX + 1];
	char settings[PL_SETTINGS_TEXT];
	char before[PL_AUDIT_TEXT], after[PL_AUDIT_TEXT]; /* "" but for an undo: what is undone */
	int64_t members, lowest, highest;
};

/* What a group becomes. */
struct result {
	const char *outcome, *reason;
	struct pl_member member;
	char before[PL_AUDIT_TEXT], after[PL_AUDIT_TEXT];
};

/* Whether the member still has all that the words say. */
static int has_still(const struct pl_member *member, const struct pl_change *words)
{
	struct pl_member same = *member;
	char was[PL_AUDIT_TEXT], is[PL_AUDIT_TEXT];

	pl_member_apply(words, &same);
	pl_member_describe(member, &same, was, is);
	return was[0] == '\0' && is[0] == '\0';
}

/* Of an undo: one that was added is removed if it is still what was added. */
static void remove_or_keep(const struct pl_change *given, struct result *result)
{
	const struct pl_member nobody = { .active = 1 };
	struct pl_member added = nobody;

	pl_member_apply(given, &added);
	pl_member_describe(&added, &result->member, result->before, result->after);
	if (result->before[0] == '\0' && result->after[0] == '\0') {
		result->outcome = "removing";
	} else {
		result->outcome = "failed";
		result->reason = "changed-since";
	}
	pl_member_describe(&nobody, &result->member, result->after, result->before);
	result->after[0] = '\0';
}

/* Lays the change over what the group has; of an undo, what was there before; of a pin, what it
 * inherits. */
static int make_change(const struct pl_job_portion *portion, const struct group *group,
		       const struct pl_change *change, struct result *result)
{
	struct pl_change given, back;

	if (portion->job.action == PL_JOB_CHANGE) {
		pl_member_apply(change, &result->member);
		return 0;
	}
	if (portion->job.action == PL_JOB_PIN) {
		const struct pl_member before = result->member;

		pl_scope_reach(&portion->domain, PL_SCOPE_NEW, &before, &result->member,
			       &(struct pl_scope_result){ 0 });
		return 0;
	}
	if (pl_job_parse_change(group->after, &given, NULL) < 0)
		return -1;
	if (strcmp(group->before, PL_JOB_NO_MEMBER) == 0) {
		remove_or_keep(&given, result);
		return 0;
	}
	if (pl_job_parse_change(group->before, &back, NULL) < 0)
		return -1;
	if (has_still(&result->member, &given)) {
		pl_member_apply(&back, &result->member);
		return 0;
	}
	result->outcome = "failed";
	result->reason = "changed-since";
	return 0;
}

/* What becomes of a group, whose settings this version may not know. */
static void decide(const struct pl_job_portion *portion, const struct group *group,
		   const struct pl_change *change, struct result *result)
{
	struct pl_member before = { .active = group->active };

	*result = (struct result){ .outcome = "failed", .reason = "unreadable" };
	memcpy(before.class_name, group->class_name, sizeof(before.class_name));
	if (pl_settings_parse(group->settings, &before.settings, NULL) < 0)
		return;
	result->member = before;
	result->outcome = "changed";
	result->reason = "";
	if (make_change(portion, group, change, result) < 0) {
		result->outcome = "failed";
		result->reason = "unreadable";
		return;
	}
	if (strcmp(group->before, PL_JOB_NO_MEMBER) == 0)
		return;
	pl_member_describe(&before, &result->member, result->before, result->after);
	if (strcmp(result->outcome, "changed") == 0 && result->before[0] == '\0' &&
	    result->after[0] == '\0')
		result->outcome = "same";
}

/* What is written must be exactly the members of the group. */
static int expect(int64_t written, const struct group *group, struct pl_error *err)
{
	if (written == group->members)
		return 0;
	return written < 0 ? -1
			   : pl_error_set(err, PL_ERR_RETRY,
					  "its members were changed at the same time");
}

/* The settings of the group's members, whose rows say that they are changed. */
static int64_t write_members(const struct pl_work *work, const struct pl_job_portion *portion,
			     const struct group *group, const struct result *result)
{
	const struct pl_member_state state = pl_member_state_of(&result->member.settings);
	char text[PL_SETTINGS_TEXT];

	return pl_exec_count(work->store, PL_SQL_JOB_CHANGE_GROUP,
			     PL_PARAMS(PL_INT("job_id", portion->job.id),
				       PL_INT("first", group->lowest - 1),
				       PL_INT("last", group->highest),
				       PL_INT("active", group->active),
				       PL_TEXT("class", group->class_name),
				       PL_TEXT("settings", group->settings),
				       PL_TEXT("outcome", "changed"),
				       PL_INT("new_active", result->member.active),
				       PL_TEXT("new_class", result->member.class_name),
				       PL_TEXT("new_settings",
					       pl_settings_format(&result->member.settings, text)),
				       PL_INT("state", state.now),
				       PL_INT("dated_state", state.dated),
				       PL_ID("dated_from", state.from),
				       PL_ID("required_from", state.required_from),
				       PL_TEXT("new_before", result->before),
				       PL_TEXT("new_after", result->after)),
			     work->err);
}

static int write_group(const struct pl_work *work, const struct pl_job_portion *portion,
		       const struct group *group, const struct result *result)
{
	int64_t written = pl_exec_count(work->store, PL_SQL_JOB_MARK_GROUP,
					PL_PARAMS(PL_INT("job_id", portion->job.id),
						  PL_INT("first", group->lowest - 1),
						  PL_INT("last", group->highest),
						  PL_INT("active", group->active),
						  PL_TEXT("class", group->class_name),
						  PL_TEXT("settings", group->settings),
						  PL_TEXT("outcome", "taken"),
						  PL_TEXT("new_outcome", result->outcome),
						  PL_TEXT("reason", result->reason),
						  PL_TEXT("before", group->before),
						  PL_TEXT("after", group->after),
						  PL_TEXT("new_before", result->before),
						  PL_TEXT("new_after", result->after)),
					work->err);

	if (expect(written, group, work->err) < 0)
		return -1;
	if (strcmp(result->outcome, "changed") != 0)
		return 0;
	return expect(write_members(work, portion, group, result), group, work->err);
}

struct groups {
	struct group *group;
	size_t count, room;
};

static struct group *add_group(struct groups *groups)
{
	if (groups->count == groups->room) {
		const size_t room = groups->room == 0 ? 16 : 2 * groups->room;
		struct group *more = realloc(groups->group, room * sizeof(*more));

		if (more == NULL)
			return NULL;
		groups->group = more;
		groups->room = room;
	}
	return &groups->group[groups->count++];
}

static int list_groups(const struct pl_work *work, const struct pl_job_portion *portion,
		       struct groups *groups)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_JOB_GROUPS,
					PL_PARAMS(PORTION_PARAMS(portion, "taken")));
	int ret;

	while ((ret = pl_step(stmt, work->err)) == 1) {
		struct group *group = add_group(groups);

		if (group == NULL) {
			pl_reset(stmt);
			return pl_error_set(work->err, PL_ERR_RETRY, "out of memory");
		}
		group->active = pl_col_int(stmt, "active") != 0;
		pl_col_copy(stmt, "class", group->class_name, sizeof(group->class_name));
		pl_col_copy(stmt, "settings", group->settings, sizeof(group->settings));
		pl_col_copy(stmt, "before", group->before, sizeof(group->before));
		pl_col_copy(stmt, "after", group->after, sizeof(group->after));
		group->members = pl_col_int(stmt, "members");
		group->lowest = pl_col_int(stmt, "lowest");
		group->highest = pl_col_int(stmt, "highest");
	}
	return ret;
}

int pl_job_change_groups(const struct pl_work *work, const struct pl_job_portion *portion,
			 const struct pl_change *change)
{
	struct groups groups = { .count = 0 };
	struct result result;
	int ret = list_groups(work, portion, &groups);

	for (size_t i = 0; ret == 0 && i < groups.count; i++) {
		decide(portion, &groups.group[i], change, &result);
		ret = write_group(work, portion, &groups.group[i], &result);
	}
	free(groups.group);
	return ret;
}
