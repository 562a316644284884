/* statement_rows.h - the rows of the table of statements: what each asks, and who may. */
#ifndef POSTLATCH_TESTS_STATEMENT_ROWS_H
#define POSTLATCH_TESTS_STATEMENT_ROWS_H

#include "policy/store/store.h"

static const struct {
	const char *name, *sql;
	unsigned int roles;
} statements[] = {
#define L PL_ROLE_LOGIN
#define U PL_ROLE_USE
#define M PL_ROLE_MILTER
#define P PL_ROLE_PORTAL
#define A PL_ROLE_CONSOLE
#define S PL_ROLE_SENDER
#define C PL_ROLE_COMMAND
#define PL_SQL(id, roles, sql) { #id, sql, roles },
#include "policy/store/statements.def"
#undef PL_SQL
#undef L
#undef U
#undef M
#undef P
#undef A
#undef S
#undef C
};

#endif
