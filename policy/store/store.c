/* store.c - statements, roles and columns by name, whatever the backend. */
#include "policy/store/backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/base/monotonic.h"
#include "policy/store/insert_many.h"
#include "policy/store/pipeline.h"
#include "policy/store/statement_text.h"
#include "policy/store/version.h"
#include "policy/store/write_queue.h"

#define COLUMNS_MAX 64
#define REMOTE_LOOK_MS 1000 /* between two questions for the version that cost a round trip */

struct pl_stmt {
	struct pl_store *store;
	enum pl_sql sql;
	void *handle; /* NULL until first use */
	struct pl_sql_names params;
	int last_column; /* columns are mostly read in their order */
	int column_count;
	char *names[COLUMNS_MAX];
	struct pl_error mistake; /* of binding or reading; pl_step reports it */
};

struct pl_store {
	const struct pl_backend *backend;
	char *uri;
	void *db;
	enum pl_role role;
	struct pl_write_queue *queue; /* NULL: none */
	struct pl_budget *budget;     /* NULL: none */
	int has_ticket;
	int64_t version_looked_ms;
	int64_t clock_ahead_ms; /* of the server, before this machine's monotonic one; 0: none */
	struct pl_stmt stmts[PL_SQL_COUNT];
};

static const struct {
	unsigned int roles;
	const char *name, *sql;
} statements[] = {
#define L PL_ROLE_LOGIN
#define U PL_ROLE_USE
#define M PL_ROLE_MILTER
#define C PL_ROLE_COMMAND
#define P PL_ROLE_PORTAL
#define A PL_ROLE_CONSOLE
#define S PL_ROLE_SENDER
#define PL_SQL(id, roles, sql) { roles, #id, sql },
#include "policy/store/statements.def"
#undef PL_SQL
#undef L
#undef U
#undef M
#undef C
#undef P
#undef A
#undef S
};

static void read_clock(struct pl_stmt *stmt)
{
	const int64_t clock_ms = pl_col_int(stmt, "clock");

	stmt->store->clock_ahead_ms = clock_ms == 0 ? 0 : clock_ms - pl_monotonic_ms();
}

int64_t pl_store_now(const struct pl_store *store)
{
	return store->clock_ahead_ms == 0 ? time(NULL)
					  : (pl_monotonic_ms() + store->clock_ahead_ms) / 1000;
}

int pl_store_version_fits(struct pl_stmt *stmt, struct pl_error *err)
{
	int64_t version = 0;
	int ret = pl_step(stmt, err);

	if (ret < 0)
		return pl_version_unreadable(err);
	if (ret == 1) {
		version = pl_col_int(stmt, "version");
		read_clock(stmt);
	}
	pl_reset(stmt);
	return pl_version_check(version, err);
}

static int check_version(struct pl_store *store, struct pl_error *err)
{
	return pl_store_version_fits(pl_query(store, PL_SQL_SCHEMA_VERSION, NULL), err);
}

int pl_store_open(const char *uri, enum pl_role role, struct pl_store **store_r,
		  struct pl_error *err)
{
	const char *location;
	const struct pl_backend *backend = pl_backend_find(uri, &location, err);
	struct pl_store *store;

	*store_r = NULL;
	if (backend == NULL)
		return -1;
	store = calloc(1, sizeof(*store));
	if (store == NULL || (store->uri = strdup(uri)) == NULL) {
		free(store);
		return pl_error_set(err, PL_ERR_RETRY, "store: out of memory");
	}
	store->backend = backend;
	store->role = role;
	for (unsigned int i = 0; i < PL_SQL_COUNT; i++) {
		store->stmts[i].store = store;
		store->stmts[i].sql = (enum pl_sql)i;
	}
	if (backend->open(location, role, &store->db, err) < 0 || check_version(store, err) < 0) {
		pl_store_close(&store);
		return pl_backend_error(backend, location, err);
	}
	*store_r = store;
	return 0;
}

void pl_store_close(struct pl_store **store_p)
{
	struct pl_store *store = *store_p;

	*store_p = NULL;
	if (store == NULL)
		return;
	pl_store_rollback(store);
	for (unsigned int i = 0; i < PL_SQL_COUNT; i++) {
		struct pl_stmt *stmt = &store->stmts[i];

		if (stmt->handle != NULL)
			store->backend->finish(stmt->handle);
		for (int c = 0; c < stmt->column_count; c++)
			free(stmt->names[c]);
	}
	if (store->db != NULL)
		store->backend->close(store->db);
	free(store->uri);
	free(store);
}

const char *pl_store_uri(const struct pl_store *store)
{
	return store->uri;
}

/* Somebody migrated the database while it was open. What cannot be read is for
 * the next statement to report. */
