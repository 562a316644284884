/* console_jobs.c - jobs: previews, making, progress, pausing and undoing. */
#include "policy/admin/job_members.h"
#include "portal/console/conflict.h"
#include "portal/console/console_job.h"
#include "portal/console/handlers.h"
#include "portal/console/job_runner.h"

#include <stdlib.h>

#define LIMIT 50
/* A preview of all members of a large server takes longer than other requests may. */
#define PREVIEW_MS 30000

static int preview(struct request *request, const struct console_job *job,
		   struct pl_job_preview *preview_r)
{
	request->budget.left_ms = PREVIEW_MS;
	if (job->job.is_list && job->count == 0) {
		*preview_r = (struct pl_job_preview){ .matching = 0 };
		return 0;
	}
	return pl_job_preview(&request->work, request->policy, &request->administrator, &job->job,
			      job->members, job->count, preview_r);
}

static int answer_preview(struct request *request, struct response *response,
			  const struct console_job *job)
{
	struct pl_job_preview found;

	if (preview(request, job, &found) < 0)
		return -1;
	return respond_json(response, 200,
			    json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}",
				      "matching", (json_int_t)found.matching, "changed",
				      (json_int_t)found.changed, "same", (json_int_t)found.same,
				      "administrators", (json_int_t)found.administrators,
				      "own_account", (json_int_t)found.own_account, "forbidden",
				      (json_int_t)found.forbidden, "lose_service",
				      (json_int_t)found.lose_service, "must_register",
				      (json_int_t)found.must_register, "outside_networks",
				      (json_int_t)found.outside_networks, "not_found",
				      (json_int_t)job->not_found, "can_be_undone",
				      pl_job_can_be_undone(&job->job)));
}

int post_console_job_preview(struct request *request, struct response *response,
			     struct pl_error *err)
{
	struct console_job job;
	int ret = console_job_read(request, response, &job, err);

	if (ret == 1)
		ret = answer_preview(request, response, &job);
	console_job_free(&job);
	return ret;
}

/* How many members the job has now; -1 on error. */
static int64_t count_members(struct request *request, const struct console_job *job)
{
	struct pl_job_preview found;

	request->budget.left_ms = PREVIEW_MS;
	if (!job->job.is_list)
		return pl_job_filter_count(&request->work, request->policy,
					   pl_administrator_scope(&request->administrator),
					   job->job.filter);
	return preview(request, job, &found) < 0 ? -1 : found.matching;
}

static int answer_job(struct request *request, struct response *response, int64_t id,
		      struct pl_error *err)
{
	struct pl_job job;
	int ret = pl_job_get(request->work.store, &request->administrator, id, &job, err);

	if (ret != 1)
		return ret < 0 ? -1 : respond_error(response, 404, "not-found");
	return respond_json(response, 200, console_job_json(&job));
}

static int make_job(struct request *request, struct response *response, struct console_job *job,
		    struct pl_error *err)
{
	const json_int_t expected = json_integer_value(json_object_get(request->json, "expect"));

	job->job.total = count_members(request, job);
	if (job->job.total < 0)
		return -1;
	if (job->job.total != expected)
		return respond_conflict_with(response, CONFLICT_OTHER_NUMBER,
					     json_pack("{s:I}", "matching",
						       (json_int_t)job->job.total));
	if (request_begin_write(request, err) < 0 ||
	    pl_job_add(&request->work, &request->administrator, &job->job, job->members,
		       job->count) < 0 ||
	    pl_store_commit(request->work.store, err) < 0)
		return -1;
	job_runner_wake();
	return answer_job(request, response, job->job.id, err);
}

int post_console_job(struct request *request, struct response *response, struct pl_error *err)
{
	struct console_job job;
	int ret = console_job_read(request, response, &job, err);

	/* As for one member (console_write_with_reason). */
	if (ret == 1 && job.job.action != PL_JOB_CHANGE && request->policy->admin_reason &&
	    job.job.change[0] == '\0')
		ret = respond_bad_field(response, "reason");
	if (ret == 1)
		ret = make_job(request, response, &job, err);
	console_job_free(&job);
	return ret;
}

/* ---- lists ---- */

static int64_t query_number(const struct request *request, const char *name, int64_t fallback)
{
	const char *text = request_query(request, name);

	return text == NULL ? fallback : strtoll(text, NULL, 10);
}

/* A page of a list, and one more, which tells that the list goes on. */
struct console_page {
	json_t *items;
	int64_t limit, last; /* last: what the next page is behind */
	int goes_on;
};

