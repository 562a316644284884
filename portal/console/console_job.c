/* console_job.c - see console_job.h. */
#include "portal/console/console_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/account/settings_row.h"
#include "policy/admin/job_members.h"

/* "pop3=off class=staff"; 0, or -1: it has no room. */
static int write_change(const json_t *change, char *text, size_t size)
{
	const char *name;
	json_t *value;

	text[0] = '\0';
	json_object_foreach((json_t *)change, name, value)
	{
		if (strchr(json_string_value(value), ' ') != NULL ||
		    strlen(text) + strlen(name) + json_string_length(value) + 2 >= size)
			return -1;
		pl_record_word(text, size, name, json_string_value(value));
	}
	return 0;
}

/* "domain=a.test\npop3=on". */
static int write_filter(const json_t *filter, char *text, size_t size)
{
	const char *name;
	json_t *value;
	size_t used = 0;

	text[0] = '\0';
	json_object_foreach((json_t *)filter, name, value)
	{
		used += (size_t)snprintf(text + used, size - used, "%s%s=%s", used == 0 ? "" : "\n",
					 name, json_string_value(value));
		if (used >= size)
			return -1;
	}
	return 0;
}

/* Either a change or an action; whoever may not change settings has the actions. */
static int read_action(const struct request *request, struct response *response, struct pl_job *job)
{
	const json_t *change = json_object_get(request->json, "change");
	const char *action = request_text(request, "action");
	const char *reason = request_text(request, "reason");
	struct pl_change parsed;

	if ((change != NULL) == (action != NULL))
		return respond_bad_field(response, change != NULL ? "action" : "change");
	if (action != NULL) {
		job->action = pl_job_action_by_name(action);
		if (job->action != PL_JOB_REMOVE_FACTOR && job->action != PL_JOB_END_SESSIONS)
			return respond_bad_field(response, "action");
		if (reason != NULL)
			snprintf(job->change, sizeof(job->change), PL_AUDIT_REASON "%s", reason);
		return 1;
	}
	job->action = PL_JOB_CHANGE;
	if (request->administrator.role < PL_ADMIN_DOMAIN)
		return respond_error(response, 403, "role");
	if (json_object_size(change) == 0 ||
	    write_change(change, job->change, sizeof(job->change)) < 0 ||
	    pl_job_parse_change(job->change, &parsed, NULL) < 0 || parsed.has_grace ||
	    (parsed.settings == 0 && !parsed.has_active && !parsed.has_class))
		return respond_bad_field(response, "change");
	return 1;
}

/* One whom the administrator does not reach is as one that there is not. */
static int add_member(const struct request *request, struct console_job *job, const char *text,
		      struct pl_error *err)
{
	struct pl_account *account = &job->members[job->count];
	struct pl_address address;
	int ret = 0;

	if (pl_address_parse(text, strlen(text), NULL, &address, NULL) == 0) {
		if (pl_account_get(request->work.store, &address, account, err) < 0)
			return -1;
		ret = account->member.id == 0 ? 0
					      : pl_administrator_reaches(request->work.store,
									 &request->administrator,
									 account->domain.id, err);
	}
	if (ret == 1)
		job->count++;
	else
		job->not_found++;
	return ret < 0 ? -1 : 0;
}

static int read_list(const struct request *request, struct console_job *job, const json_t *members,
		     struct pl_error *err)
{
	const size_t count = json_array_size(members);
	int ret = 0;

	job->job.is_list = 1;
	job->members = calloc(count, sizeof(*job->members));
	if (job->members == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	for (size_t i = 0; ret == 0 && i < count; i++)
		ret = add_member(request, job, json_string_value(json_array_get(members, i)), err);
	return ret < 0 ? -1 : 1;
}

int console_job_read(const struct request *request, struct response *response,
		     struct console_job *job_r, struct pl_error *err)
{
	const json_t *members = json_object_get(request->json, "members");
	const json_t *filter = json_object_get(request->json, "filter");
	int ret;

	memset(job_r, 0, sizeof(*job_r));
	if ((members != NULL) == (filter != NULL))
		return respond_bad_field(response, members != NULL ? "filter" : "members");
	ret = read_action(request, response, &job_r->job);
	if (ret != 1)
		return ret;
	if (members != NULL)
		return read_list(request, job_r, members, err);
	return write_filter(filter, job_r->job.filter, sizeof(job_r->job.filter)) < 0 ||
			       !pl_job_filter_is_valid(job_r->job.filter)
		       ? respond_bad_field(response, "filter")
		       : 1;
}

void console_job_free(struct console_job *job)
{
	free(job->members);
	job->members = NULL;
}

static json_t *number_or_null(int64_t number)
{
	return number == 0 ? json_null() : json_integer(number);
}

json_t *console_job_json(const struct pl_job *job)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:b, s:I, s:o, s:s, s:s, s:I, s:I, s:I, s:I, "
			 "s:I, s:I, s:o, s:o, s:b}",
			 "id", (json_int_t)job->id, "by", job->who, "action",
			 pl_job_action_name(job->action), "change", job->change, "filter",
			 job->is_list ? "" : job->filter, "list", job->is_list, "made_at",
			 (json_int_t)job->made_at, "ended_at", number_or_null(job->ended_at),
			 "state", pl_job_state_name(job->state), "reason", job->reason, "total",
			 (json_int_t)job->total, "added", (json_int_t)job->added, "changed",
			 (json_int_t)job->changed, "same", (json_int_t)job->same, "skipped",
			 (json_int_t)job->skipped, "failed", (json_int_t)job->failed, "undo_of",
			 number_or_null(job->undo_of), "undone_by", number_or_null(job->undone_by),
			 "can_be_undone", pl_job_can_be_undone(job) && job->undone_by == 0);
}
