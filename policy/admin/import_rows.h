/* import_rows.h - the lines of an import: how a job has them, and what becomes of their members;
 * private to the room. */
#ifndef POSTLATCH_IMPORT_ROWS_H
#define POSTLATCH_IMPORT_ROWS_H

#include <stdio.h>

#include "policy/admin/job_portion.h"

struct pl_import_line {
	int line;
	struct pl_address address;
	struct pl_change change;
};

/* Where a line's member would be written, as things are. */
struct pl_import_place {
	struct pl_account account; /* with id 0: to be added */
	const char *reason; /* why it is left out or fails: a reason of jobs; NULL: it is not */
	int is_skipped;     /* on purpose */
};

/* Domains that were looked at: mostly those of the line before. */
struct pl_import_domains {
	int64_t id;
	int is_reached;
};

/* Writes a line behind others. */
void pl_import_line_write(FILE *out, int line, const struct pl_address *address,
			  const struct pl_change *change);
/* Reads a line and moves *text behind it. 1; 0 at the end; -1: PL_ERR_DATA. */
int pl_import_line_read(const char **text, struct pl_import_line *line_r, struct pl_error *err);
/* Finds the member of a line, and whether the administrator may write it. *domains begins zeroed. 0
 * or -1. */
int pl_import_find(const struct pl_work *work, const struct pl_policy *policy,
		   const struct pl_administrator *administrator, const struct pl_import_line *line,
		   struct pl_import_domains *domains, struct pl_import_place *place_r);

/* Looks for the next lines of the job, before others have to wait: fills last and rows of the
 * portion. 0 or -1. */
int pl_import_rows_find(const struct pl_work *work, struct pl_job_portion *portion);
/* Writes the members of these lines, most of them at most, with their audit records and the job's
 * rows, and counts them; last becomes that of the last line. In the caller's write transaction. 0
 * or -1. */
int pl_import_rows_run(const struct pl_work *work, const struct pl_job_runner *runner,
		       struct pl_job_portion *portion);

#endif
