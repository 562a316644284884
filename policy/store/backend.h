/* backend.h - what a database must be able to do for store.c and schema.c.
 *
 * Private to the store. A backend alone sees its client library, and is one row
 * in backend.c. Indexes count from 0. Functions that return
 * int and take an error return 0 or -1 unless they say otherwise.
 */
#ifndef POSTLATCH_BACKEND_H
#define POSTLATCH_BACKEND_H

#include "policy/store/schema.h"
#include "policy/store/store.h"

#define PL_COLUMNS_MAX 64 /* of a statement or a table */

enum pl_kind { PL_KIND_NULL, PL_KIND_INT, PL_KIND_TEXT, PL_KIND_BLOB };

/* One column of a row. Text ends in a zero, which len does not count. */
struct pl_field {
	enum pl_kind kind;
	int64_t number;
	const void *data;
	size_t len;
};

/* Rows for a table, one after the other. */
struct pl_row_source {
	const char *table;
	const char *columns; /* their names, divided by commas */
	int column_count;    /* up to PL_COLUMNS_MAX */
	/* 1 and a row, which is borrowed until the next call; 0 when there is none; -1. */
	int (*next)(void *context, struct pl_field *row_r, struct pl_error *err);
	void *context;
};

struct pl_backend {
	const char *scheme; /* what its uris begin with, "sqlite:" */
	enum pl_dialect dialect;
	const char *id_column;  /* stands for {ID} in migrations: a key that counts by itself */
	const char *byte_order; /* "COLLATE ..." for text that is to be ordered by its bytes */
	const char *clock;      /* stands for {CLOCK} in statements; see statements.def */
	char param_mark;        /* before the number of a parameter: ?1, $1 */

	/* What may be shown of a location: never a password. */
	void (*describe)(const char *location, char *buf, size_t size);

	/* location is the uri without the scheme. Never creates anything. */
	int (*open)(const char *location, enum pl_role role, void **db_r, struct pl_error *err);
	void (*close)(void *db);
	int (*replaced)(const void *db);
	/* Whoever waits from now on takes it from this budget, which is borrowed; NULL: none. */
	void (*set_budget)(void *db, struct pl_budget *budget);

	int (*create)(const char *location, struct pl_error *err);
	int (*backup)(const char *location, const char *path, void (*progress)(int left, int of),
		      struct pl_error *err);
	/* What the file at path holds takes the place of all that there is, in one transaction,
	 * while others use it. NULL: the database has tools of its own for it. */
	int (*restore)(const char *location, const char *path, void (*progress)(int left, int of),
		       struct pl_error *err);
	int (*verify)(void *db, char *problem_r, size_t size, struct pl_error *err);

	int (*begin)(void *db, int write, struct pl_error *err);
	int (*commit)(void *db, struct pl_error *err); /* PL_ERR_UNKNOWN: see error.h */
	void (*rollback)(void *db);
	/* For reading or writing everything: no time limit, and rows are fetched one by
	 * one, so that a statement must be read to its end before the next. */
	int (*begin_long)(void *db, int write, struct pl_error *err);
	/* The highest id that a table has ever given; 0 for none. */
	int (*counter)(void *db, const char *table, int64_t *value_r, struct pl_error *err);
	int (*set_counter)(void *db, const char *table, int64_t value, struct pl_error *err);
	/* Writes all rows of the source, in the fastest way that the database has. */
	int (*insert_many)(void *db, const struct pl_row_source *source, struct pl_error *err);
	int (*script)(void *db, const char *sql, struct pl_error *err);

	int (*prepare)(void *db, const char *sql, void **stmt_r, struct pl_error *err);
	void (*finish)(void *stmt);
	int (*columns)(void *stmt);
	const char *(*column_name)(void *stmt, int index);
	int (*bind_int)(void *stmt, int index, int64_t value);
	int (*bind_text)(void *stmt, int index, const char *text);
	int (*bind_blob)(void *stmt, int index, const void *data, size_t len);
	int (*step)(void *db, void *stmt, struct pl_error *err); /* 1 row, 0 done, -1 */
	void (*reset)(void *stmt);
	int64_t (*changes)(void *db);
	/* The id of the row that was inserted last; NULL: RETURNING costs no more than that. */
	int64_t (*last_id)(void *db);
	int64_t (*col_int)(void *stmt, int index);
	const char *(*col_text)(void *stmt, int index);
	const void *(*col_blob)(void *stmt, int index, size_t *len_r);
	enum pl_kind (*col_kind)(void *stmt, int index);

	const struct pl_pipeline_backend *pipeline; /* NULL: not on a server */
};

/* What a server can do for pipeline.h. */
struct pl_pipeline_backend {
	int (*begin)(void *db, struct pl_error *err);
	int (*fd)(void *db);
	int (*send)(void *db, void *stmt, struct pl_error *err); /* with what was bound */
	int (*end_batch)(void *db, struct pl_error *err);
	int (*flush)(void *db, struct pl_error *err); /* 1 when there is more to write */
	int (*read)(void *db, struct pl_error *err);
	/* 1 rows for stmt, which was sent first; 2 it failed; 0 not there yet */
	int (*answer)(void *db, void *stmt, struct pl_error *err);
};

extern const struct pl_backend pl_backend_sqlite;
extern const struct pl_backend pl_backend_postgresql; /* where it was not left out */

/* The backend of a uri and the rest of it; NULL when there is none. */
const struct pl_backend *pl_backend_find(const char *uri, const char **location_r,
					 struct pl_error *err);

/* Puts "database NAME: " in front of the sentence. Returns -1. */
int pl_backend_error(const struct pl_backend *backend, const char *location, struct pl_error *err);

#endif
