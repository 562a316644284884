/* import.h - members of a CSV file (member_csv.h), as a job that the portal runs.
 *
 * A file is read as the command reads it. It is previewed by outcome (outcome.h), with what is
 * wrong line by line, and becomes a job only if no line is wrong. The job has the lines in its own
 * table, in parts, and takes them in their order (import_rows.h); undoing it removes those that it
 * has added and that nobody has used since.
 *
 * Members may be in known domains that the administrator reaches, and are named by their own
 * address: not by one in an alias.
 */
#ifndef POSTLATCH_IMPORT_H
#define POSTLATCH_IMPORT_H

#include "policy/admin/job.h"
#include "policy/admin/member_csv.h"

#define PL_IMPORT_BYTES (32 * 1024 * 1024) /* of a file */
#define PL_IMPORT_ROWS 200000              /* members of a file */
#define PL_IMPORT_PART 500                 /* members of a part */

/* Lines as a job has them: "LINE<tab>ADDRESS<tab>pop3=off class=staff<newline>", up to
 * PL_IMPORT_PART of them. */
struct pl_import_part {
	char *lines;
	int64_t last_line;
};

struct pl_import {
	struct pl_import_part *parts;
	size_t count, room;
	int64_t members;
	unsigned int left; /* columns that change nothing (member_csv.h) */
};

/* Faults are told line by line: those of member_csv.h, and of a right line
 *
 *	domain		there is no such domain among those that the administrator reaches
 *	alias		word is in an alias of the domain other
 *	forbidden	the policy file forbids what the line switches on
 */
typedef void pl_import_fault(const struct pl_csv_fault *fault, void *context);

struct pl_import_preview {
	int64_t members; /* each of them is one of the next six */
	int64_t added, changed, same;
	int64_t administrators, own_account; /* left out */
	int64_t wrong;
	/* Of those that would be added or changed: */
	int64_t lose_service; /* cannot do any more what they did in the last PL_OUTCOME_USE_DAYS */
	int64_t must_register; /* have to register a second factor before they use webmail again */
};

/* Reads a file. 0, or -1: PL_ERR_INVALID, of which fault was told each line. Free it in any
 * case. */
int pl_import_read(const char *text, size_t len, const char *default_domain, pl_import_fault *fault,
		   void *context, struct pl_import *import_r, struct pl_error *err);
void pl_import_free(struct pl_import *import);
/* What the job would do. Takes a few short statements for each line; outside of a transaction. 0 or
 * -1. */
int pl_import_preview(const struct pl_work *work, const struct pl_policy *policy,
		      const struct pl_administrator *administrator, const struct pl_import *import,
		      pl_import_fault *fault, void *context, struct pl_import_preview *preview_r);
/* Makes the job, in the caller's write transaction. 0 or -1. */
int pl_import_add(const struct pl_work *work, const struct pl_administrator *administrator,
		  const struct pl_import *import, struct pl_job *job_r);

#endif
