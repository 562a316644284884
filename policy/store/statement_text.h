/* statement_text.h - the text of a statement of statements.def, as a backend takes it; private to
 * the store. */
#ifndef POSTLATCH_STATEMENT_TEXT_H
#define POSTLATCH_STATEMENT_TEXT_H

#include "policy/store/backend.h"

#define PL_STATEMENT_TEXT (PL_SQL_TEXT_MAX + 128) /* room for what statements are written to */

/* Writes sql with numbered parameters, the clock of the backend, and without RETURNING where the
 * backend tells the new id by itself. names_r point into sql. 0; -1 when it is too long. */
int pl_statement_text(const struct pl_backend *backend, const char *sql, char *text, size_t size,
		      struct pl_sql_names *names_r);

#endif
