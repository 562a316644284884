/* job_preview_group.h - members that are alike, and what a job would do to each of them; private to
 * the room.
 *
 * Members are alike who have the same settings, factor and domain. What becomes of them is decided
 * once for all of them, so that the time depends on how many are different.
 */
#ifndef POSTLATCH_JOB_PREVIEW_GROUP_H
#define POSTLATCH_JOB_PREVIEW_GROUP_H

#include "policy/account/outcome.h"
#include "policy/admin/job_preview.h"
#include "policy/admin/member_groups.h"

/* What the column flags has (PL_SQL_JOB_PREVIEW_COLUMNS), but for two that depend on the domain. */
enum {
	PL_PREVIEW_ACTIVE = 1,
	PL_PREVIEW_OPTED_OUT = 4,
	PL_PREVIEW_IN_GRACE = 8,  /* on the day for which the preview is; not in the column */
	PL_PREVIEW_IS_NEW = 16,   /* in grace today; not in the column */
	PL_PREVIEW_IS_ADMIN = 32, /* another one */
	PL_PREVIEW_IS_OWN = 64,   /* the administrator's own account */
	PL_PREVIEW_FACTORS = 256, /* times the set of their kinds */
};

/* Ways to sign in, as bits of the column used: the credentials of the first service, then those of
 * the second, and so on. */
#define PL_PREVIEW_CREDENTIALS 6
#define PL_PREVIEW_SERVICES 5
#define PL_PREVIEW_WAYS (PL_PREVIEW_SERVICES * PL_PREVIEW_CREDENTIALS)
#define PL_PREVIEW_ALL_WAYS ((INT64_C(1) << PL_PREVIEW_WAYS) - 1)

enum pl_preview_outcome {
	PL_PREVIEW_NOT_MATCHING, /* the filter does not name them */
	PL_PREVIEW_CHANGED,
	PL_PREVIEW_SAME,
	PL_PREVIEW_ADMINISTRATOR, /* left out, and so are the next two */
	PL_PREVIEW_OWN_ACCOUNT,
	PL_PREVIEW_FORBIDDEN,
};

struct pl_preview_group {
	struct pl_preview_group *next;
	uint64_t hash;
	int64_t domain_id, flags;
	enum pl_preview_outcome outcome;
	int64_t lost; /* ways in which they could sign in, and could not any more */
	int must_register;
	int is_readable;   /* by this version; else the job fails to change them */
	char class_name[]; /* and behind its end their settings */
};

/* A preview while it is counted. */
struct pl_preview {
	const struct pl_work *work;
	const struct pl_policy *policy;
	const struct pl_administrator *administrator;
	const struct pl_job *job;
	struct pl_change change;
	int32_t day;
	struct pl_member_search *search;
	struct pl_preview_group **groups; /* a table of lists */
};

/* 0 or -1: out of memory. */
int pl_preview_groups_open(struct pl_preview *preview);
void pl_preview_groups_close(struct pl_preview *preview);
/* The group of the row's member, with what becomes of it. NULL: out of memory. */
struct pl_preview_group *pl_preview_group_of(struct pl_preview *preview, struct pl_stmt *stmt);
/* Fills both sides for a member of a group that is readable. */
void pl_preview_sides(const struct pl_preview *preview, const struct pl_preview_group *group,
		      struct pl_outcome_side *before_r, struct pl_outcome_side *after_r);
/* What all of them might lose together, and whether each group loses all ways or none. */
int64_t pl_preview_groups_lose(const struct pl_preview *preview, int *is_all_r);

#endif
