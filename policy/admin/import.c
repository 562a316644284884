/* import.c - see import.h. */
#include "policy/admin/import.h"

#include <stdlib.h>
#include <string.h>

#include "policy/admin/import_rows.h"
#include "policy/admin/job_row.h"

/* A file that is being read: the part that is written. */
struct reading {
	struct pl_import *import;
	pl_import_fault *fault;
	void *context;
	FILE *out;
	char *lines;
	size_t size;
	int members; /* of the part */
	int64_t last_line;
};

static int add_part(struct pl_import *import, char *lines, int64_t last_line)
{
	if (import->count == import->room) {
		const size_t room = import->room == 0 ? 16 : 2 * import->room;
		struct pl_import_part *more = realloc(import->parts, room * sizeof(*more));

		if (more == NULL)
			return -1;
		import->parts = more;
		import->room = room;
	}
	import->parts[import->count++] = (struct pl_import_part){ lines, last_line };
	return 0;
}

/* The part is as long as it will be. */
static int end_part(struct reading *reading)
{
	int ret = 0;

	if (reading->out == NULL)
		return 0;
	if (fclose(reading->out) != 0 ||
	    add_part(reading->import, reading->lines, reading->last_line) < 0) {
		free(reading->lines);
		ret = -1;
	}
	reading->out = NULL;
	reading->lines = NULL;
	reading->members = 0;
	return ret;
}

static int take_row(const struct pl_member_csv_row *row, void *context)
{
	struct reading *reading = context;

	if (reading->out == NULL)
		reading->out = open_memstream(&reading->lines, &reading->size);
	if (reading->out == NULL)
		return -1;
	pl_import_line_write(reading->out, row->line, &row->address, &row->change);
	reading->last_line = row->line;
	reading->import->members++;
	return ++reading->members == PL_IMPORT_PART ? end_part(reading) : 0;
}

static void tell_fault(const struct pl_csv_fault *fault, void *context)
{
	const struct reading *reading = context;

	if (reading->fault != NULL)
		reading->fault(fault, reading->context);
}

int pl_import_read(const char *text, size_t len, const char *default_domain, pl_import_fault *fault,
		   void *context, struct pl_import *import_r, struct pl_error *err)
{
	struct reading reading = { .import = import_r, .fault = fault, .context = context };
	const struct pl_member_csv_options options = { .default_domain = default_domain,
						       .kind = PL_MEMBER_CSV_PLAIN,
						       .rows_most = PL_IMPORT_ROWS,
						       .row = take_row,
						       .fault = tell_fault,
						       .context = &reading };
	struct pl_member_csv csv;
	int ret;

	memset(import_r, 0, sizeof(*import_r));
	ret = pl_member_csv_parse(text, len, &options, &csv, err);
	import_r->left = csv.left;
	pl_member_csv_free(&csv);
	if (end_part(&reading) < 0 && ret == 0)
		ret = pl_error_set(err, PL_ERR_RETRY, "out of memory");
	return ret;
}

void pl_import_free(struct pl_import *import)
{
	for (size_t i = 0; i < import->count; i++)
		free(import->parts[i].lines);
	free(import->parts);
	memset(import, 0, sizeof(*import));
}

int pl_import_add(const struct pl_work *work, const struct pl_administrator *administrator,
		  const struct pl_import *import, struct pl_job *job_r)
{
	memset(job_r, 0, sizeof(*job_r));
	job_r->action = PL_JOB_IMPORT;
	job_r->total = import->members;
	job_r->highest = import->count == 0 ? 0 : import->parts[import->count - 1].last_line;
	if (pl_job_insert(work, administrator, job_r) < 0)
		return -1;
	for (size_t i = 0; i < import->count; i++) {
		if (pl_exec(work->store, PL_SQL_JOB_FILE_INSERT,
			    PL_PARAMS(PL_INT("job_id", job_r->id),
				      PL_INT("last_line", import->parts[i].last_line),
				      PL_TEXT("lines", import->parts[i].lines)),
			    work->err) < 0)
			return -1;
	}
	return 0;
}
