/* schema_migrate.c - makes a database of this version, out of nothing or of an older one; see
 * schema.h. The migrations are in schema.c.
 */
#include "policy/store/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "policy/store/backend.h"

#define MIGRATE_TRIES 20 /* each waits for a lock as long as a statement may, and a second */

/* The statements of this file, which run on databases of every age. */
#define SQL_VERSION "SELECT MAX(version) AS version FROM schema_history"
#define SQL_RECORD                                                 \
	"INSERT INTO schema_history (version, title, applied_at) " \
	"VALUES (:version, :title, :applied_at)"

/* The script with every {ID} spelled out; the caller frees it. */
static char *expand_script(const char *script, const char *id_column)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const char *next;

	if (out == NULL)
		return NULL;
	for (; (next = strstr(script, "{ID}")) != NULL; script = next + 4)
		fprintf(out, "%.*s%s", (int)(next - script), script, id_column);
	fputs(script, out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static int record(const struct pl_backend *backend, void *db, int version, struct pl_error *err)
{
	char sql[256];
	struct pl_sql_names names;
	void *stmt;
	int ret;

	if (pl_sql_text(SQL_RECORD, backend->param_mark, sql, sizeof(sql), &names) < 0 ||
	    backend->prepare(db, sql, &stmt, err) < 0)
		return -1;
	backend->bind_int(stmt, 0, version);
	backend->bind_text(stmt, 1, pl_schema_migration(version)->title);
	backend->bind_int(stmt, 2, time(NULL));
	ret = backend->step(db, stmt, err);
	backend->finish(stmt);
	return ret < 0 ? -1 : 0;
}

static int read_version(const struct pl_backend *backend, void *db, int *version_r,
			struct pl_error *err)
{
	void *stmt;
	int ret;

	*version_r = 0;
	if (backend->prepare(db, SQL_VERSION, &stmt, err) < 0)
		return pl_version_unreadable(err);
	ret = backend->step(db, stmt, err);
	if (ret == 1)
		*version_r = (int)backend->col_int(stmt, 0);
	backend->finish(stmt);
	return ret < 0 ? -1 : 0;
}

static int run_script(const struct pl_backend *backend, void *db, const char *sql,
		      struct pl_error *err)
{
	char *script = expand_script(sql, backend->id_column);
	int ret;

	if (script == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "schema: out of memory");
	ret = backend->script(db, script, err);
	free(script);
	return ret;
}

/* Within a transaction. */
static int apply_script(const struct pl_backend *backend, void *db, int version,
			struct pl_error *err)
{
	const char *in_dialect = pl_schema_in_dialect(version, backend->dialect);

	if (run_script(backend, db, pl_schema_migration(version)->sql, err) < 0 ||
	    (in_dialect != NULL && run_script(backend, db, in_dialect, err) < 0))
		return -1;
	return record(backend, db, version, err);
}

/* Within a transaction: 0 done and committed, 1 another program was faster, -1. */
static int apply_next(const struct pl_backend *backend, void *db, int version, struct pl_error *err)
{
	int there = 0;

	if (read_version(backend, db, &there, err) < 0)
		return -1;
	if (there >= version)
		return 1;
	return apply_script(backend, db, version, err) == 0 ? backend->commit(db, err) : -1;
}

static int apply(const struct pl_backend *backend, void *db, int version, struct pl_error *err)
{
	int ret = -1;

	if (backend->begin(db, 1, err) == 0)
		ret = apply_next(backend, db, version, err);
	if (ret != 0)
		backend->rollback(db);
	return ret < 0 ? pl_error_prefix(err, "migration %d (%s)", version,
					 pl_schema_migration(version)->title)
		       : 0;
}

/* Applies what is missing above version. Others may hold a table: a backup of a server,
 * or a machine that is being upgraded at the same time. */
static int apply_from(const struct pl_backend *backend, void *db, int version, struct pl_error *err)
{
	int ret = 0;

	while (version < PL_SCHEMA_VERSION && ret == 0) {
		version++;
		for (int tries = MIGRATE_TRIES; tries > 0; tries--) {
			ret = apply(backend, db, version, err);
			if (ret == 0 || err == NULL || err->code != PL_ERR_RETRY ||
			    backend->replaced(db))
				break;
			sleep(1);
		}
	}
	return ret;
}

static void another_was_faster(const struct pl_backend *backend, void *db, struct pl_error *err)
{
	struct pl_error unread;
	int version;

	if (read_version(backend, db, &version, &unread) == 0 && version > 0)
		pl_error_set(err, PL_ERR_CONFLICT, "it already exists and is not changed");
}

/* In one transaction: a program that is killed leaves a database without tables, which the
 * next one fills. */
static int apply_all(const struct pl_backend *backend, void *db,
		     int (*prepare)(void *context, struct pl_error *err), void *context,
		     struct pl_error *err)
{
	int ret = backend->begin(db, 1, err);

	for (int version = 1; version <= PL_SCHEMA_VERSION && ret == 0; version++) {
		ret = apply_script(backend, db, version, err);
		if (ret < 0)
			pl_error_prefix(err, "migration %d (%s)", version,
					pl_schema_migration(version)->title);
	}
	if (ret < 0) {
		backend->rollback(db);
		another_was_faster(backend, db, err);
		return -1;
	}
	if (prepare != NULL)
		ret = prepare(context, err);
	if (ret == 0)
		ret = backend->commit(db, err);
	if (ret < 0)
		backend->rollback(db);
	return ret;
}

int pl_schema_create(const char *uri, struct pl_error *err)
{
	return pl_schema_create_with(uri, NULL, NULL, err);
}

/* What is done with a database of whatever version. */
struct job {
	int (*run)(const struct pl_backend *backend, void *db, struct job *job,
		   struct pl_error *err);
	int (*prepare)(void *context, struct pl_error *err);
	void *context;
	int from, to;
	char *problem;
	size_t size;
};

/* Opens the database, which is created before if is_new, does the job and closes it. */
static int with_database(const char *uri, int is_new, struct job *job, struct pl_error *err)
{
	const char *location;
	const struct pl_backend *backend = pl_backend_find(uri, &location, err);
	void *db = NULL;
	int ret = 0;

	if (backend == NULL)
		return -1;
	if (is_new)
		ret = backend->create(location, err);
	if (ret == 0)
		ret = backend->open(location, PL_ROLE_COMMAND, &db, err);
	if (ret == 0)
		ret = job->run(backend, db, job, err);
	if (db != NULL)
		backend->close(db);
	return ret < 0 ? pl_backend_error(backend, location, err) : 0;
}

static int create(const struct pl_backend *backend, void *db, struct job *job, struct pl_error *err)
{
	return apply_all(backend, db, job->prepare, job->context, err);
}

static int migrate(const struct pl_backend *backend, void *db, struct job *job,
		   struct pl_error *err)
{
	if (read_version(backend, db, &job->from, err) < 0 ||
	    (job->from > PL_SCHEMA_VERSION && pl_version_check(job->from, err) < 0))
		return -1;
	job->to = PL_SCHEMA_VERSION;
	return apply_from(backend, db, job->from, err);
}

static int version_of(const struct pl_backend *backend, void *db, struct job *job,
		      struct pl_error *err)
{
	return read_version(backend, db, &job->from, err);
}

static int verify(const struct pl_backend *backend, void *db, struct job *job, struct pl_error *err)
{
	return backend->verify(db, job->problem, job->size, err);
}

int pl_schema_create_with(const char *uri, int (*prepare)(void *context, struct pl_error *err),
			  void *context, struct pl_error *err)
{
	struct job job = { .run = create, .prepare = prepare, .context = context };

	return with_database(uri, 1, &job, err);
}

int pl_schema_migrate(const char *uri, int *from_r, int *to_r, struct pl_error *err)
{
	struct job job = { .run = migrate };
	int ret = with_database(uri, 0, &job, err);

	if (from_r != NULL)
		*from_r = job.from;
	if (ret == 0 && to_r != NULL)
		*to_r = job.to;
	return ret;
}

int pl_schema_read_version(const char *uri, int *version_r, struct pl_error *err)
{
	struct job job = { .run = version_of };
	int ret = with_database(uri, 0, &job, err);

	*version_r = job.from;
	return ret;
}

int pl_schema_verify(const char *uri, char *problem_r, size_t size, struct pl_error *err)
{
	struct job job = { .run = verify, .problem = problem_r, .size = size };

	return with_database(uri, 0, &job, err);
}

int pl_schema_backup(const char *uri, const char *path, void (*progress)(int left, int of),
		     struct pl_error *err)
{
	const char *location;
	const struct pl_backend *backend = pl_backend_find(uri, &location, err);

	if (backend == NULL)
		return -1;
	if (backend->backup(location, path, progress, err) == 0)
		return 0;
	pl_backend_error(backend, location, err);
	return pl_error_prefix(err, "backup");
}