static struct console_page page_of(const struct request *request)
{
	return (struct console_page){ .items = json_array(),
				      .limit = query_number(request, "limit", LIMIT) };
}

static int add_item(struct console_page *page, json_t *item, int64_t key)
{
	page->goes_on = json_array_size(page->items) == (size_t)page->limit;
	if (page->goes_on) {
		json_decref(item);
		return 1;
	}
	page->last = key;
	return json_array_append_new(page->items, item) < 0;
}

static int respond_page(struct response *response, const struct console_page *page, int64_t total)
{
	return respond_json(response, 200,
			    json_pack("{s:o, s:I, s:o}", "items", page->items, "total",
				      (json_int_t)total, "next",
				      page->goes_on ? json_integer(page->last) : json_null()));
}

static int add_job(const struct pl_job *job, void *context)
{
	return add_item(context, console_job_json(job), job->id);
}

int get_console_jobs(struct request *request, struct response *response, struct pl_error *err)
{
	const struct pl_administrator *administrator = &request->administrator;
	const int64_t total = pl_job_count(request->work.store, administrator, err);
	struct console_page page = page_of(request);

	if (total < 0 ||
	    pl_job_list(request->work.store, administrator, query_number(request, "after", 0),
			(int)page.limit + 1, add_job, &page, err) < 0) {
		json_decref(page.items);
		return -1;
	}
	return respond_page(response, &page, total);
}

static int64_t job_id(const struct request *request)
{
	return strtoll(request_parameter(request, "id"), NULL, 10);
}

int get_console_job(struct request *request, struct response *response, struct pl_error *err)
{
	return answer_job(request, response, job_id(request), err);
}

static int add_failure(const struct pl_job_failure *failure, void *context)
{
	return add_item(context,
			json_pack("{s:s, s:b, s:s}", "member", failure->address, "skipped",
				  failure->skipped, "reason", failure->reason),
			failure->member_id);
}

int get_console_job_failures(struct request *request, struct response *response,
			     struct pl_error *err)
{
	struct console_page page;
	struct pl_job job;
	int ret = pl_job_get(request->work.store, &request->administrator, job_id(request), &job,
			     err);

	if (ret != 1)
		return ret < 0 ? -1 : respond_error(response, 404, "not-found");
	page = page_of(request);
	if (pl_job_failures(request->work.store, job.id, query_number(request, "after", 0),
			    (int)page.limit + 1, add_failure, &page, err) < 0) {
		json_decref(page.items);
		return -1;
	}
	return respond_page(response, &page, job.skipped + job.failed);
}

/* ---- what is done with a job ---- */

/* Returns 1, 0 when it cannot be done as things are, or -1. id_r is the job that is answered. */
typedef int job_action(const struct request *request, struct pl_job *job, int64_t *id_r);

static int act(struct request *request, struct response *response, job_action *action,
	       struct pl_error *err)
{
	struct pl_job job;
	int64_t id = job_id(request);
	int ret = request_begin_write(request, err);

	if (ret == 0)
		ret = pl_job_get(request->work.store, &request->administrator, id, &job, err);
	if (ret != 1)
		return ret < 0 ? -1 : respond_error(response, 404, "not-found");
	ret = action(request, &job, &id);
	if (ret != 1)
		return ret < 0 ? -1 : respond_conflict(response, CONFLICT_JOB_STATE);
	if (pl_store_commit(request->work.store, err) < 0)
		return -1;
	job_runner_wake();
	return answer_job(request, response, id, err);
}

static int pause_job(const struct request *request, struct pl_job *job, int64_t *id_r)
{
	(void)id_r;
	return pl_job_pause(&request->work, job);
}

static int resume_job(const struct request *request, struct pl_job *job, int64_t *id_r)
{
	(void)id_r;
	return pl_job_resume(&request->work, job);
}

static int undo_job(const struct request *request, struct pl_job *job, int64_t *id_r)
{
	struct pl_job undo;
	int ret = pl_job_undo(&request->work, &request->administrator, job, &undo);

	*id_r = undo.id;
	return ret;
}

int post_console_job_pause(struct request *request, struct response *response, struct pl_error *err)
{
	return act(request, response, pause_job, err);
}

int post_console_job_resume(struct request *request, struct response *response,
			    struct pl_error *err)
{
	return act(request, response, resume_job, err);
}

int post_console_job_undo(struct request *request, struct response *response, struct pl_error *err)
{
	return act(request, response, undo_job, err);
}
