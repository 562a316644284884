/* job.h - one change of many members, as a job that the portal runs (job_run.h).
 *
 * A job names its members by a list, or by a filter and the highest id that there was when it was
 * made. It takes them in the order of their ids. One who is added later is not in it, and one is
 * in it once at most: the filter is applied when the member's turn has come. What became of each
 * member stands beside the job: what was changed, from what to what, and why some were left out.
 * Members for whom nothing had to be changed are only counted.
 *
 * Undoing is a job as well: it takes the members that a job has changed, and gives back what they
 * had, but only to those that still have all that the job has given them. Those that an import has
 * added are removed, if they have used nothing since.
 *
 * An administrator's rights are looked up again with each portion of a job. Whoever lost them, was
 * switched off or has other domains since, or whose key has expired, has to make a new one.
 *
 * Functions that write take part in the caller's write transaction.
 */
#ifndef POSTLATCH_JOB_H
#define POSTLATCH_JOB_H

#include "policy/account/audit.h"
#include "policy/admin/administrator.h"

#define PL_JOB_MEMBERS 200 /* of a list */
#define PL_JOB_FILTER 2048
#define PL_JOB_LINES (INT64_C(1) << 52) /* and a line, in place of a member that there is not */

#define PL_JOB_OF_COMMAND 0        /* no administrator has that id */
#define PL_JOB_OF_DOMAIN "domain=" /* begins the filter of all members of one */

enum pl_job_action {
	PL_JOB_CHANGE,        /* settings, class and active */
	PL_JOB_REMOVE_FACTOR, /* with recovery codes, trusted devices and sessions */
	PL_JOB_END_SESSIONS,  /* and trusted devices */
	PL_JOB_UNDO,
	PL_JOB_IMPORT, /* members of a file, with settings of their own (import.h) */
	PL_JOB_PIN,    /* what a domain's members inherit becomes their own (domain_job.h) */
	PL_JOB_ACTION_COUNT
};

enum pl_job_state {
	PL_JOB_RUNNING, /* a portal works on it, or the next that looks will */
	PL_JOB_PAUSED,
	PL_JOB_DONE,
	PL_JOB_STOPPED, /* for good, before its end: see reason */
	PL_JOB_STATE_COUNT
};

struct pl_job {
	int64_t id;
	int64_t administrator_id; /* who has made it; PL_JOB_OF_COMMAND: the command */
	char who[256], source[128];
	enum pl_job_action action;
	/* "pop3=off class=staff" of PL_JOB_CHANGE; of PL_JOB_PIN the same, which the domain is
	 * given at the end; of the actions "reason=...", or "" without one; else "". */
	char change[PL_AUDIT_TEXT];
	char filter[PL_JOB_FILTER]; /* "domain=a.test\npop3=on" (job_members.h); "": all members */
	int is_list;                /* its members are a list; filter does not count */
	int64_t undo_of, undone_by; /* jobs; 0: none */
	int64_t made_at, ended_at;  /* ended_at 0: it has not */
	enum pl_job_state state;
	char reason[64]; /* why it was stopped: "administrator", "undone", "domain"; "" */
	/* Members with ids up to position are done, those behind highest are not in it. Of an
	 * import these are lines of the file. */
	int64_t position, highest;
	int64_t total; /* members when it was made */
	int64_t added; /* by an import */
	int64_t changed, same, skipped, failed;
};

/* What became of a member who was not changed. */
struct pl_job_failure {
	int64_t member_id; /* what a list goes on behind; above PL_JOB_LINES: there is none */
	char address[PL_ADDRESS_MAX + 1];
	int skipped;     /* on purpose; else it failed */
	char reason[64]; /* "administrator", "own-account", "forbidden", "not-found", ... */
};

/* "change", "remove-factor", "end-sessions", "undo", "import", "pin". */
const char *pl_job_action_name(enum pl_job_action action);
/* PL_JOB_ACTION_COUNT for any other word. */
enum pl_job_action pl_job_action_by_name(const char *name);
/* "running", "paused", "done", "stopped". */
const char *pl_job_state_name(enum pl_job_state state);
/* Reads what a job changes of each member, "pop3=off class=staff", and of PL_JOB_PIN the domain's
 * days of grace; a reason changes nothing. 0, or -1. */
int pl_job_parse_change(const char *words, struct pl_change *change_r, struct pl_error *err);

/* Makes a job of action, change, filter and total, for the actor of the work, and fills the rest.
 * count members are its list; 0: the filter counts. 0, or -1. */
int pl_job_add(const struct pl_work *work, const struct pl_administrator *administrator,
	       struct pl_job *job, const struct pl_account *members, size_t count);
/* Makes a job that undoes another one, which must not go on after that. 1, 0 when that one cannot
 * be undone, or was undone, or is running; -1. */
int pl_job_undo(const struct pl_work *work, const struct pl_administrator *administrator,
		struct pl_job *of, struct pl_job *job_r);
/* Whether what the job has done can be undone at all. */
int pl_job_can_be_undone(const struct pl_job *job);
/* 1, 0 when it does not run (or is not paused), -1. */
int pl_job_pause(const struct pl_work *work, const struct pl_job *job);
int pl_job_resume(const struct pl_work *work, const struct pl_job *job);

/* A job that the administrator may see: its own, or any for a server administrator. 1, 0, -1. */
int pl_job_get(struct pl_store *store, const struct pl_administrator *administrator, int64_t id,
	       struct pl_job *job_r, struct pl_error *err);
/* The same for all of them, newest first, below the id (0: from the newest), until each returns
 * non-zero. */
int pl_job_list(struct pl_store *store, const struct pl_administrator *administrator, int64_t below,
		int limit, int (*each)(const struct pl_job *job, void *context), void *context,
		struct pl_error *err);
/* How many these are; -1 on error. */
int64_t pl_job_count(struct pl_store *store, const struct pl_administrator *administrator,
		     struct pl_error *err);
/* Members of the job that were left out, as many as skipped and failed say, behind the one with
 * that id (0: from the first). */
int pl_job_failures(struct pl_store *store, int64_t job_id, int64_t after, int limit,
		    int (*each)(const struct pl_job_failure *failure, void *context), void *context,
		    struct pl_error *err);

#endif
