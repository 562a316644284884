/* statement_text.c - see statement_text.h. */
#include "policy/store/statement_text.h"

#include <stdio.h>
#include <string.h>

#define CLOCK "{CLOCK}"
#define RETURNING " RETURNING id"

static void leave_out_returning(const struct pl_backend *backend, char *sql)
{
	const size_t len = strlen(sql), end = strlen(RETURNING);

	if (backend->last_id != NULL && len > end && strcmp(sql + len - end, RETURNING) == 0)
		sql[len - end] = '\0';
}

int pl_statement_text(const struct pl_backend *backend, const char *sql, char *text, size_t size,
		      struct pl_sql_names *names_r)
{
	char numbered[PL_SQL_TEXT_MAX];
	const char *clock;

	if (pl_sql_text(sql, backend->param_mark, numbered, sizeof(numbered), names_r) < 0)
		return -1;
	leave_out_returning(backend, numbered);
	clock = strstr(numbered, CLOCK);
	if (clock == NULL)
		snprintf(text, size, "%s", numbered);
	else
		snprintf(text, size, "%.*s%s%s", (int)(clock - numbered), numbered, backend->clock,
			 clock + strlen(CLOCK));
	return 0;
}
