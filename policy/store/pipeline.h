/* pipeline.h - a connection that takes statements before earlier ones are answered.
 *
 * Private to the store. Such a connection is a pl_store that was opened as any other and
 * then turned; it cannot be turned back. Nothing here waits.
 */
#ifndef POSTLATCH_PIPELINE_H
#define POSTLATCH_PIPELINE_H

#include "policy/store/backend.h"

/* In store.c. Prepares a statement, while the connection may still be waited for. */
int pl_pipeline_prepare(struct pl_store *store, enum pl_sql sql, struct pl_error *err);
/* From now on only what is declared here, and pl_store_close. */
int pl_pipeline_begin(struct pl_store *store, struct pl_error *err);
int pl_pipeline_fd(struct pl_store *store);
/* Values are copied. What is sent leaves with the next flush. */
int pl_pipeline_send(struct pl_store *store, enum pl_sql sql, const struct pl_param *params,
		     struct pl_error *err);
/* Ends a batch of statements: the server works on them. */
int pl_pipeline_end_batch(struct pl_store *store, struct pl_error *err);
/* Writes. 1 when there is more to write, once the connection takes it; 0; -1. */
int pl_pipeline_flush(struct pl_store *store, struct pl_error *err);
/* Reads what is there. -1 when the connection is lost. */
int pl_pipeline_read(struct pl_store *store, struct pl_error *err);
/* The answer to the statement that was sent first, which is sql. 1 rows, to be stepped and
 * then reset; 2 the statement failed; 0 not there yet. */
int pl_pipeline_answer(struct pl_store *store, enum pl_sql sql, struct pl_stmt **rows_r,
		       struct pl_error *err);
/* Whether the row of PL_SQL_SCHEMA_VERSION fits to this program: 0, or -1. */
int pl_store_version_fits(struct pl_stmt *rows, struct pl_error *err);

#endif
