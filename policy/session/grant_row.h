/* grant_row.h - the rows of oauth_grant, for grant.c and token.c.
 *
 * A row is made with the code, keeps its digest, and carries the tokens that
 * came of it: to delete it is to revoke them all.
 */
#ifndef POSTLATCH_GRANT_ROW_H
#define POSTLATCH_GRANT_ROW_H

#include "policy/session/grant.h"

/* A grant with the session that it hangs on. */
struct pl_grant_row {
	struct pl_grant grant;
	struct pl_address address;
	int64_t session_expires_at;
};

/* Reads PL_SQL_GRANT_COLUMNS. */
void pl_grant_read(struct pl_stmt *stmt, struct pl_grant_row *row_r);
/* The one row of a statement that is bound: 1, 0, or -1. */
int pl_grant_read_one(struct pl_stmt *stmt, struct pl_grant_row *row_r, struct pl_error *err);
/* The grant while its session is good: 1, 0, or -1. */
int pl_grant_get_live(const struct pl_work *work, int64_t id, struct pl_grant_row *row_r);
/* With its tokens, and the session that was opened for it. */
int pl_grant_delete(struct pl_store *store, int64_t id, struct pl_error *err);
/* Writes an audit record about the session's member. */
int pl_grant_record(const struct pl_work *work, const char *action, const struct pl_grant_row *row);

#endif