static int version_changed(struct pl_store *store)
{
	const int64_t now = pl_monotonic_ms();
	struct pl_error err;

	if (store->backend->pipeline != NULL && now - store->version_looked_ms < REMOTE_LOOK_MS)
		return 0;
	store->version_looked_ms = now;
	return check_version(store, &err) < 0 && err.code == PL_ERR_CONFIG;
}

int pl_store_replaced(struct pl_store *store)
{
	return store->backend->replaced(store->db) || version_changed(store);
}

struct pl_budget *pl_store_set_budget(struct pl_store *store, struct pl_budget *budget)
{
	struct pl_budget *former = store->budget;

	store->budget = budget;
	store->backend->set_budget(store->db, budget);
	return former;
}

static int may_wait(const struct pl_store *store, struct pl_error *err)
{
	return pl_budget_limit(store->budget, 1) > 0
		       ? 0
		       : pl_error_set(err, PL_ERR_RETRY,
				      "it is too slow: this has waited for it long enough");
}

int pl_store_begin_read(struct pl_store *store, struct pl_error *err)
{
	return may_wait(store, err) < 0 ? -1 : store->backend->begin(store->db, 0, err);
}

void pl_store_end_read(struct pl_store *store)
{
	store->backend->rollback(store->db);
}

void pl_store_set_queue(struct pl_store *store, struct pl_write_queue *queue)
{
	store->queue = queue;
}

static void return_ticket(struct pl_store *store)
{
	if (store->has_ticket)
		pl_write_queue_leave(store->queue);
	store->has_ticket = 0;
}

static void got_on(const struct pl_store *store)
{
	if (store->has_ticket)
		pl_write_queue_got_on(store->queue);
}

static int take_ticket(struct pl_store *store, struct pl_error *err)
{
	if (store->queue != NULL && !store->has_ticket &&
	    pl_write_queue_enter(store->queue, PL_STORE_WAIT_TURN, store->budget) < 0)
		return pl_error_set(err, PL_ERR_RETRY,
				    "too many are waiting to write to the database");
	store->has_ticket = store->queue != NULL;
	return 0;
}

int pl_store_begin_write(struct pl_store *store, struct pl_error *err)
{
	if (may_wait(store, err) < 0 || take_ticket(store, err) < 0)
		return -1;
	if (may_wait(store, err) == 0 && store->backend->begin(store->db, 1, err) == 0) {
		got_on(store);
		return 0;
	}
	return_ticket(store);
	return -1;
}

int pl_store_commit(struct pl_store *store, struct pl_error *err)
{
	int ret = may_wait(store, err) < 0 ? -1 : store->backend->commit(store->db, err);

	/* One that failed is open still, until it is undone. */
	if (ret == 0)
		return_ticket(store);
	return ret;
}

void pl_store_rollback(struct pl_store *store)
{
	if (store->db != NULL)
		store->backend->rollback(store->db);
	return_ticket(store);
}

int pl_store_finish(struct pl_store *store, int ret, struct pl_error *err)
{
	if (ret == 0)
		return pl_store_commit(store, err);
	pl_store_rollback(store);
	return -1;
}

/* Keeps the first mistake: it is the cause of what follows. */
static void mistake(struct pl_stmt *stmt, enum pl_errc code, const char *what, const char *name)
{
	if (stmt->mistake.code == PL_OK)
		pl_error_set(&stmt->mistake, code, "statement %s: %s %s",
			     statements[stmt->sql].name, what, name);
}

static void prepare(struct pl_stmt *stmt)
{
	const struct pl_backend *backend = stmt->store->backend;
	char text[PL_STATEMENT_TEXT];

	if (pl_statement_text(backend, statements[stmt->sql].sql, text, sizeof(text),
			      &stmt->params) < 0) {
		mistake(stmt, PL_ERR_INTERNAL, "is too long or has too many parameters", "");
		return;
	}
	if (may_wait(stmt->store, &stmt->mistake) < 0 ||
	    backend->prepare(stmt->store->db, text, &stmt->handle, &stmt->mistake) < 0)
		return;
	stmt->column_count = backend->columns(stmt->handle);
	if (stmt->column_count > COLUMNS_MAX)
		stmt->column_count = COLUMNS_MAX;
	for (int c = 0; c < stmt->column_count; c++) {
		stmt->names[c] = strdup(backend->column_name(stmt->handle, c));
		if (stmt->names[c] == NULL)
			mistake(stmt, PL_ERR_RETRY, "out of memory", "");
	}
}

/* The statement, prepared and without the rows of its last use. */
static struct pl_stmt *ready(struct pl_store *store, enum pl_sql sql)
{
	struct pl_stmt *stmt = &store->stmts[sql];

	stmt->mistake.code = PL_OK;
	stmt->last_column = -1;
	if ((statements[sql].roles & store->role) == 0)
		mistake(stmt, PL_ERR_INTERNAL, "not allowed in this role", "");
	else if (stmt->handle == NULL)
		prepare(stmt);
	else
		store->backend->reset(stmt->handle);
	return stmt;
}

