/* member_row.h - what other parts of the library need of member.c. */
#ifndef POSTLATCH_MEMBER_ROW_H
#define POSTLATCH_MEMBER_ROW_H

#include "policy/account/member.h"

/* Adds the account's member where the database does not know it, and fills its id. */
int pl_member_ensure(const struct pl_work *work, struct pl_account *account);
/* Writes what may change of a member that the database knows: active, class, settings. */
int pl_member_write(struct pl_store *store, const struct pl_member *member, struct pl_error *err);
/* Reads PL_SQL_MEMBER_COLUMNS of a row into a member that has its domain's name. 0 or -1. */
int pl_member_read(struct pl_stmt *stmt, struct pl_member *member_r, struct pl_error *err);
/* Makes the change, which may be NULL, in memory. */
void pl_member_apply(const struct pl_change *change, struct pl_member *member);
/* "pop3=on class=" and "pop3=off class=staff": what differs. Both have PL_AUDIT_TEXT bytes. */
void pl_member_describe(const struct pl_member *before, const struct pl_member *after, char *was,
			char *is);

#endif
