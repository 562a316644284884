/* cmd_db_restore.c - postlatch db restore and db verify.
 *
 * What was revoked after the backup would be good again, so the command says what is undone: those
 * records of changes that the database has and the backup has not.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "ctl/command.h"
#include "policy/rotation/key_use.h"
#include "policy/session/restored.h"
#include "policy/store/schema.h"
#include "policy/store/schema_copy.h"
#include "policy/store/schema_restore.h"

/* What is known before anything is changed. */
struct plan {
	const struct ctl *ctl;
	const char *backup, *file;
	struct pl_staged staged;
	struct pl_audit_record newest; /* of the backup; id 0: it has none */
	int is_there;                  /* there is a database in use */
	int is_related;                /* it has the backup's newest record, too */
	struct pl_key_rows lost;       /* of the backup, that need keys that are not there */
	int64_t undone;                /* changes that it has and the backup has not */
	json_t *list;                  /* the same; NULL: they are printed */
};

static int keep_record(const struct pl_audit_record *record, void *context)
{
	*(struct pl_audit_record *)context = *record;
	return 1;
}

static int is_same(const struct pl_audit_record *a, const struct pl_audit_record *b)
{
	return a->id == b->id && a->at == b->at && strcmp(a->action, b->action) == 0 &&
	       strcmp(a->object, b->object) == 0;
}

/* Newest first, down to the one that both have. */
static int tell_record(const struct pl_audit_record *record, void *context)
{
	struct plan *plan = context;

	if (record->id <= plan->newest.id) {
		plan->is_related = is_same(record, &plan->newest);
		return 1;
	}
	if (pl_audit_is_sign_in(record->action))
		return 0;
	plan->undone++;
	return plan->list != NULL ? ctl_audit_json(record, plan->list)
				  : ctl_audit_text(record, NULL);
}

/* Calls each for the records of a database. */
static int read_records(const char *uri, int limit,
			int (*each)(const struct pl_audit_record *record, void *context),
			void *context, struct pl_error *err)
{
	const struct pl_audit_filter filter = { .limit = limit };
	struct pl_store *store = NULL;
	int ret = pl_store_open(uri, PL_ROLE_COMMAND, &store, err);

	if (ret == 0)
		ret = pl_audit_list(store, &filter, each, context, err);
	pl_store_close(&store);
	return ret;
}

static int is_missing(const char *file)
{
	return access(file, F_OK) < 0 && errno == ENOENT;
}

static int tell_what_is_undone(struct plan *plan, struct pl_error *err)
{
	const char *uri = plan->ctl->policy->database;

	if (read_records(plan->staged.uri, 1, keep_record, &plan->newest, err) < 0)
		return -1;
	plan->is_there = !is_missing(plan->file);
	if (!plan->is_there || read_records(uri, INT_MAX, tell_record, plan, err) == 0)
		return 0;
	return pl_error_prefix(err,
			       "to find out what would be undone, the present database was read. "
			       "If it is damaged, move %s, %s-wal and %s-shm to another folder and "
			       "run this again",
			       plan->file, plan->file, plan->file);
}

/* Keys that were replaced after the backup may have been removed. */
static int count_lost(struct plan *plan, struct pl_error *err)
{
	struct pl_work work = { .err = err };
	struct pl_key_counts counts;
	struct pl_key_rows lost;
	int ret = pl_store_open(plan->staged.uri, PL_ROLE_COMMAND, &work.store, err);

	for (int file = 0; file < PL_KEY_FILES && ret == 0; file++) {
		struct pl_keys *keys;

		(void)pl_keys_load(pl_key_file_path((enum pl_key_file)file, plan->ctl->policy),
				   &keys, NULL);
		ret = pl_key_counts_read(&work, (enum pl_key_file)file, &counts);
		pl_key_counts_lost(&counts, keys, &lost);
		for (int use = 0; use < PL_KEY_USES && ret == 0; use++)
			plan->lost.count[use] += lost.count[use];
		pl_keys_free(&keys);
	}
	pl_store_close(&work.store);
	return ret;
}

/* Changes in the copy what must not come back. */
static int prepare(const struct plan *plan, struct pl_error *err)
{
	struct pl_work work = plan->ctl->work;
	int ret;

	if (plan->is_there &&
	    pl_schema_raise_counters(plan->ctl->policy->database, plan->staged.uri, err) < 0)
		return -1;
	work.err = err;
	if (pl_store_open(plan->staged.uri, PL_ROLE_COMMAND, &work.store, err) < 0)
		return -1;
	work.now = pl_store_now(work.store);
	ret = pl_store_begin_write(work.store, err);
	if (ret == 0)
		ret = pl_store_finish(work.store, pl_restored(&work, plan->backup), err);
	pl_store_close(&work.store);
	if (ret == 0 && !plan->is_there)
		ret = ctl_share_database(plan->staged.path, err);
	return ret;
}