static int bind_value(struct pl_stmt *stmt, int place, const struct pl_param *param)
{
	const struct pl_backend *backend = stmt->store->backend;

	switch (param->type) {
	case PL_PARAM_INT:
		return backend->bind_int(stmt->handle, place, param->number);
	case PL_PARAM_TEXT:
		return backend->bind_text(stmt->handle, place, param->data);
	case PL_PARAM_BLOB:
		if (param->data == NULL)
			break;
		return backend->bind_blob(stmt->handle, place, param->data, param->len);
	case PL_PARAM_NULL:
	case PL_PARAM_END:
		break;
	}
	return backend->bind_text(stmt->handle, place, NULL);
}

/* Each parameter gets one value, and each value has a parameter. */
static void bind_all(struct pl_stmt *stmt, const struct pl_param *params)
{
	uint64_t bound = 0;
	int place = -1;

	for (; params != NULL && params->type != PL_PARAM_END; params++) {
		place = pl_sql_names_find(&stmt->params, params->name, place + 1);
		if (place < 0)
			mistake(stmt, PL_ERR_INTERNAL, "has no parameter", params->name);
		else if ((bound & UINT64_C(1) << place) != 0)
			mistake(stmt, PL_ERR_INTERNAL, "got two values for parameter",
				params->name);
		else if (bind_value(stmt, place, params) < 0)
			mistake(stmt, PL_ERR_INTERNAL, "cannot bind parameter", params->name);
		else
			bound |= UINT64_C(1) << place;
	}
	for (int i = 0; i < stmt->params.count; i++) {
		char name[64];

		if ((bound & UINT64_C(1) << i) != 0)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)stmt->params.name[i].len,
			 stmt->params.name[i].text);
		mistake(stmt, PL_ERR_INTERNAL, "got no value for parameter", name);
	}
}

struct pl_stmt *pl_query(struct pl_store *store, enum pl_sql sql, const struct pl_param *params)
{
	struct pl_stmt *stmt = ready(store, sql);

	if (stmt->mistake.code == PL_OK)
		bind_all(stmt, params);
	return stmt;
}

int pl_step(struct pl_stmt *stmt, struct pl_error *err)
{
	const struct pl_backend *backend = stmt->store->backend;
	int ret;

	if (stmt->mistake.code != PL_OK) {
		if (stmt->handle != NULL)
			backend->reset(stmt->handle);
		return pl_error_set(err, stmt->mistake.code, "%s", stmt->mistake.msg);
	}
	stmt->last_column = -1;
	ret = may_wait(stmt->store, err) < 0 ? -1
					     : backend->step(stmt->store->db, stmt->handle, err);
	if (ret != 1)
		backend->reset(stmt->handle);
	return ret;
}

void pl_reset(struct pl_stmt *stmt)
{
	if (stmt->handle != NULL)
		stmt->store->backend->reset(stmt->handle);
}

/* Outside of a transaction it is one of its own, and waits for a ticket like any other. */
int64_t pl_exec_count(struct pl_store *store, enum pl_sql sql, const struct pl_param *params,
		      struct pl_error *err)
{
	struct pl_stmt *stmt = pl_query(store, sql, params);
	const int is_alone = !store->has_ticket;
	int64_t changed;
	int ret;

	if (take_ticket(store, err) < 0)
		return -1;
	do
		ret = pl_step(stmt, err);
	while (ret == 1);
	changed = ret < 0 ? -1 : store->backend->changes(store->db);
	if (is_alone && ret == 0)
		got_on(store);
	if (is_alone)
		return_ticket(store);
	return changed;
}

int pl_exec(struct pl_store *store, enum pl_sql sql, const struct pl_param *params,
	    struct pl_error *err)
{
	return pl_exec_count(store, sql, params, err) < 0 ? -1 : 0;
}

int pl_insert(struct pl_store *store, enum pl_sql sql, const struct pl_param *params, int64_t *id_r,
	      struct pl_error *err)
{
	struct pl_stmt *stmt = pl_query(store, sql, params);

	if (pl_step(stmt, err) < 0)
		return -1;
	if (store->backend->last_id != NULL) {
		*id_r = store->backend->last_id(store->db);
		return 0;
	}
	*id_r = pl_col_int(stmt, "id");
	return pl_row_end(stmt, err) < 0 ? -1 : 0;
}

int pl_insert_many(struct pl_store *store, enum pl_sql sql,
		   int (*next)(void *context, const struct pl_param **params_r,
			       struct pl_error *err),
		   void *context, struct pl_error *err)
{
	const struct pl_param_source rows = { next, context };
	struct pl_insert_text insert;

	if ((statements[sql].roles & store->role) == 0 ||
	    pl_insert_text(statements[sql].sql, &insert) < 0)
		return pl_error_set(err, PL_ERR_INTERNAL,
				    "statement %s: inserts no rows of values, or not in this role",
				    statements[sql].name);
	return may_wait(store, err) < 0
		       ? -1
		       : pl_insert_rows(store->backend, store->db, &insert, &rows, err);
}

