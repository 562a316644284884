/* administrator_row.h - what api_key.c needs of administrator.c. */
#ifndef POSTLATCH_ADMINISTRATOR_ROW_H
#define POSTLATCH_ADMINISTRATOR_ROW_H

#include "policy/admin/administrator.h"

/* Writes a row with the role, and the domains. member_id 0: a program. domains_r, of
 * PL_AUDIT_TEXT, has their names for a record. */
int pl_administrator_write(const struct pl_work *work, int64_t member_id, enum pl_admin_role role,
			   const char *const *domains, int64_t *id_r, char *domains_r);
/* Reads PL_SQL_ADMINISTRATOR_COLUMNS. */
void pl_administrator_read(struct pl_stmt *stmt, struct pl_administrator *administrator_r);

#endif
