/* console_import.c - members of a CSV file: what an import would do, and the job. */
#include "policy/admin/import.h"
#include "portal/console/conflict.h"
#include "portal/console/console_job.h"
#include "portal/console/handlers.h"
#include "portal/console/job_runner.h"

/* A file of many members takes longer than other requests may. */
#define PREVIEW_MS 30000

/* What a file has shown. */
struct found {
	struct pl_import import;
	struct pl_import_preview preview;
	json_t *errors; /* the first of them */
	int64_t unreadable;
};

static void add_error(const struct pl_csv_fault *fault, void *context)
{
	struct found *found = context;

	if (json_array_size(found->errors) < PL_MEMBER_CSV_FAULTS)
		json_array_append_new(found->errors,
				      json_pack("{s:i, s:s, s:s, s:s, s:s}", "line", fault->line,
						"code", fault->code, "word", fault->word, "other",
						fault->other, "text", fault->text));
}

static void count_error(const struct pl_csv_fault *fault, void *context)
{
	struct found *found = context;

	found->unreadable++;
	add_error(fault, context);
}

/* Reads the file and looks at its members, unless it cannot be read: 0, or -1. */
static int find(struct request *request, struct found *found_r, struct pl_error *err)
{
	const char *text = request->body == NULL ? "" : request->body;
	struct pl_error why = { 0 };

	*found_r = (struct found){ .errors = json_array() };
	request->budget.left_ms = PREVIEW_MS;
	if (pl_import_read(text, request->body_len, request->policy->default_domain, count_error,
			   found_r, &found_r->import, &why) < 0) {
		if (why.code == PL_ERR_INVALID)
			return 0;
		*err = why;
		return -1;
	}
	return pl_import_preview(&request->work, request->policy, &request->administrator,
				 &found_r->import, add_error, found_r, &found_r->preview);
}

static void forget(struct found *found)
{
	pl_import_free(&found->import);
	json_decref(found->errors);
}

static json_t *left_json(unsigned int left)
{
	json_t *names = json_array();

	for (int i = 0; (i = pl_csv_left_next(left, i)) != 0;)
		json_array_append_new(names, json_string(pl_csv_column_name(i)));
	return names;
}

static json_t *preview_json(const struct found *found)
{
	const struct pl_import_preview *preview = &found->preview;

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:O}", "members",
			 (json_int_t)preview->members, "added", (json_int_t)preview->added,
			 "changed", (json_int_t)preview->changed, "same", (json_int_t)preview->same,
			 "administrators", (json_int_t)preview->administrators, "own_account",
			 (json_int_t)preview->own_account, "wrong",
			 (json_int_t)(preview->wrong + found->unreadable), "lose_service",
			 (json_int_t)preview->lose_service, "must_register",
			 (json_int_t)preview->must_register, "left_columns",
			 left_json(found->import.left), "errors", found->errors);
}

int post_console_import_preview(struct request *request, struct response *response,
				struct pl_error *err)
{
	struct found found;
	int ret = find(request, &found, err);

	if (ret == 0)
		ret = respond_json(response, 200, preview_json(&found));
	forget(&found);
	return ret;
}

static int make_job(struct request *request, struct response *response, const struct found *found,
		    struct pl_error *err)
{
	struct pl_job job;

	if (found->preview.wrong + found->unreadable > 0)
		return respond_conflict(response, CONFLICT_WRONG_LINES);
	if (found->preview.members == 0)
		return respond_conflict(response, CONFLICT_NO_MEMBERS);
	if (request_begin_write(request, err) < 0 ||
	    pl_import_add(&request->work, &request->administrator, &found->import, &job) < 0 ||
	    pl_store_commit(request->work.store, err) < 0)
		return -1;
	job_runner_wake();
	return respond_json(response, 200, console_job_json(&job));
}

int post_console_import(struct request *request, struct response *response, struct pl_error *err)
{
	struct found found;
	int ret = find(request, &found, err);

	if (ret == 0)
		ret = make_job(request, response, &found, err);
	forget(&found);
	return ret;
}