/* Looks behind the column read last first. -1 and a mistake when there is none. */
static int column(struct pl_stmt *stmt, const char *name)
{
	if (stmt->mistake.code != PL_OK)
		return -1;
	for (int n = 0; n < stmt->column_count; n++) {
		int c = (stmt->last_column + 1 + n) % stmt->column_count;

		if (strcmp(stmt->names[c], name) == 0)
			return stmt->last_column = c;
	}
	mistake(stmt, PL_ERR_INTERNAL, "has no column", name);
	return -1;
}

int64_t pl_col_int(struct pl_stmt *stmt, const char *name)
{
	int c = column(stmt, name);

	return c < 0 ? 0 : stmt->store->backend->col_int(stmt->handle, c);
}

const char *pl_col_text(struct pl_stmt *stmt, const char *name)
{
	int c = column(stmt, name);

	return c < 0 ? NULL : stmt->store->backend->col_text(stmt->handle, c);
}

void pl_col_copy(struct pl_stmt *stmt, const char *name, char *buf, size_t size)
{
	const char *text = pl_col_text(stmt, name);
	size_t len = text == NULL ? 0 : strnlen(text, size - 1);

	/* Not snprintf: this runs several times for each login. */
	if (len > 0)
		memcpy(buf, text, len);
	buf[len] = '\0';
}

size_t pl_col_blob(struct pl_stmt *stmt, const char *name, void *buf, size_t size)
{
	int c = column(stmt, name);
	const void *data;
	size_t len = 0;

	if (c < 0)
		return 0;
	data = stmt->store->backend->col_blob(stmt->handle, c, &len);
	if (data == NULL)
		return 0;
	if (len > size) {
		mistake(stmt, PL_ERR_INTERNAL, "has too long a value in", name);
		return 0;
	}
	memcpy(buf, data, len);
	return len;
}

int pl_col_is_null(struct pl_stmt *stmt, const char *name)
{
	int c = column(stmt, name);

	if (c < 0)
		return 1;
	stmt->last_column = c - 1; /* its value is mostly read next */
	return stmt->store->backend->col_kind(stmt->handle, c) == PL_KIND_NULL;
}

int pl_row_ok(struct pl_stmt *stmt, struct pl_error *err)
{
	if (stmt->mistake.code == PL_OK)
		return 0;
	return pl_error_set(err, stmt->mistake.code, "%s", stmt->mistake.msg);
}

int pl_row_end(struct pl_stmt *stmt, struct pl_error *err)
{
	int ret = pl_row_ok(stmt, err);

	pl_reset(stmt);
	return ret < 0 ? -1 : 1;
}

int pl_pipeline_prepare(struct pl_store *store, enum pl_sql sql, struct pl_error *err)
{
	return pl_row_ok(ready(store, sql), err);
}

int pl_pipeline_begin(struct pl_store *store, struct pl_error *err)
{
	return store->backend->pipeline->begin(store->db, err);
}

int pl_pipeline_fd(struct pl_store *store)
{
	return store->backend->pipeline->fd(store->db);
}

/* What was not prepared before would have to be waited for. */
int pl_pipeline_send(struct pl_store *store, enum pl_sql sql, const struct pl_param *params,
		     struct pl_error *err)
{
	struct pl_stmt *stmt = &store->stmts[sql];

	stmt->mistake.code = PL_OK;
	if (stmt->handle == NULL)
		mistake(stmt, PL_ERR_INTERNAL, "was not prepared", "");
	else
		bind_all(stmt, params);
	return pl_row_ok(stmt, err) < 0
		       ? -1
		       : store->backend->pipeline->send(store->db, stmt->handle, err);
}

int pl_pipeline_end_batch(struct pl_store *store, struct pl_error *err)
{
	return store->backend->pipeline->end_batch(store->db, err);
}

int pl_pipeline_flush(struct pl_store *store, struct pl_error *err)
{
	return store->backend->pipeline->flush(store->db, err);
}

int pl_pipeline_read(struct pl_store *store, struct pl_error *err)
{
	return store->backend->pipeline->read(store->db, err);
}

int pl_pipeline_answer(struct pl_store *store, enum pl_sql sql, struct pl_stmt **rows_r,
		       struct pl_error *err)
{
	struct pl_stmt *stmt = &store->stmts[sql];

	*rows_r = stmt;
	stmt->mistake.code = PL_OK;
	stmt->last_column = -1;
	return store->backend->pipeline->answer(store->db, stmt->handle, err);
}
