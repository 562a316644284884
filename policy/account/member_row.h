/* member_row.h - what other parts of the library need of member.c. */
#ifndef POSTLATCH_MEMBER_ROW_H
#define POSTLATCH_MEMBER_ROW_H

#include "policy/account/member.h"

/* The member's id; a member that the database has never heard of is added. */
int pl_member_ensure(const struct pl_work *work, const struct pl_address *address, int64_t *id_r);
/* Writes what may change of a member that the database knows: active, class, settings. */
int pl_member_write(struct pl_store *store, const struct pl_member *member, struct pl_error *err);

#endif
