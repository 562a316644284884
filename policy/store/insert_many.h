/* insert_many.h - rows of named values, as a backend takes many of them; private to the store. */
#ifndef POSTLATCH_INSERT_MANY_H
#define POSTLATCH_INSERT_MANY_H

#include "policy/store/backend.h"

/* What a statement names that inserts one parameter for each column, each another one. */
struct pl_insert_text {
	char table[64], columns[512];
	struct pl_sql_names values; /* in the order of the columns; they point into the statement */
};
/* 0; -1 when sql is not such a statement. */
int pl_insert_text(const char *sql, struct pl_insert_text *insert_r);

/* See pl_insert_many(). */
struct pl_param_source {
	int (*next)(void *context, const struct pl_param **params_r, struct pl_error *err);
	void *context;
};
int pl_insert_rows(const struct pl_backend *backend, void *db, const struct pl_insert_text *insert,
		   const struct pl_param_source *rows, struct pl_error *err);

#endif