static void say(const struct plan *plan, int is_done)
{
	char at[32], text[512];

	if (!plan->is_there)
		puts("There is no database to compare: what was revoked after the backup is not "
		     "known, and is good again.");
	else if (!plan->is_related && plan->newest.id != 0)
		puts("The database does not have the backup's newest record: it may be another "
		     "one.");
	else if (plan->undone > 0)
		printf("These %lld changes %s undone. What they revoked or switched off is good "
		       "again: repeat them.\n",
		       (long long)plan->undone, is_done ? "are" : "would be");
	else
		puts("Nothing was changed after the backup.");
	printf("%s %s, version %d; its last change is of %s\n",
	       is_done ? "restored" : "would restore", plan->backup, plan->staged.version,
	       ctl_time(plan->newest.at, at, sizeof(at)));
	if (pl_key_rows_total(&plan->lost) > 0)
		printf("%s of the backup need keys that are not in the key files: put their lines "
		       "back, behind the first one, from a copy of the keys; see `postlatch key "
		       "list`.\n",
		       pl_key_rows_format(&plan->lost, text, sizeof(text)));
	if (is_done)
		puts("Everybody has to sign in to webmail and connected applications again.");
}

static int answer(struct plan *plan, int is_done, struct pl_error *err)
{
	json_t *list = plan->list;

	if (list == NULL) {
		say(plan, is_done);
		return CTL_DONE;
	}
	plan->list = NULL;
	return ctl_print_json(json_pack("{s:s, s:b, s:i, s:I, s:b, s:I, s:o}", "backup",
					plan->backup, "restored", is_done, "version",
					plan->staged.version, "last_change_at",
					(json_int_t)plan->newest.at, "compared",
					plan->is_there && plan->is_related, "without_key",
					(json_int_t)pl_key_rows_total(&plan->lost), "undone", list),
			      err);
}

static int restore(struct plan *plan, struct pl_error *err)
{
	const int is_dry_run = plan->ctl->option[CTL_OPTION_DRY_RUN] != NULL;

	if (tell_what_is_undone(plan, err) < 0 || count_lost(plan, err) < 0)
		return -1;
	if (!is_dry_run &&
	    (prepare(plan, err) < 0 ||
	     pl_staged_put(&plan->staged, plan->ctl->policy->database, ctl_page_progress, err) < 0))
		return -1;
	return answer(plan, !is_dry_run, err);
}

int cmd_db_restore(struct ctl *ctl, struct pl_error *err)
{
	struct plan plan = { .ctl = ctl,
			     .backup = ctl->args[0],
			     .file = ctl_database_file(ctl->policy->database) };
	int ret;

	if (plan.file != NULL && ctl_make_database_folder(plan.file, err) < 0)
		return -1;
	if (pl_staged_make(&plan.staged, ctl->policy->database, plan.backup, ctl_page_progress,
			   err) < 0)
		return -1;
	plan.list = ctl->json ? json_array() : NULL;
	ret = restore(&plan, err);
	json_decref(plan.list);
	pl_staged_drop(&plan.staged);
	return ret;
}

/* A path is the file of a database. */
static const char *database_of(const struct ctl *ctl, char *uri, size_t size)
{
	if (ctl->arg_count == 0)
		return ctl->policy->database;
	snprintf(uri, size, "sqlite:%s", ctl->args[0]);
	return uri;
}

static int verified(const struct ctl *ctl, const char *uri, int version, struct pl_error *err)
{
	char name[PL_STORE_NAME];

	pl_store_name(uri, name, sizeof(name));
	if (ctl->json)
		return ctl_print_json(json_pack("{s:s, s:i, s:i}", "database", name, "version",
						version, "program_version", PL_SCHEMA_VERSION),
				      err);
	printf("%s: version %d, ", name, version);
	puts(ctl_database_file(uri) != NULL
		     ? "pages, indexes and references are sound"
		     : "members can be read; the server's pages are checked by pg_amcheck");
	if (version < PL_SCHEMA_VERSION)
		printf("This program has version %d: `postlatch db restore` and `postlatch db "
		       "migrate` bring it there.\n",
		       PL_SCHEMA_VERSION);
	return CTL_DONE;
}

int cmd_db_verify(struct ctl *ctl, struct pl_error *err)
{
	char file[PATH_MAX + 16], problem[256], name[PL_STORE_NAME];
	const char *uri = database_of(ctl, file, sizeof(file));
	int version;

	if (pl_schema_read_version(uri, &version, err) < 0 ||
	    (version > PL_SCHEMA_VERSION && pl_version_check(version, err) < 0) ||
	    pl_schema_verify(uri, problem, sizeof(problem), err) < 0)
		return -1;
	if (problem[0] != '\0')
		return pl_error_set(err, PL_ERR_INVALID, "%s is damaged: %s",
				    pl_store_name(uri, name, sizeof(name)), problem);
	return verified(ctl, uri, version, err);
}
